"""`glassgate experiment spans`: which units are held, what it costs, what is said of it."""

import json
from dataclasses import replace
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from glassgate.data.dependency import dependency_items
from glassgate.data.grammar import Grammar
from glassgate.experiments import prediction
from glassgate.experiments import spans as experiment
from glassgate.experiments.distances import pooled, unrepeated
from glassgate.experiments.intervals import t_interval
from glassgate.experiments.language import Language, language_task, sample_language
from glassgate.experiments.spans_groups import (
    DRAWS,
    GROUPS,
    ORDERS,
    STEPS,
    WAYS,
    Hold,
    group_size,
    groups,
    held,
    memory_of,
    orders,
    singles,
)
from glassgate.experiments.spans_numbers import (
    FAR,
    NEAR,
    costs,
    costs_alone,
    rank_correlation,
    rises,
    statements,
)
from glassgate.experiments.spans_page import answers, page, tables
from glassgate.experiments.unit_means import UnitMeans
from glassgate.inside.memory import Memory

TINY = experiment.Plan(
    train=60,
    held_out=20,
    traced=10,
    settings=replace(experiment.SETTINGS, hidden_size=6, embedding_size=5, epochs=1),
)


@pytest.fixture(scope="module", autouse=True)
def few_items():
    """Look through few sentences for forced choices."""
    few = partial(dependency_items, twins=4, sentences=1500)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("glassgate.experiments.language.dependency_items", few)
        yield


@pytest.fixture(scope="module")
def language(few_items) -> Language:
    return sample_language(Grammar.load(), seed=3, train=TINY.train, held_out=TINY.held_out)


# Which units --------------------------------------------------------------------------------------


def some_memory(H: int, seed: int) -> Memory:
    kept = np.random.default_rng(seed).random(H)
    return memory_of(UnitMeans(kept, kept, kept))


@given(st.integers(5, 70), st.integers(0, 2**32))
def test_groups_are_fifths_by_span(H: int, seed: int):
    memory, size = some_memory(H, seed), group_size(H)
    found = groups(memory, np.random.default_rng(seed))
    assert len(found) == len(WAYS) * (3 + DRAWS)
    for way in WAYS:
        own = {name: [h.units for h in found if (h.way, h.name) == (way, name)] for name in GROUPS}
        (longest,), (middle,), (shortest,) = (own[name] for name in GROUPS[:3])
        assert {len(units) for every in own.values() for units in every} == {size}
        rest = sorted(set(range(H)) - set(longest))
        assert min(memory.span[list(longest)]) >= max(memory.span[rest])
        assert max(memory.span[list(shortest)]) <= min(
            memory.span[sorted(set(range(H)) - set(shortest))]
        )
        longer = sum(memory.span > max(memory.span[list(middle)]))
        shorter = sum(memory.span < min(memory.span[list(middle)]))
        assert abs(longer - shorter) <= 1
        assert len(own["random"]) == DRAWS
        assert all(len(set(units)) == size for units in own["random"])


def test_orders_hold_more_and_more_up_to_all():
    memory = some_memory(16, 0)
    found = orders(memory, np.random.default_rng(0))
    by_span = np.argsort(-memory.span).tolist()
    for way in WAYS:
        for name in ORDERS:
            own = [hold.units for hold in found if (hold.way, hold.name) == (way, name)]
            assert [len(units) for units in own] == [2 * step for step in range(STEPS + 1)]
            assert all(set(a) < set(b) for a, b in pairwise(own))
            if name == "longest first":
                assert list(own[-1]) == by_span
            if name == "shortest first":
                assert list(own[-1]) == by_span[::-1]
    assert TINY.holds == 2 * (3 + DRAWS) + 6 * (STEPS + 1) + 2 * 6
    assert [hold.units for hold in singles(3)] == [(0,), (1,), (2,)] * 2


@pytest.mark.parametrize("way", WAYS)
def test_held_units_do_what_is_said_of_them(way, language):
    model = language_task(language, TINY.settings).model.eval()
    network, units = model.network, (1, 4)
    means = UnitMeans(*np.random.default_rng(0).uniform(-0.5, 0.5, (3, 6)))
    tokens = torch.tensor(language.context(language.train[0]))[:, None]
    with torch.no_grad():
        input = model.embedding(tokens)
        with held(model, Hold(way, "alone", units), means):
            states = network(input)[0][:, 0]
        before = torch.cat([torch.zeros(1, 6), states[:-1]])
        of_input = input[:, 0] @ network.weight_ih_l0.T + network.bias_ih_l0
        of_hidden = before @ network.weight_hh_l0.T + network.bias_hh_l0
        reset, kept = (torch.sigmoid(of_input + of_hidden)[:, i * 6 : i * 6 + 6] for i in range(2))
        candidate = torch.tanh(of_input[:, 12:] + reset * of_hidden[:, 12:])
        wanted = kept * before + (1 - kept) * candidate
        for unit in units:
            wanted[:, unit] = candidate[:, unit] if way == "forgets" else means.hidden[unit]
    torch.testing.assert_close(states, wanted, rtol=0, atol=1e-6)


def test_the_divergence_after_a_word_is_that_of_a_loop_over_places(language):
    model = language_task(language, TINY.settings).model.eval()
    every, after = [], []
    for words, truth in zip(language.held_out, language.truth, strict=True):
        (log_q,) = prediction.log2_probabilities(model, [language.context(words)])
        found = prediction.kl_divergence(truth, log_q)
        for word, bits in zip(["<bos>", *words], found, strict=True):
            every.append(bits)
            if word == "the":
                after.append(bits)
    found = experiment.divergence(model, language)
    assert found["kl_bits"] == pytest.approx(np.mean(every), rel=1e-5)
    assert found["kl_after_word"] == pytest.approx(np.mean(after), rel=1e-5)
    assert 0 < len(after) < len(every) / 2


# Numbers ------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=3, max_size=30))
def test_rank_correlation_is_scipys_and_0_where_one_side_is_all_equal(pairs):
    x, y = zip(*pairs, strict=True)
    if len(set(x)) == 1 or len(set(y)) == 1:
        assert rank_correlation(x, y) == 0
    else:
        assert rank_correlation(x, y) == pytest.approx(spearmanr(x, y).statistic)


def invented(shares: dict[str, list[list[float]]], alone: list[float]) -> dict:
    """Results of as many seeds as the lists are long; shares are near and far, of 100 items.

    A group's divergence after the word rises by its share of the far.
    """

    def rows(near: float, far: float) -> list[dict]:
        cell = {"construction": "verb", "cue_repeated": False, "n": 100}
        bounds = ((0, 0, 1.0), (1, 2, near), (10, None, far))
        return pooled(
            {**cell, "distance_min": a, "distance_max": b, "accuracy": c} for a, b, c in bounds
        )

    runs = []
    for i in range(len(shares["longest"])):
        group = [
            {
                "way": way,
                "name": name,
                "units": [unit],
                "by_distance": rows(*shares[name][i]),
                "kl_bits": 0.5,
                "kl_after_word": 0.1 + shares[name][i][1],
            }
            for way in WAYS
            for unit, name in enumerate([*GROUPS, "random"])
        ]
        far = [
            {"way": w, "units": [u], "far": rows(1, s)[-1]}
            for w in WAYS
            for u, s in enumerate(alone)
        ]
        runs.append(
            {
                "seed": i,
                "span": [9.0, 4.0, 2.0, 1.0, 0.5],
                "intact": {"by_distance": rows(1, 1), "kl_bits": 0.1, "kl_after_word": 0.1},
                "groups": group,
                "orders": [],
                "alone": far,
            }
        )
    results = {"runs": runs, "word": "the", "plan": {"training": {"hidden_size": 5}}}
    return results | {"statements": statements(results)}


SHARES = {
    "longest": [[0.9, 0.5], [0.91, 0.52], [0.92, 0.5]],
    "middle": [[1.0, 0.95], [1.0, 0.96], [1.0, 0.95]],
    "shortest": [[1.0, 0.98], [1.0, 1.0], [1.0, 0.97]],
    "random": [[0.98, 0.85], [0.97, 0.86], [0.98, 0.87]],
}


def test_costs_and_rises_are_differences_from_the_network_as_it_is():
    results = invented(SHARES, [0.7, 0.9, 1.0, 1.0, 0.99])
    assert costs(results, "forgets", "longest", FAR) == pytest.approx([0.5, 0.48, 0.5])
    assert costs(results, "silent", "longest", NEAR) == pytest.approx([0.1, 0.09, 0.08])
    assert rises(results, "silent", "random", "kl_after_word") == pytest.approx([0.85, 0.86, 0.87])
    assert rises(results, "silent", "random", "kl_bits") == pytest.approx([0.4] * 3)
    run = results["runs"][0]
    assert costs_alone(run, "silent") == pytest.approx([0.3, 0.1, 0, 0, 0.01])


def test_statements_compare_seed_by_seed():
    results = invented(SHARES, [0.7, 0.9, 1.0, 1.0, 0.99])
    said = {(s["way"], s["compared"]): s for s in results["statements"]}
    far = said["forgets", "far: longest, random"]
    assert (far["first"], far["other"]) == pytest.approx((0.49333, 0.14), abs=1e-4)
    assert (far["low"], far["high"]) == pytest.approx(t_interval([0.35, 0.34, 0.37]))
    assert far["verdict"] == "more"
    assert said["silent", "longest: far, near"]["mean"] == pytest.approx(0.40333, abs=1e-4)
    assert said["silent", "after the word: shortest, longest"]["verdict"] == "more"
    expected = spearmanr([9, 4, 2, 1, 0.5], [0.3, 0.1, 0, 0, 0.01]).statistic
    assert said["silent", "alone: correlation with span, none"]["mean"] == pytest.approx(expected)


def test_answers_follow_the_numbers():
    first, near, *_, after, alone, _ = answers(invented(SHARES, [0.7, 0.9, 1.0, 1.0, 0.99]))
    assert first == (
        "When the 1 units of the longest span forget at every word, 0.507 of the choices over 10+ "
        "words are won, where the whole network wins 1.000; it is 0.860 with as many units at "
        "random, and 0.983 with those of the shortest span: the long units stand out."
    )
    assert near == (
        "Their forgetting costs 0.493 over 10+ words and 0.090 over 1-2 words: more for far words "
        "than for near ones."
    )
    assert "the shortest fifth costs 0.9833 bits, more than that of the longest (0.5067)" in after
    assert "matters most costs 0.300 over 10+ words" in alone
    turned = SHARES | {"longest": SHARES["shortest"], "shortest": SHARES["longest"]}
    first, near, *_, after, _, _ = answers(invented(turned, [1, 1, 1, 1, 1]))
    assert first.endswith("the long units do not stand out, as far as these seeds can tell.")
    assert near == (
        "Their forgetting costs 0.017 over 10+ words and 0.000 over 1-2 words: no more and no "
        "less, as far as these seeds can tell, for far words than for near ones."
    )
    assert "0.5067 bits, less than that of the longest (0.9833)" in after


# End to end ---------------------------------------------------------------------------------------


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(experiment, "Plan", lambda: TINY)


def test_the_command_writes_what_it_prints(glassgate_, tiny, tmp_path):
    said = glassgate_("experiment", "spans", "--seed", 4, "--seeds", 2, "--output", "out")
    assert said.code == 0, said.err
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert (tmp_path / "out" / "spans.png").read_bytes().startswith(b"\x89PNG")
    text = (tmp_path / "out" / "report.html").read_text()
    assert results["command"] == "glassgate experiment spans --seed 4 --seeds 2 --output out"
    assert results["seeds"] == [4, 5]
    assert {"glassgate", "python", "torch", "numpy"} <= set(results["versions"])
    for run in results["runs"]:
        assert len(run["span"]) == len(run["kept"]) == 6
        assert len(run["groups"]) + len(run["orders"]) + len(run["alone"]) == TINY.holds
        none = [one["far"] for one in run["orders"] if not one["units"]]
        assert all(far == run["intact"]["by_distance"][-1] for far in none)
    assert json.loads(json.dumps(statements(results))) == results["statements"]
    for table in tables(results):
        assert table.rows[0][-1] in said.out
    assert all(answer in page(results).sections[0].explanation for answer in answers(results))
    assert page(results).facts["seeds"] == "4 and 5"
    assert "What one unit costs" in text


def test_a_network_is_afterwards_as_it_was(language):
    trained = experiment.train(TINY, {7: language, 8: language})
    model, clean = trained[7].model, unrepeated(language)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    counted: list[int] = []
    results = experiment.measure(TINY, trained, "", counted.append)
    assert counted == list(range(1, 2 * TINY.holds + 1))
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    whole = pooled(prediction.agreement(model, clean))
    assert results["runs"][0]["intact"]["by_distance"] == whole


def test_results_are_not_overwritten_unasked(glassgate_, tiny, tmp_path):
    (tmp_path / "spans").mkdir()
    results = tmp_path / "spans" / "results.json"
    results.write_text("mine")
    said = glassgate_("experiment", "spans")
    assert said.code == 2
    assert "results.json exists already" in said.err
    assert results.read_text() == "mine"


def test_ctrl_c_while_units_are_held_leaves_nothing(glassgate_, tiny, tmp_path, monkeypatch):
    def stopped(model, language):
        raise KeyboardInterrupt

    monkeypatch.setattr(experiment, "divergence", stopped)
    said = glassgate_("experiment", "spans", "--seeds", 2)
    assert said.code == 130
    assert not (tmp_path / "spans").exists()


def test_a_run_depends_on_its_seeds_alone(language):
    def numbers(*seeds: int) -> str:
        trained = experiment.train(TINY, dict.fromkeys(seeds, language))
        results = experiment.measure(TINY, trained, "", lambda _: None)
        for run in results["runs"]:
            del run["train_seconds"]
        return json.dumps(results)

    assert numbers(5, 6) == numbers(5, 6)
    assert numbers(5, 6) != numbers(5, 7)
