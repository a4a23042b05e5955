"""What the verdict experiment measures."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from glassgate.experiments.verdict import experiment
from glassgate.experiments.verdict.gates import (
    Reading,
    class_correlation,
    measure_gates,
    unit_means,
)
from glassgate.experiments.verdict.holds import HOLDS, correct_by_hold
from glassgate.experiments.verdict.reading import correct_mask, read_gates
from glassgate.experiments.verdict.reviews import (
    VERDICTS,
    Review,
    document_reviews,
    write_reviews,
)
from glassgate.experiments.verdict.summary import share
from glassgate.experiments.verdict.texts import make_texts
from tests.experiments.verdict.verdict_cases import EVERY, TINY, TRAIN


def reading(review: Review, random: np.random.Generator) -> Reading:
    T = len(review.words)
    return Reading(review, random.random((T, 4)), random.random((T, 4)), random.random(4))


def test_the_means_are_those_of_the_words_of_each_part():
    random = np.random.default_rng(0)
    reviews = write_reviews(TRAIN, 36, 3, (0, 1))
    read = [reading(review, random) for review in reviews]
    measured, _ = measure_gates(read, [])
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
        assert row["kept_high"] == pytest.approx((np.array(kept) > 0.9).mean())
        assert row["reset_low"] == pytest.approx((np.array(reset) < 0.1).mean())
    combinations = {(row["place"], row["part"]) for row in measured["by_place"]}
    assert len(combinations) == 7
    assert not combinations & {("start", "plot before"), ("end", "plot after")}
    first = next(r for r in measured["around"] if (r["place"], r["offset"]) == ("middle", 0))
    at = [one.kept[one.review.begin] for one in read if one.review.place == "middle"]
    assert first["n"] == len(at) == 12
    assert first["kept"] == pytest.approx(np.mean(at))


def test_documents_are_given_word_by_word_and_count_for_nothing_else():
    random = np.random.default_rng(4)
    read = [reading(r, random) for r in write_reviews(TRAIN, 36, 3, (0, 1))]
    documents = [reading(r, random) for r in document_reviews(TRAIN, 3, (0, 4))]
    measured, wholes = measure_gates(read, documents)
    assert (measured, []) == measure_gates(read, [])
    for whole, one in zip(wholes, documents, strict=True):
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
    late, early = wholes
    assert [row["part"] for row in late["by_part"]] == ["plot before", "verdict"]
    assert [row["part"] for row in early["by_part"]] == ["verdict", "plot after"]


def test_the_correlation_with_the_class_is_pearsons_and_0_for_a_still_unit():
    random = np.random.default_rng(1)
    read = [reading(r, random) for r in write_reviews(TRAIN, 36, 2, (0, 1))]
    for one in read:
        one.last[3] = 0.25
    states = np.array([one.last for one in read])
    classes = [VERDICTS.index(one.review.verdict) for one in read]
    expected = [np.corrcoef(states[:, unit], classes)[0, 1] for unit in range(3)]
    np.testing.assert_allclose(class_correlation(read), [*expected, 0.0], atol=1e-12)


def test_an_interval_is_wilsons():
    found = share(np.array([True] * 9 + [False]))
    assert found["n"] == 10
    assert found["accuracy"] == 0.9
    assert (found["low"], found["high"]) == pytest.approx((0.5958, 0.9821), abs=1e-4)


def test_gates_are_those_of_each_review_read_alone():
    texts = make_texts(TINY, EVERY, 3)
    tiny = replace(TINY.settings, seed=3)
    model, _ = experiment.train(texts, tiny, [])
    read = read_gates(model, texts, texts.test)
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


def test_held_gates_do_what_the_equations_say_from_the_word_after_the_verdict_on():
    texts = make_texts(TINY, EVERY, 1)
    model, _ = experiment.train(texts, replace(TINY.settings, seed=1), [])
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for weight in model.parameters():
            weight.normal_()  # so that reviews, and holds, are told apart
        model.readout.bias.zero_()
    early = [review for review in texts.test if review.place == "start"]
    found = correct_by_hold(model, texts.ids, early)
    in_order = sorted(early, key=lambda review: review.end)
    free = correct_mask(model, texts, in_order)
    np.testing.assert_array_equal(found["nothing"], free)
    weights = {name: value.detach() for name, value in model.network.named_parameters()}
    wi, wh = weights["weight_ih_l0"], weights["weight_hh_l0"]
    bi, bh = weights["bias_ih_l0"], weights["bias_hh_l0"]
    wanted: dict[str, list[bool]] = {name: [] for name in HOLDS}
    for name, hold in HOLDS.items():
        for review in in_order:
            state = torch.zeros(6)
            for t, token in enumerate(texts.ids(review)):
                of_input = wi @ model.embedding.weight.detach()[token] + bi
                of_hidden = wh @ state + bh
                reset, kept = torch.sigmoid(of_input[:12] + of_hidden[:12]).split(6)
                if t >= review.end:
                    reset = reset if hold.reset is None else torch.tensor(hold.reset)
                    kept = kept if hold.kept is None else torch.tensor(hold.kept)
                new = torch.tanh(of_input[12:] + reset * of_hidden[12:])
                state = kept * state + (1 - kept) * new
            told = int(model.readout(state).argmax())
            wanted[name].append(told == VERDICTS.index(review.verdict))
        np.testing.assert_array_equal(found[name], wanted[name])
    assert len({tuple(right) for right in wanted.values()}) > 2  # holds make a difference
