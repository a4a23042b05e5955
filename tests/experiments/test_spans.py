"""`glassgate experiment spans`: which units are held, what it costs, what is said of it."""

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from glassgate.analysis import agreement
from glassgate.analysis.agreement import drop_repeated_cues, pool_cells
from glassgate.analysis.language import language_task
from glassgate.analysis.units import UnitMeans
from glassgate.experiments.finished import load_from_json
from glassgate.experiments.spans import experiment
from glassgate.experiments.spans.answers import answers
from glassgate.experiments.spans.holds import (
    GROUPS,
    ORDER_STEPS,
    ORDERS,
    RANDOM_GROUPS,
    WAYS,
    Hold,
    group_size,
    groups,
    hold_units,
    memory_from_means,
    orders,
    singles,
)
from glassgate.experiments.spans.page import page, tables
from glassgate.experiments.spans.summary import statements
from glassgate.inside.memory import Memory
from glassgate.train.watch import Watcher
from tests.experiments.experiment_cases import assert_only_pieces

pytestmark = pytest.mark.usefixtures("few_items")

TINY = experiment.Plan(
    train=60,
    held_out=20,
    traced=10,
    settings=replace(experiment.SETTINGS, hidden_size=6, embedding_size=5, epochs=1),
)


# Which units --------------------------------------------------------------------------------------


def some_memory(H: int, seed: int) -> Memory:
    kept = np.random.default_rng(seed).random(H)
    return memory_from_means(UnitMeans(kept, kept, kept))


@given(st.integers(5, 70), st.integers(0, 2**32))
def test_groups_are_fifths_by_span(H: int, seed: int):
    memory, size = some_memory(H, seed), group_size(H)
    found = groups(memory, np.random.default_rng(seed))
    assert len(found) == len(WAYS) * (3 + RANDOM_GROUPS)
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
        assert len(own["random"]) == RANDOM_GROUPS
        assert all(len(set(units)) == size for units in own["random"])


def test_orders_hold_more_and_more_up_to_all():
    memory = some_memory(16, 0)
    found = orders(memory, np.random.default_rng(0))
    by_span = np.argsort(-memory.span).tolist()
    for way in WAYS:
        for name in ORDERS:
            own = [hold.units for hold in found if (hold.way, hold.name) == (way, name)]
            assert [len(units) for units in own] == [2 * step for step in range(ORDER_STEPS + 1)]
            assert all(set(a) < set(b) for a, b in pairwise(own))
            if name == "longest first":
                assert list(own[-1]) == by_span
            if name == "shortest first":
                assert list(own[-1]) == by_span[::-1]
    assert TINY.holds == 2 * (3 + RANDOM_GROUPS) + 6 * (ORDER_STEPS + 1) + 2 * 6
    assert [hold.units for hold in singles(3)] == [(0,), (1,), (2,)] * 2


@pytest.mark.parametrize("way", WAYS)
def test_held_units_do_what_is_said_of_them(way, language):
    model = language_task(language, TINY.settings).model.eval()
    network, units = model.network, (1, 4)
    means = UnitMeans(*np.random.default_rng(0).uniform(-0.5, 0.5, (3, 6)))
    tokens = torch.tensor(language.context(language.train[0]))[:, None]
    with torch.no_grad():
        input = model.embedding(tokens)
        with hold_units(model, Hold(way, "alone", units), means):
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
        (log_q,) = agreement.log2_probabilities(model, [language.context(words)])
        found = agreement.kl_divergence(truth, log_q)
        for word, bits in zip(["<bos>", *words], found, strict=True):
            every.append(bits)
            if word == "the":
                after.append(bits)
    found = experiment.divergence(model, language)
    assert found["kl_bits"] == pytest.approx(np.mean(every), rel=1e-5)
    assert found["kl_after_word"] == pytest.approx(np.mean(after), rel=1e-5)
    assert 0 < len(after) < len(every) / 2


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
    assert json.loads(json.dumps(statements(results["runs"]))) == results["statements"]
    assert len(results["claims"]) == 6
    for table in tables(results):
        assert table.rows[0][-1] in said.out
    assert all(answer in page(results).sections[0].explanation for answer in answers(results))
    assert "4 and 5" in text
    assert "The cost of holding one unit" in text


class Counter(Watcher):
    """Keeps what it hears of measurements."""

    def __init__(self) -> None:
        self.counted: list[tuple[int, int]] = []

    def on_evaluation(self, done: int, batches: int) -> None:
        self.counted.append((done, batches))


def test_a_network_is_afterwards_as_it_was(language):
    settings = replace(TINY.settings, seed=7)
    trained = experiment.train(language, settings, [])
    model, clean = language_task(language, settings).model, drop_repeated_cues(language)
    load_from_json(model, trained["weights"])
    before = {name: value.clone() for name, value in model.state_dict().items()}
    counter = Counter()
    measurement = experiment._Measurement(TINY, model, language, [counter])
    run = measurement.run(7, trained["seconds"])
    assert counter.counted == [(done, TINY.holds) for done in range(1, TINY.holds + 1)]
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert run == experiment.measure(TINY, trained, language, 7, [])
    assert run["intact"]["by_distance"] == pool_cells(agreement.agreement(model, clean))


def test_ctrl_c_while_units_are_held_leaves_what_is_finished(
    glassgate_, tiny, tmp_path, monkeypatch
):
    def stopped(model, language):
        raise KeyboardInterrupt

    monkeypatch.setattr(experiment, "divergence", stopped)
    said = glassgate_("experiment", "spans", "--seeds", 2)
    assert said.code == 130
    assert_only_pieces(tmp_path / "spans", 2)


def test_a_run_depends_on_its_seeds_alone():
    def numbers(*seeds: int) -> str:
        results = experiment.run(TINY, seeds)
        for run in results["runs"]:
            del run["train_seconds"]
        return json.dumps(results)

    assert numbers(5, 6) == numbers(5, 6)
    assert numbers(5, 6) != numbers(5, 7)
