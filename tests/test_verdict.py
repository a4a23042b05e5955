import json
from collections import Counter
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from glassgate.errors import BadInput
from glassgate.experiments import verdict as experiment
from glassgate.experiments.content import Chart
from glassgate.experiments.verdict_gates import Reading, class_correlation, measure, unit_means
from glassgate.experiments.verdict_page import page
from glassgate.experiments.verdict_text import (
    PLACES,
    VERDICT_FRAMES,
    VERDICTS,
    Review,
    all_sentences,
    split_sentences,
    write_reviews,
)
from page_parts import downloads, parse

TINY = experiment.Plan(
    sentences=2,
    train_reviews=72,
    valid_reviews=18,
    test_reviews=108,
    settings=replace(experiment.SETTINGS, hidden_size=6, embedding_size=5, epochs=1),
)


# The texts ----------------------------------------------------------------------------------------


def test_there_are_thousands_of_sentences_and_no_two_are_alike():
    every = all_sentences()
    verdicts = [words for kind in every.verdicts.values() for words in kind]
    assert len(set(verdicts)) == len(verdicts) == 9216
    assert len(set(every.plot)) == len(every.plot) == 2880
    assert not set(verdicts) & set(every.plot)
    assert {len(kind) for kind in every.verdicts.values()} == {2304}


@given(st.integers(0, 2**32))
@settings(max_examples=8, deadline=None)
def test_train_and_test_share_no_sentence_but_all_words(seed: int):
    train, test = split_sentences(seed)
    for kind in train.verdicts:
        assert not set(train.verdicts[kind]) & set(test.verdicts[kind])
    assert not set(train.plot) & set(test.plot)
    known = {w for pool in (train.plot, *train.verdicts.values()) for s in pool for w in s}
    assert known >= {w for pool in (test.plot, *test.verdicts.values()) for s in pool for w in s}


@given(st.integers(0, 2**32), st.integers(2, 9))
@settings(max_examples=10, deadline=None)
def test_reviews_are_balanced_and_their_spans_hold_the_verdict(seed: int, sentences: int):
    pool = split_sentences(seed)[0]
    reviews = write_reviews(pool, 36, sentences, (seed, 1))
    kinds = Counter((r.place, r.verdict, r.negated) for r in reviews)
    assert kinds == {
        (place, verdict, negated): 2 if negated else 4
        for place, verdict, negated in product(PLACES, VERDICTS, (False, True))
    }
    for review in reviews:
        assert (
            review.words[review.begin : review.end] in pool.verdicts[review.verdict, review.negated]
        )
        rest = review.words[: review.begin] + review.words[review.end :]
        assert rest.count(".") == sentences
        assert (review.begin == 0) == (review.place == "start")
        assert (review.distance == 0) == (review.place == "end")
    assert reviews == write_reviews(pool, 36, sentences, (seed, 1))
    assert reviews != write_reviews(pool, 36, sentences, (seed, 2))


def test_no_word_of_a_verdict_belongs_to_one_class():
    said = all_sentences().verdicts
    words = [
        {w for negated in (False, True) for s in said[verdict, negated] for w in s}
        for verdict in VERDICTS
    ]
    assert words[0] == words[1]


def test_negation_turns_the_class_round():
    said = all_sentences().verdicts
    like = "i {} {} the book because of the way it ends ."
    for how, what, verdict, negated in (
        ("really", "like", "positive", False),
        ("don't quite", "like", "negative", True),
        ("really", "resent", "negative", False),
        ("don't quite", "resent", "positive", True),
    ):
        assert tuple(like.format(how, what).split()) in said[verdict, negated]
    for _, (plain, negated_, praise, blame) in VERDICT_FRAMES:
        assert len(plain) == len(negated_)
        assert len(praise) == len(blame)


@pytest.mark.parametrize("sentences", [1, 10_000])
def test_a_number_of_sentences_that_cannot_be_written_is_refused(sentences: int):
    with pytest.raises(BadInput, match="sentences must be from 2 to"):
        write_reviews(split_sentences(0)[0], 6, sentences, (0, 1))


# The measures -------------------------------------------------------------------------------------


def reading(review: Review, random: np.random.Generator) -> Reading:
    T = len(review.words)
    return Reading(review, random.random((T, 4)), random.random((T, 4)), random.random(4))


def test_the_means_are_those_of_the_words_of_each_part():
    random = np.random.default_rng(0)
    reviews = write_reviews(split_sentences(0)[0], 36, 3, (0, 1))
    read = [reading(review, random) for review in reviews]
    measured = measure(read)
    for row in measured["by_place"]:
        kept, reset, carried = [], [], []
        for one in read:
            r = one.review
            part = {
                "plot before": range(r.begin),
                "verdict": range(r.begin, r.end),
                "plot after": range(r.end, len(r.words)),
            }[row["part"]]
            for t in part if r.place == row["place"] else ():
                kept.append(one.kept[t])
                reset.append(one.reset[t])
                carried.append(one.kept[t][measured["carrying_units"]])
        assert row["n"] == len(kept)
        assert row["kept"] == pytest.approx(np.mean(kept))
        assert row["reset"] == pytest.approx(np.mean(reset))
        assert row["kept_carrying"] == pytest.approx(np.mean(carried))
    combinations = {(row["place"], row["part"]) for row in measured["by_place"]}
    assert len(combinations) == 7
    assert not combinations & {("start", "plot before"), ("end", "plot after")}
    first = next(r for r in measured["around"] if (r["place"], r["offset"]) == ("middle", 0))
    at = [one.kept[one.review.begin] for one in read if one.review.place == "middle"]
    assert first["n"] == len(at) == 12
    assert first["kept"] == pytest.approx(np.mean(at))


def test_a_whole_review_is_the_first_of_its_place():
    random = np.random.default_rng(4)
    read = [reading(r, random) for r in write_reviews(split_sentences(0)[0], 36, 3, (0, 1))]
    measured = measure(read)
    late, early = measured["reviews"]
    for whole, place in ((late, "end"), (early, "start")):
        one = next(one for one in read if one.review.place == place)
        assert whole["place"] == place
        assert tuple(whole["words"]) == one.review.words
        assert (whole["begin"], whole["end"]) == (one.review.begin, one.review.end)
        np.testing.assert_allclose(whole["kept"], one.kept, atol=5e-5)
        np.testing.assert_allclose(whole["reset"], one.reset, atol=5e-5)
        carrying = set(whole["order"][: len(measured["carrying_units"])])
        assert carrying == set(measured["carrying_units"])
        for row in whole["by_part"]:
            words = one.part(row["part"])
            assert row["n"] == words.stop - words.start
            assert row["reset"] == pytest.approx(one.reset[words].mean())
            assert row["kept_carrying"] == pytest.approx(one.kept[words][:, list(carrying)].mean())
    assert [row["part"] for row in late["by_part"]] == ["plot before", "verdict"]
    assert [row["part"] for row in early["by_part"]] == ["verdict", "plot after"]


def test_the_correlation_with_the_class_is_pearsons_and_0_for_a_still_unit():
    random = np.random.default_rng(1)
    read = [reading(r, random) for r in write_reviews(split_sentences(0)[0], 36, 2, (0, 1))]
    for one in read:
        one.last[3] = 0.25
    states = np.array([one.last for one in read])
    classes = [VERDICTS.index(one.review.verdict) for one in read]
    expected = [np.corrcoef(states[:, unit], classes)[0, 1] for unit in range(3)]
    np.testing.assert_allclose(class_correlation(read), [*expected, 0.0], atol=1e-12)


def test_an_interval_is_wilsons():
    found = experiment.proportion(np.array([True] * 9 + [False]))
    assert found["n"] == 10
    assert found["accuracy"] == 0.9
    assert (found["low"], found["high"]) == pytest.approx((0.5958, 0.9821), abs=1e-4)


def test_gates_are_those_of_each_review_read_alone():
    texts = experiment.make_texts(TINY, 3)
    tiny = replace(TINY.settings, seed=3)
    model, _ = experiment.train(texts, tiny, [])
    read = experiment.read_gates(model, texts, texts.test)
    weights = {name: value.detach() for name, value in model.network.named_parameters()}
    wi, wh = weights["weight_ih_l0"], weights["weight_hh_l0"]
    bi, bh = weights["bias_ih_l0"], weights["bias_hh_l0"]
    for one in read[:5]:
        (ids,), _ = texts.encode([one.review])
        state = torch.zeros(6)
        for t, token in enumerate(ids):
            of_input = wi @ model.embedding.weight.detach()[token] + bi
            of_hidden = wh @ state + bh
            reset, update = torch.sigmoid(of_input[:12] + of_hidden[:12]).split(6)
            state = update * state + (1 - update) * torch.tanh(
                of_input[12:] + reset * of_hidden[12:]
            )
            np.testing.assert_allclose(one.kept[t], update, atol=1e-5)
            np.testing.assert_allclose(one.reset[t], reset, atol=1e-5)
        np.testing.assert_allclose(one.last, state, atol=1e-5)
    means = unit_means(read, ["verdict"])
    assert means is not None
    assert means[2] == sum(r.end - r.begin for r in texts.test)


# End to end ---------------------------------------------------------------------------------------


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(experiment, "Plan", lambda sentences: replace(TINY, sentences=sentences))


def test_the_command_writes_what_it_prints(glassgate_, tiny, tmp_path):
    threads = torch.get_num_threads()
    said = glassgate_("experiment", "verdict", "--sentences", 3, "--seed", 2, "--output", "out")
    assert said.code == 0, said.err
    assert torch.get_num_threads() == threads
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert (
        "What the document says, and what was measured"
        in (tmp_path / "out" / "report.html").read_text()
    )
    assert (tmp_path / "out" / "verdict.png").read_bytes().startswith(b"\x89PNG")
    assert results["command"] == (
        "glassgate experiment verdict --sentences 3 --seed 2 --output out"
    )
    assert results["seed"] == 2
    assert {"glassgate", "python", "torch", "numpy"} <= set(results["versions"])
    assert results["plan"]["sentences"] == 3
    assert results["plan"]["training"]["hidden_size"] == 6
    assert [network["name"] for network in results["networks"]] == ["srn", "gru"]
    for network in results["networks"]:
        for group in ("by_place", "by_distance", "by_negation"):
            rows = network[group]
            assert sum(row["n"] for row in rows) == 108
            right = sum(row["n"] * row["accuracy"] for row in rows) / 108
            assert right == pytest.approx(network["accuracy"]["accuracy"])
        assert f"{network['by_place'][0]['accuracy']:.1%}" in said.out
    assert len(results["gates"]["by_place"]) == 7
    assert len(results["gates"]["units"]) == 6
    assert len(results["statements"]) == 7
    content = page(results)
    assert any(isinstance(section.body, Chart) for section in content.sections)
    assert content.facts["seed"] == "2"
    html = parse((tmp_path / "out" / "report.html").read_text())
    for review in results["gates"]["reviews"]:
        where = {"end": "at the end", "start": "at the start"}[review["place"]]
        (shown,) = [
            s for s in html.all("section") if s.one("h2").text == f"One review, its verdict {where}"
        ]
        assert f"{review['by_part'][0]['reset']:.3f}" in shown.text
        (reset, kept) = downloads(shown).values()
        assert len(reset) == len(kept) == len(review["words"]) * 6
        for row in kept:
            step, unit = int(row["step"]), int(row["unit"])
            assert row["word"] == review["words"][step]
            assert float(row["kept"]) == review["kept"][step][unit]


def test_results_are_not_overwritten_unasked(glassgate_, tiny, tmp_path):
    (tmp_path / "verdict").mkdir()
    results = tmp_path / "verdict" / "results.json"
    results.write_text("mine")
    said = glassgate_("experiment", "verdict")
    assert said.code == 2
    assert "results.json" in said.err
    assert results.read_text() == "mine"
    assert glassgate_("experiment", "verdict", "--overwrite").code == 0
    assert json.loads(results.read_text())["experiment"] == "verdict"


def test_a_file_for_a_folder_is_refused(glassgate_, tiny, tmp_path):
    (tmp_path / "taken").write_text("")
    said = glassgate_("experiment", "verdict", "--output", "taken")
    assert said.code == 2
    assert "taken is not a folder" in said.err


def test_a_run_depends_on_its_seed_alone():
    def numbers(seed: int) -> str:
        results = experiment.run(TINY, seed, "")
        for network in results["networks"]:
            del network["train_seconds"], network["tokens_per_second"]
        return json.dumps(results)

    assert numbers(5) == numbers(5)
    assert numbers(5) != numbers(6)
