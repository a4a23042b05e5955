"""`glassgate reproduce mnist1d`: the published data and networks, comparisons, and the command."""

import json
import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from glassgate.errors import BadInput
from glassgate.experiments.finished import Finished
from glassgate.experiments.runner import Runner
from glassgate.formulation import Formulation
from glassgate.nn import GRU
from glassgate.reproductions.mnist1d import experiment, timing
from glassgate.reproductions.mnist1d.networks import NETWORKS, SignalCNN, SignalGRU, make_network
from glassgate.reproductions.mnist1d.page import charts, page, tables
from glassgate.reproductions.mnist1d.signals import ORDERS, Signals, make_signals
from glassgate.reproductions.mnist1d.summary import comparisons
from glassgate.train.backends import LOKY, Workers
from tests.conftest import Run

TINY = experiment.Plan(steps=250, batch_size=20, rounds=2)


def few_signals() -> Signals:
    """Make 50 signals that tell their class by their height, 20 of them to test."""
    draw = np.random.default_rng(0)
    digits = draw.integers(0, 10, 50)
    signals = (digits[:, None] / 5 - 1 + 0.1 * draw.normal(size=(50, 40))).astype(np.float32)
    return Signals(signals[:30], digits[:30], signals[30:], digits[30:])


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> experiment.Plan:
    """Make few signals, and evaluate after 5 of 10 steps."""
    monkeypatch.setattr(experiment, "make_signals", few_signals)
    monkeypatch.setattr(experiment, "STRETCH", 5)
    return replace(TINY, steps=10)


# Data and networks --------------------------------------------------------------------------------


def test_the_data_are_the_published_ones_and_leave_random_states_alone():
    before = np.random.get_state()[1].tolist(), random.getstate()  # noqa: NPY002 - theirs
    signals = make_signals()
    assert (np.random.get_state()[1].tolist(), random.getstate()) == before  # noqa: NPY002
    assert signals.train.shape == (4000, 40)
    assert signals.test.shape == (1000, 40)
    everything = np.concatenate([signals.train, signals.test])
    assert (everything.mean(), everything.std()) == pytest.approx((0, 1), abs=1e-5)
    counts = np.bincount(np.concatenate([signals.train_digits, signals.test_digits]))
    assert counts.tolist() == [500] * 10


def test_shuffling_moves_the_positions_of_all_signals_alike():
    signals = few_signals()
    shuffled = signals.shuffle()
    order = [int(np.flatnonzero(signals.train[0] == value)[0]) for value in shuffled.train[0]]
    assert order != sorted(order)
    np.testing.assert_array_equal(shuffled.train, signals.train[:, order])
    np.testing.assert_array_equal(shuffled.test, signals.test[:, order])
    np.testing.assert_array_equal(shuffled.test_digits, signals.test_digits)


@pytest.mark.parametrize(("name", "parameters"), [("gru", 5134), ("cnn", 5210)])
def test_the_networks_have_the_published_number_of_parameters(name, parameters):
    network = make_network(NETWORKS[name], 0)
    assert sum(weight.numel() for weight in network.parameters()) == parameters
    assert network(torch.zeros(40, 3, 1)).shape == (3, 10)


def test_the_gru_reads_the_outputs_of_all_positions():
    network = make_network(SignalGRU, 0)
    input = torch.randn(40, 2, 1)
    output, _ = network.network(input)  # (T, B, 12)
    by_hand = torch.stack([network.readout(output[:, b].reshape(-1)) for b in range(2)])
    torch.testing.assert_close(network(input), by_hand)


def test_signals_in_a_batch_do_not_mix():
    network, input = make_network(SignalCNN, 0), torch.randn(40, 3, 1)
    alone = torch.cat([network(input[:, [b]]) for b in range(3)])
    torch.testing.assert_close(network(input), alone)


def test_batches_go_around_the_signals_in_their_order(tiny):
    task = experiment.SignalTask(nn.Identity(), few_signals(), tiny)
    seen = [batch.targets.tolist() for epoch in (1, 2) for batch in task.batches(epoch)]
    digits = few_signals().train_digits.tolist()
    assert seen[:3] == [digits[:20], digits[20:30], digits[10:30]]  # 0, 20 and 40 - 30 on
    assert len(seen) == tiny.steps
    assert seen[3:6] == seen[:3]


def test_the_learning_rate_stays_and_no_gradient_is_cut(tiny, monkeypatch):
    rates = []
    step = torch.optim.AdamW.step
    monkeypatch.setattr(
        torch.optim.AdamW,
        "step",
        lambda self, *a: (rates.append(self.param_groups[0]["lr"]), step(self, *a))[1],
    )
    found = experiment.train("cnn", "in order", 0, few_signals(), tiny, [])
    assert rates == [0.01] * 10
    assert len(found["accuracy"]) == len(found["train_loss"]) == 2
    by_hand = make_network(SignalCNN, 0)
    optimizer = torch.optim.Adam(by_hand.parameters(), 0.01)
    for batch in experiment.SignalTask(by_hand, few_signals(), tiny).batches(1):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(by_hand(batch.inputs), batch.targets)
        loss.backward()
        optimizer.step()
    test = torch.from_numpy(few_signals().test).T[..., None]
    right = by_hand(test).argmax(-1).numpy() == few_signals().test_digits
    assert found["accuracy"][0] == pytest.approx(right.mean())


# Times --------------------------------------------------------------------------------------------


def test_two_grus_that_differ_are_not_timed(monkeypatch):
    other = lambda *sizes, **options: GRU(  # noqa: E731
        *sizes, **options, formulation=Formulation(reset="none")
    )
    monkeypatch.setattr(timing, "GRU", other)
    with pytest.raises(RuntimeError, match="must agree within 1e-05 before they are timed, got a"):
        timing.time_steps(few_signals(), 20, 2, [])


def test_all_take_a_turn_in_each_round(monkeypatch):
    monkeypatch.setattr("glassgate.speed.timing.MIN_TURN", 1e-4)
    times = timing.time_steps(few_signals(), 20, 3, [])
    assert list(times["seconds"]) == ["torch.nn.GRU", "glassgate.nn.GRU", "CNN"]
    assert all(len(seconds) == 3 and min(seconds) > 0 for seconds in times["seconds"].values())
    assert times["largest_difference"] < 1e-6


# Comparisons --------------------------------------------------------------------------------------


def accuracies(**curves: list[float]) -> list[dict[str, object]]:
    """Make runs of two seeds that hardly differ; names are those of network and order."""
    return [
        {"network": name[:3], "order": order, "accuracy": [a + e for a in curves[name]]}
        for order in ORDERS
        for name in (f"gru_{order.split()[0]}", f"cnn_{order.split()[0]}")
        for e in (0.0, 0.001)
    ]


TIMES = {
    "rounds": 2,
    "threads": 1,
    "seconds": {"torch.nn.GRU": [22.0, 36.0], "glassgate.nn.GRU": [3.0, 5.0], "CNN": [2.0, 3.0]},
}


def test_outcomes_follow_from_accuracies_and_times():
    runs = accuracies(
        gru_in=[0.2, 0.91, 0.85], cnn_in=[0.94], gru_shuffled=[0.57], cnn_shuffled=[0.7]
    )
    times = {**TIMES, "seconds": {**TIMES["seconds"], "torch.nn.GRU": [22.0, 33.0]}}
    whole = {row["id"]: row for row in comparisons(runs, times, 6000)}
    assert whole["gru-in-order-best-table"]["outcome"] == "reproduced"
    assert whole["gru-in-order-best-table"]["measured"] == pytest.approx(91.05)
    assert whole["gru-in-order-last-log"]["measured"] == pytest.approx(85.05)
    assert whole["gru-in-order-last-log"]["outcome"] == "not reproduced"
    assert whole["gru-shuffled-best-table"]["outcome"] == "reproduced"
    assert whole["gru-shuffled-last-log"]["outcome"] == "not reproduced"
    assert whole["cnn-shuffled-best-table"]["outcome"] == "not reproduced"
    assert whole["walltime-torch.nn.GRU"]["outcome"] == "reproduced"
    assert whole["walltime-torch.nn.GRU"]["measured"] == pytest.approx(11)
    assert whole["walltime-glassgate.nn.GRU"]["outcome"] == "other conditions"
    few = {row["id"]: row for row in comparisons(runs, TIMES, 250)}
    assert few["gru-in-order-last-log"]["outcome"] == "other conditions"
    assert few["gru-in-order-last-log"]["different"] == ["250 training steps instead of 6,000"]
    assert few["walltime-torch.nn.GRU"]["outcome"] == "undecided"  # 11 and 12, two rounds


# The command --------------------------------------------------------------------------------------


def test_steps_that_are_no_multiple_are_refused(glassgate_: Run, tmp_path):
    with pytest.raises(BadInput, match="steps must be a multiple of 250, got 300"):
        experiment.Plan(steps=300)
    said = glassgate_("reproduce", "mnist1d", "--steps", 300)
    assert (said.code, said.out) == (2, "")
    assert "steps must be a multiple of 250, got 300" in said.err
    assert not (tmp_path / "mnist1d").exists()


def test_the_command_writes_what_it_prints(glassgate_: Run, tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(experiment, "Plan", lambda **_: tiny)
    said = glassgate_("reproduce", "mnist1d", "--seed", 4, "--seeds", 2, "--workers", 1)
    assert said.code == 0, said.err
    results = json.loads((tmp_path / "mnist1d" / "results.json").read_text())
    assert (tmp_path / "mnist1d" / "mnist1d.png").read_bytes().startswith(b"\x89PNG")
    assert [run["seed"] for run in results["runs"]] == [4, 5] * 4
    assert results["steps"] == [5, 10]
    assert [row["parameters"] for row in results["networks"]] == [5134, 5210] * 2
    content = page(results)
    assert content.lead.startswith("Published figures and statements: ")
    assert content.sections[1].body == charts(results)
    for row in results["networks"]:
        accuracy = [run["accuracy"] for run in results["runs"] if run["order"] == row["order"]]
        assert len(accuracy) == 4
        assert f"{100 * row['last']['mean']:.1f}" in said.out
    assert len(tables(results)) == 3


def test_a_run_that_goes_on_has_the_same_numbers(tiny, tmp_path):
    unbroken = experiment.run(tiny, (3, 4))
    runner = Runner(Workers(1, LOKY, 1), finished=Finished(tmp_path, {}))
    experiment.run(tiny, (3, 4), runner)
    for path in sorted((tmp_path / "pieces").glob("*seed*"))[::2]:
        path.unlink()
    resumed = experiment.run(tiny, (3, 4), runner)
    for one, other in zip(unbroken["runs"], resumed["runs"], strict=True):
        assert {**one, "train_seconds": 0} == {**other, "train_seconds": 0}
