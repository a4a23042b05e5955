"""What the verdict experiment reads: gates by part and position, and the units that carry."""

import numpy as np
import pytest
import torch

from glassgate.experiments.verdict.gates import (
    OFFSETS,
    class_correlation,
    find_carriers,
    part_means,
    position_means,
    show,
)
from glassgate.experiments.verdict.reading import Reading, classify, read_gates
from glassgate.experiments.verdict.reviews import Design, Review, write_reviews
from glassgate.experiments.verdict.texts import class_ids
from tests.experiments.verdict.verdict_cases import (
    FIRST,
    LAST,
    MIXED,
    TRAIN,
    Steps,
    random_network,
)

CARRIERS = {"units": [1, 3], "correlation": [0, 1, 0, 1], "alone": [0.5, 0.6, 0.5, 0.9]}


def reading(review: Review, random: np.random.Generator) -> Reading:
    T = len(review.words)
    return Reading(review, random.random((T, 4)), random.random((T, 4)), random.random(4))


@pytest.mark.parametrize("design", [MIXED, FIRST, LAST], ids=["mixed", "first", "last"])
def test_the_means_are_those_of_the_words_of_each_part(design: Design):
    random = np.random.default_rng(0)
    readings = [reading(review, random) for review in write_reviews(TRAIN, 36, 3, design, (0, 1))]
    rows = part_means(readings, CARRIERS)
    for row in rows:
        kept, reset = [], []
        for one in readings:
            r = one.review
            for t in range(len(r.words)) if r.place == row["place"] else ():
                part = "plot before" if t < r.begin else "verdict" if t < r.end else "plot after"
                if ("other verdicts" if t in r.distracting else part) == row["part"]:
                    kept.append(one.kept[t])
                    reset.append(one.reset[t])
        assert row["n"] == len(kept)
        np.testing.assert_allclose(row["kept_units"], np.mean(kept, axis=0))
        np.testing.assert_allclose(row["reset_units"], np.mean(reset, axis=0))
        assert row["kept"] == pytest.approx(np.mean(kept))
        assert row["reset_carriers"] == pytest.approx(np.mean(reset, axis=0)[[1, 3]].mean())
    assert {(row["place"], row["part"]) for row in rows} == {
        MIXED: {
            *[("first", part) for part in ("verdict", "plot after")],
            *[("middle", part) for part in ("plot before", "verdict", "plot after")],
            *[("last", part) for part in ("plot before", "verdict")],
        },
        FIRST: {("first", part) for part in ("verdict", "plot after", "other verdicts")},
        LAST: {("last", part) for part in ("plot before", "verdict", "other verdicts")},
    }[design]


def test_positions_are_counted_from_the_verdicts_first_word():
    random = np.random.default_rng(1)
    readings = [reading(review, random) for review in write_reviews(TRAIN, 36, 3, LAST, (0, 1))]
    rows = position_means(readings, CARRIERS)
    assert [row["offset"] for row in rows] == list(range(OFFSETS[0], 1))
    (first,) = (row for row in rows if row["offset"] == 0)
    gates = np.array([one.kept[one.review.begin] for one in readings])
    assert first["n"] == 36
    assert first["kept"] == pytest.approx(gates.mean())
    assert first["kept_carriers"] == pytest.approx(gates[:, [1, 3]].mean())
    assert first["kept_best"] == pytest.approx(gates[:, 3].mean())


def test_the_correlation_with_the_class_is_pearsons_and_0_for_a_still_unit():
    random = np.random.default_rng(1)
    states, classes = random.random((40, 4)), random.integers(0, 2, 40)
    states[:, 3] = 0.25
    expected = [np.corrcoef(states[:, unit], classes)[0, 1] for unit in range(3)]
    np.testing.assert_allclose(class_correlation(states, classes), [*expected, 0.0], atol=1e-12)


def test_carriers_are_chosen_on_validation_reviews_and_measured_on_the_test():
    model, texts = random_network(LAST, 0)
    with torch.no_grad():
        model.readout.weight[:] = torch.tensor([[0.0] * 6, [1.0, 1.0, 1.0, -1.0, 1.0, 1.0]])
    random = np.random.default_rng(2)

    def readings(reviews, informative):
        made = []
        for review, own in zip(reviews, class_ids(reviews), strict=True):
            last = random.normal(0, 1e-3, 6)
            last[informative] += own
            last[3] -= 2 * own  # the readout counts it negatively
            made.append(Reading(review, np.zeros((1, 6)), np.zeros((1, 6)), last))
        return made

    valid, test = readings(texts.valid, 5), readings(texts.test, 2)
    carriers = find_carriers(model, valid, test)
    assert carriers["units"] == [3, 5]
    assert carriers["alone"][3] == carriers["best_alone"] == carriers["group"] == 1.0
    assert carriers["alone"][5] < 0.8  # it told the class of the validation reviews alone
    assert carriers["correlation"][3] < -0.99


@pytest.mark.parametrize("design", [MIXED, FIRST], ids=["mixed", "first"])
def test_gates_are_those_of_each_review_read_alone(design: Design):
    model, texts = random_network(design, 3)
    steps = Steps(model)
    readings = read_gates(model, texts, texts.test)
    for one, own in zip(readings[:5], classify(model, texts, texts.test), strict=False):
        state = torch.zeros(6)
        for t, token in enumerate(texts.ids(one.review.words)):
            reset, kept, state = steps.step(token, state)
            np.testing.assert_allclose(one.kept[t], kept, atol=1e-5)
            np.testing.assert_allclose(one.reset[t], reset, atol=1e-5)
        np.testing.assert_allclose(one.last, state, atol=1e-5)
        assert int(model.readout(state).argmax()) == own


def test_a_review_is_shown_with_the_probability_of_its_class():
    model, texts = random_network(Design("last", "negated", True), 1)
    assert texts.document is not None
    (one,) = read_gates(model, texts, [texts.document])
    correlation = [0.1, -0.9, 0.3, 0, 0, 0.5]
    shown = show(model, texts, one, {**CARRIERS, "correlation": correlation})
    assert shown["order"] == [1, 5, 2, 0, 3, 4]
    assert tuple(shown["words"][shown["begin"] : shown["end"]])[:3] == ("i", "didn't", "quite")
    np.testing.assert_allclose(shown["kept"], one.kept, atol=5e-5)
    last = torch.from_numpy(one.last)
    expected = model.readout(last).softmax(-1)[0].detach()  # negative is the first class
    assert shown["probability"] == pytest.approx(float(expected), abs=1e-5)
