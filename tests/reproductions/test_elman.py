"""`glassgate reproduce elman`: its sequences, its errors, its tree, and the whole command."""

import json
import re

import numpy as np
import pytest
import torch

from glassgate.experiments.finished import Finished
from glassgate.experiments.runner import Runner
from glassgate.inside.clusters import MeanStates
from glassgate.pages.content import TreePicture
from glassgate.reproductions.elman import experiment, lexicon
from glassgate.reproductions.elman.page import page, tables
from glassgate.reproductions.elman.predictor import BitPredictor, bit_batches, bit_errors
from glassgate.reproductions.elman.sequences import (
    LETTER_BITS,
    LEXICON,
    SYLLABLES,
    Stream,
    sentences,
    syllables,
    xor_bits,
)
from glassgate.reproductions.elman.summary import differences
from glassgate.train.backends import LOKY, Workers
from tests.experiments.test_workers import without_times

TINY = experiment.Plan(
    problems=tuple(
        problem._replace(size=60, passes=2, hidden_size=2) for problem in experiment.PROBLEMS
    ),
    sentences=300,
    passes=1,
    hidden_size=4,
)


# Sequences ----------------------------------------------------------------------------------------


def test_each_third_bit_is_the_xor_of_the_two_before():
    found = xor_bits(50, np.random.default_rng(0))
    bits = found.vectors[:, 0].reshape(50, 3)
    assert (bits[:, 2] == (bits[:, 0] != bits[:, 1])).all()
    assert {tuple(each[:2]) for each in bits.tolist()} == {(0, 0), (0, 1), (1, 0), (1, 1)}
    assert found.places.tolist() == [0, 1, 2] * 50


def test_syllables_are_whole_and_letters_are_their_features():
    found = syllables(40, np.random.default_rng(0))
    assert re.fullmatch("(ba|dii|guuu){40}", found.text)
    assert all(
        letter in "bdg" for letter, at in zip(found.text, found.places, strict=True) if at == 0
    )
    assert found.vectors.tolist() == [list(LETTER_BITS[letter]) for letter in found.text]
    assert len(set(LETTER_BITS.values())) == len(LETTER_BITS) == 6
    assert [len(syllable) for syllable in SYLLABLES.values()] == [2, 3, 4]


def test_sentences_are_words_without_spaces_and_each_letter_has_its_own_vector():
    found = sentences(30, np.random.default_rng(0), np.random.default_rng(1))
    assert re.fullmatch(f"({'|'.join(LEXICON)})+", found.text)
    assert len(LEXICON) == len(set(LEXICON)) == 15
    vectors = {}
    for letter, vector in zip(found.text, found.vectors.tolist(), strict=True):
        assert vectors.setdefault(letter, vector) == vector
    assert len({tuple(vector) for vector in vectors.values()}) == len(vectors)
    assert 30 * 4 <= (found.places == 0).sum() <= 30 * 9


def test_columns_continue_from_stretch_to_stretch_and_targets_come_next():
    vectors = np.arange(21, dtype=np.float32)[:, None]
    first, second = bit_batches(vectors, columns=2, steps=6)
    assert first.inputs[:, 1, 0].tolist() == [10, 11, 12, 13, 14, 15]
    assert second.inputs[:, 1, 0].tolist() == [16, 17, 18, 19]
    assert second.targets[:, 0, 1].tolist() == [17, 18, 19, 20]
    assert (first.carries, second.carries) == (False, True)


def test_errors_are_those_of_the_next_vector():
    model = BitPredictor("srn", 2, 3)
    with torch.no_grad():
        model.readout.weight.zero_()
        model.readout.bias[:] = torch.tensor([0.0, -100.0])  # a half, and 0
    stream = Stream(np.array([[9, 9], [1, 0], [0, 1]], np.float32), np.arange(3), "abc")
    assert bit_errors(model, stream).tolist() == [[0.25, 0.0], [0.25, 1.0]]


def test_the_statements_compare_the_errors_that_they_name():
    run = {"errors": [0.5, 0.3, 0.1], "bits": [0.1, 0, 0, 0.4, 0, 0]}
    assert differences(run) == pytest.approx((0.3, 0.3, 0.3, 0.3))


# Words --------------------------------------------------------------------------------------------


def test_the_grammar_has_the_words_and_templates_of_the_paper():
    grammar = lexicon.load_grammar()
    assert len(grammar.words) == 29
    lengths = {len(sentence) for sentence in grammar.sample(500, 0)}
    assert lengths == {2, 3}
    classes = [grammar.word_class(word) for word in grammar.words]
    assert {name: classes.count(name) for name in set(classes)} == {
        "animate": 10,
        "inanimate": 8,
        "verb": 11,
    }


def test_by_hand_where_a_sentence_may_have_ended_both_readings_count():
    """Of "boy move" two of sixteen templates each: one ends, the other goes on with a thing."""
    grammar = lexicon.load_grammar()
    place = {word: number for number, word in enumerate(grammar.words)}
    rows = lexicon.next_distributions(grammar, ["boy", "move", "rock", "move"])
    np.testing.assert_allclose(rows.sum(1), 1)
    assert rows[0, place["eat"]] == pytest.approx(1 / 7)  # of seven templates of humans
    # "rock": an object with 1/2 * 1/3, the subject of a new sentence with 1/2 * 1/16 * 1/3
    assert rows[1, place["rock"]] == pytest.approx(1 / 6 + 1 / 96)
    new = (1 / 96) / (1 / 6 + 1 / 96)  # how probable it is that "rock" began a sentence
    assert rows[2, place["move"]] == pytest.approx(new / 2)
    assert rows[3, place["move"]] == pytest.approx(0)  # "rock move" is a whole sentence


def test_likelihoods_are_compared_by_cosine_and_error():
    same = np.array([[0.5, 0.5], [1.0, 0.0]])
    assert lexicon.closeness(same, same) == pytest.approx((1, 0))
    other = np.array([[0.5, 0.5], [0.0, 1.0]])
    assert lexicon.closeness(other, same) == pytest.approx((0.5, 0.5**0.5))


def test_purity_is_the_share_of_words_on_the_side_of_their_class():
    labels = ("boy", "dog", "eat", "rock", "see")
    states = np.array([[0.0], [0.1], [9.0], [0.3], [9.2]])
    means = MeanStates(labels, states, np.ones(5, np.int64))
    classes = {"boy": "noun", "dog": "noun", "rock": "noun", "eat": "verb", "see": "verb"}
    assert lexicon.split_purity(means, classes) == 1
    assert lexicon.split_purity(means, {**classes, "rock": "verb"}) == pytest.approx(4 / 5)
    nouns = {"boy": "animate", "dog": "animate", "rock": "inanimate"}
    assert lexicon.split_purity(means, nouns) == 1  # the other words are left out


# End to end ---------------------------------------------------------------------------------------


def test_a_quick_plan_keeps_the_sentences_that_were_asked_for():
    assert experiment.quick(experiment.Plan()).sentences < experiment.Plan.sentences
    assert experiment.quick(experiment.Plan(sentences=700)).sentences == 700


def test_kept_pieces_give_the_numbers_of_an_unbroken_run(tmp_path):
    unbroken = experiment.run(TINY, (3, 4))
    runner = Runner(Workers(1, LOKY, 1), finished=Finished(tmp_path, {}))
    experiment.run(TINY, (3, 4), runner)
    for path in sorted((tmp_path / "pieces").glob("*seed*"))[::2]:
        path.unlink()
    resumed = experiment.run(TINY, (3, 4), runner)
    assert json.dumps(without_times(resumed)) == json.dumps(without_times(unbroken))


def test_the_command_writes_what_it_prints(glassgate_, monkeypatch, tmp_path):
    monkeypatch.setattr(experiment, "Plan", lambda **_: TINY)
    monkeypatch.setenv("COLUMNS", "400")
    said = glassgate_("reproduce", "elman", "--seeds", 2)
    assert said.code == 0, said.err
    results = json.loads((tmp_path / "elman" / "results.json").read_text())
    assert (tmp_path / "elman" / "elman.png").read_bytes().startswith(b"\x89PNG")
    content = page(results)
    trees = next(
        section.body for section in content.sections if section.heading.startswith("Which words")
    )
    assert all(isinstance(picture, TreePicture) for picture in trees.values())
    assert list(trees) == ["SRN, copied context", "SRN, through time", "GRU"]
    assert "300 sentences, not 10,000" in (tmp_path / "elman" / "report.html").read_text()
    assert tables(results)[1].rows[0][0] in said.out
    assert len(results["comparisons"]) == 4 * 3 + 3 * 3
