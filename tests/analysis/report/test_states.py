"""What single units follow, and which words are alike, compared with direct computations."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from glassgate.analysis.report import Report, gather
from glassgate.analysis.report.followers import choose_units, explained_share
from glassgate.analysis.report.page import report_page
from glassgate.analysis.report.page import states as page_states
from glassgate.analysis.report.sample import draw_sample
from glassgate.analysis.report.similarity import measure_similarity
from glassgate.analysis.report.steps import Steps, record, sample_steps
from glassgate.inside import Memory
from glassgate.inside.trace import trace
from glassgate.train import load
from tests.analysis.report.test_numbers import LINES, no_bar, untrained
from tests.pages.page_parts import parse


@pytest.mark.parametrize("network", ["gru", "lstm", "srn", "feedforward"])
def test_steps_are_those_of_each_text_read_alone(trained: Path, network: str):
    loaded = untrained(
        load(trained / "lines"), network, layers=1 if network == "feedforward" else 2
    )
    texts = [LINES[0], "the boy", LINES[1] + " zyzzyx"]
    steps = record(loaded, texts)
    assert steps.tokens[:2] == ("the", "boy")
    assert steps.tokens[-1] == "<unk>"
    assert steps.ends.tolist() == [6, 8, 16]
    assert steps.places.tolist() == [*range(7), 0, 1, *range(8)]
    first = 0
    for text, end in zip(texts, steps.ends, strict=True):
        ids = [loaded.vocabulary.bos, *loaded.vocabulary.encode(text)]
        embedded = loaded.model.embedding(torch.tensor(ids)[:, None]).detach()
        output = loaded.model.network(embedded)[0][1:, 0].detach().numpy()
        np.testing.assert_allclose(steps.hidden[first : end + 1], output, atol=1e-6)
        if network != "feedforward":
            for layer, found in zip(
                trace(loaded.model.network, embedded), steps.layers, strict=True
            ):
                held = np.tanh(layer.cell) if network == "lstm" else layer.hidden
                np.testing.assert_allclose(found[first : end + 1], held[1:, 0], atol=1e-6)
        first = end + 1


def test_steps_stop_when_there_are_enough(trained: Path, monkeypatch):
    monkeypatch.setattr("glassgate.analysis.report.steps.MAX_STEPS", 20)
    loaded = load(trained / "lines")
    sample = draw_sample(loaded, (trained / "corpus.txt").read_text(), seed=0)
    assert sample_steps(loaded, sample).ends.tolist() == [7, 15, 23]


def test_the_explained_share_is_that_of_an_analysis_of_variance():
    rng = np.random.default_rng(0)
    labels = rng.integers(4, size=200)
    states = np.column_stack(
        [labels, rng.normal(size=200), labels + rng.normal(size=200), labels * 0]
    )
    found = explained_share(states, labels)
    indicator = (labels[:, None] == np.arange(4)).astype(float)
    residual = states - indicator @ np.linalg.lstsq(indicator, states, rcond=None)[0]
    with np.errstate(invalid="ignore"):
        adjusted = 1 - residual.var(0, ddof=4) / states.var(0, ddof=1)
    np.testing.assert_allclose(found[:3], adjusted[:3].clip(0), atol=1e-12)
    assert found[0] == pytest.approx(1)
    assert found[1] < 0.05
    assert found[3] == 0
    assert explained_share(states[:4], np.arange(4)).tolist() == [0] * 4


def random_text(tokens: str, end: str, N: int) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Random tokens, a number for each, and its place after the last end (-1: not known)."""
    rng = np.random.default_rng(0)
    text = [tokens[i] for i in rng.integers(len(tokens), size=N)]
    places, place = [], -1
    for token in text:
        places.append(place)
        place = 0 if token == end else min(place + 1, 20) if place >= 0 else -1
    codes = np.array([tokens.index(token) for token in text])
    return text, codes / len(tokens), np.array(places) / 20


def test_units_are_chosen_for_what_they_follow():
    text, code, place = random_text("abcdefg.", ".", N := 400)
    noise = np.random.default_rng(1).normal(size=(N, 2))
    first = np.column_stack([noise[:, 0], 4 * place, np.full(N, 0.9)])
    second = np.column_stack([np.append(-1, code[:-1]), code, noise[:, 1]])
    steps = Steps(tuple(text), np.arange(N), (first, second), second)
    spans = [np.array([2.0, 1.0, 99.0]), np.arange(3.0) / 2]
    memories = [Memory(np.zeros(3), span) for span in spans]
    units = list(choose_units(steps, memories, "words", whole=False))
    assert [(one.follows, one.layer, one.unit) for one in units] == [
        ("memory", 0, 0),  # unit 2 of layer 0 never changes
        ("token", 1, 1),
        ("previous", 1, 0),
        ("place", 0, 1),
    ]
    assert [one.amount for one in units] == pytest.approx([2, 1, 1, 1])
    assert [one.follows for one in choose_units(steps, [], "words", whole=False)] == [
        "token", "previous", "place",
    ]  # fmt: skip


def test_the_place_in_a_passage_is_known_after_the_first_end():
    text, code, _ = random_text("abc \n", " ", N := 300)
    place = np.array([token in " \n" for token in ["x", *text[:-1]]])  # the first of a word
    known = np.cumsum(place) > 0
    unit = np.where(known, place, np.random.default_rng(2).normal(size=N) * 9)
    unit[:9], text[:9] = unit[:9] + 5, ["a"] * 9
    states = np.column_stack([code, np.append(-1, code[:-1]), unit])
    steps = Steps(tuple(text), np.arange(N), (states,), states)
    found = {
        whole: [one for one in choose_units(steps, [], "characters", whole=whole) if one.unit == 2]
        for whole in (False, True)
    }
    assert found[False][0].follows == "place"
    assert found[False][0].amount > 0.99
    assert all(one.amount < 0.9 for one in found[True])


@pytest.fixture(scope="module")
def reports(trained: Path) -> dict[str, Report]:
    text = trained / "corpus.txt"
    return {
        name: gather(trained / name, text, [], 0, no_bar) for name in ("lines", "letters", "deep")
    }


@pytest.mark.parametrize("model", ["lines", "letters", "deep"])
def test_coloured_texts_hold_the_states(trained: Path, reports, model):
    loaded, coloured = load(trained / model), reports[model].coloured
    assert coloured.units
    assert len({(one.layer, one.unit) for one in coloured.units}) == len(coloured.units)
    for line, words in enumerate(coloured.texts):
        separator = "" if model == "letters" else " "
        ids = [loaded.vocabulary.bos, *loaded.vocabulary.encode(separator.join(words))]
        embedded = loaded.model.embedding(torch.tensor(ids)[:, None]).detach()
        traced = trace(loaded.model.network, embedded)
        for one, values in zip(coloured.units, coloured.values, strict=True):
            wanted = traced[one.layer].hidden[1:, 0, one.unit]
            np.testing.assert_allclose(values[line], wanted, atol=1e-6)


@pytest.mark.parametrize("model", ["lines", "letters", "deep"])
def test_coloured_pages_show_and_offer_the_states(reports, model):
    report = reports[model]
    exhibits = page_states.followers_section(report).exhibits
    for exhibit, values in zip(exhibits, report.coloured.values, strict=True):
        rows = list(exhibit.numbers.rows)
        assert [row[3] for row in rows] == np.concatenate(values).tolist()
        assert [row[2] for row in rows] == [word for text in report.coloured.texts for word in text]
        shown = [word for line in exhibit.body.lines for word in line]
        assert [word.value for word in shown] == [row[3] for row in rows]
        assert exhibit.body.separator == ("" if model == "letters" else " ")
        assert ("layer" in exhibit.title) == (model == "deep")
    page = parse(report_page(report, {}))
    first = page.all("div", class_="coloured")[0]
    separator = "" if model == "letters" else " "
    shown = separator.join(report.coloured.texts[0])
    assert " ".join(shown.split()) == " ".join(
        separator.join("".join(span.texts) for span in first.all("p")[0].all("span")).split()
    )


def test_similar_words_are_those_with_similar_mean_states(trained: Path, reports):
    loaded, report = load(trained / "lines"), reports["lines"]
    similarity = report.similarity
    assert similarity is not None
    steps = sample_steps(loaded, report.sample)
    for word, mean in zip(similarity.means.labels, similarity.means.means, strict=True):
        chosen = [
            state for state, token in zip(steps.hidden, steps.tokens, strict=True) if token == word
        ]
        np.testing.assert_allclose(mean, np.mean(chosen, axis=0), atol=1e-6)
    assert set(similarity.means.labels) == set(steps.tokens)
    assert similarity.groups.max() + 1 == len(similarity.means.labels) // 2
    assert similarity.predicted == ()
    scores = similarity.components.scores
    assert len(similarity.contexts) == len(scores) == len(steps.tokens)
    centred = steps.hidden - steps.hidden.mean(0)
    np.testing.assert_allclose(scores, centred @ similarity.components.directions.T, atol=1e-5)
    assert similarity.contexts[7] == steps.tokens[2:8]
    members = similarity.members(int(similarity.groups[similarity.means.labels.index("the")]))
    assert "the" in members
    tree, points = page_states.similarity_section(report).exhibits
    assert len(list(tree.numbers.rows)) == len(similarity.means.labels) - 1
    assert sum(len(drawn.x) for drawn in points.body.data) == len(scores)
    for row, score in zip(points.numbers.rows, scores, strict=True):
        assert list(row[3:]) == score.tolist()
    colours = {drawn.name: drawn.line.color for drawn in tree.body.data if drawn.x}
    for drawn in points.body.data:  # a group has the same colour in both
        assert colours.get(drawn.name, drawn.marker.color) == drawn.marker.color


def test_a_classifier_is_shown_at_the_end_of_texts(trained: Path):
    loaded = load(trained / "sentiment")
    text = "a good book no 1\na bad book no 2\n" * 9
    sample = draw_sample(loaded, text, seed=0)
    similarity = measure_similarity(loaded, sample_steps(loaded, sample), 0)
    assert similarity is not None
    assert len(similarity.contexts) == 18
    for context, name in zip(similarity.contexts, similarity.predicted, strict=True):
        assert name == ("positive" if "good" in context else "negative")


def test_more_classes_than_colours_share_one(trained: Path):
    loaded = load(trained / "sentiment")
    sample = draw_sample(loaded, "a good book\na bad book\n" * 9, seed=0)
    similarity = measure_similarity(loaded, sample_steps(loaded, sample), 0)
    report = gather(trained / "sentiment", trained / "corpus.txt", [], 0, no_bar)
    names = tuple(f"class {i % 9}" for i in range(18))
    many = replace(report, similarity=replace(similarity, predicted=names))
    _, points = page_states.similarity_section(many).exhibits
    (drawn,) = points.body.data
    assert drawn.name == "any class"


def test_too_few_words_have_no_tree(trained: Path):
    loaded = load(trained / "lines")
    sample = draw_sample(loaded, "the boy fell\n" * 9, seed=0)
    assert measure_similarity(loaded, sample_steps(loaded, sample), 0) is None
