"""`glassgate experiment vanishing`: its trainings, gradients, sentences, and the whole command."""

import json
import signal

import pytest
import torch

from glassgate.experiments.long_lags.problems import PROBLEMS, Adding, Copying
from glassgate.experiments.long_lags.training import TEST, VALID, LagTask, Training
from glassgate.experiments.vanishing import experiment
from glassgate.experiments.vanishing.page import charts, page, tables
from glassgate.pages.content import Chart
from glassgate.train.loop import fit
from tests.experiments.experiment_cases import assert_only_pieces

TINY = experiment.Plan(times=(5,), steps=13, hidden_size=4, valid=10, test=20, gradient=3)


# The trainings ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROBLEMS)
def test_all_steps_are_taken_on_new_sequences_and_all_networks_see_the_same(name):
    tasks = [
        LagTask(Training(PROBLEMS[name], 8, network, 3), 4, TINY) for network in ("srn", "gru")
    ]
    seen, same = ([b for e in range(1, 13) for b in task.batches(e)] for task in tasks)
    assert len(seen) == TINY.steps
    everything = [batch.inputs for batch in [*seen, *tasks[0].held_out()]]
    for i, one in enumerate(everything):
        assert not any(torch.equal(one, other) for other in everything[:i])
    assert all(torch.equal(a.inputs, b.inputs) for a, b in zip(seen, same, strict=True))


def test_test_sequences_are_not_those_that_choose_the_weights():
    training = Training(Adding(), 8, "gru", 0)
    test = training.draw(10, TEST)
    assert not torch.equal(test.inputs, training.draw(10, VALID).inputs)


def test_the_loop_learns_numbers_and_needs_a_state_for_it():
    plan = experiment.Plan(times=(6,), steps=240, hidden_size=12, valid=50)
    reached = {}
    for network in ("gru", "feedforward"):
        task = LagTask(Training(Adding(), 6, network, 0), 12, plan)
        reached[network] = fit(task, plan.settings(network, 0)).best
    assert reached["gru"].valid_loss < 0.01
    assert reached["gru"].valid_measure > 0.8
    assert 0.1 < reached["feedforward"].valid_loss < 0.2


def test_by_hand_the_gradient_of_a_state_that_halves_halves():
    training = Training(Adding(), 60, "srn", 0)
    model = training.model(3)
    with torch.no_grad():
        for weight in model.network.parameters():
            weight.zero_()
        model.network.weight_hh_l0.copy_(0.5 * torch.eye(3))  # and so it stays 0, tanh' = 1
    found = experiment.measure_gradient(training, model, 5)
    left = [norm / found["norms"][0] for norm in found["norms"]]
    assert left == pytest.approx([0.5**k for k in range(0, 60, 3)], rel=1e-6)
    assert found["half_life"] == pytest.approx(1)
    assert next(model.parameters()).dtype == torch.float32  # the model itself is left alone


def test_without_a_state_nothing_is_left_and_a_kept_state_does_not_halve():
    training = Training(Adding(), 10, "feedforward", 0)
    assert experiment.measure_gradient(training, training.model(3), 5)["norms"][1:] == [0.0] * 9
    training = training._replace(network="gru")
    model = training.model(3)
    with torch.no_grad():
        model.network.bias_ih_l0[3:6] = 100  # the update gate is 1: all is kept
    found = experiment.measure_gradient(training, model, 5)
    assert found["half_life"] is None
    assert found["norms"] == pytest.approx([found["norms"][0]] * 10)


# First weights ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["gru", "lstm"])
def test_all_but_the_biases_of_what_keeps_are_the_same_with_spans_set(name):
    T, H = 30, 8
    plain, chrono = (
        Training(Adding(), T, form, 3).model(H).network for form in (name, f"{name}-chrono")
    )
    same = [
        torch.equal(value, chrono.state_dict()[key]) for key, value in plain.state_dict().items()
    ]
    assert same == [True, True, False, False]  # the two biases are
    changed = slice(H, 2 * H) if name == "gru" else slice(0, 2 * H)
    for side in ("bias_ih_l0", "bias_hh_l0"):
        whole = torch.ones(len(getattr(plain, side)), dtype=torch.bool)
        whole[changed] = False
        assert torch.equal(getattr(plain, side)[whole], getattr(chrono, side)[whole])


@pytest.mark.parametrize("problem", [Adding(), Copying()])
def test_a_cell_whose_spans_are_set_keeps_up_to_the_length_of_a_sequence(problem):
    T, H = 30, 500
    network = Training(problem, T, "lstm-chrono", 0).model(H).network
    with torch.no_grad():
        for weight in (network.weight_ih_l0, network.weight_hh_l0):
            weight.zero_()  # the gates have nothing but their biases
    _, (_, c) = network(
        torch.zeros(1, 1, problem.inputs), (torch.zeros(1, 1, H), torch.ones(1, 1, H))
    )
    taken = torch.tanh(network.bias_ih_l0 + network.bias_hh_l0)[2 * H : 3 * H]
    # c = k + (1 - k) taken, so that what is left of 1 beside what is taken in is k
    kept = (c[0, 0] - taken) / (1 - taken)
    times = 1 / (1 - kept.detach())
    longest = T if problem.name == "adding" else T + 20
    assert times.min() >= 2 * 0.999
    assert times.max() <= longest * 1.001
    assert times.max() > 0.97 * longest
    assert float(times.median()) == pytest.approx((2 + longest) / 2, rel=0.15)  # evenly between


# End to end ---------------------------------------------------------------------------------------


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(experiment, "Plan", lambda **_: TINY)


def test_the_command_writes_what_it_prints(glassgate_, tiny, tmp_path):
    said = glassgate_("experiment", "vanishing", "--seed", 3, "--seeds", 2, "--output", "out")
    assert said.code == 0, said.err
    lines = said.err.splitlines()
    assert len(lines) == 2 * 6 * 2
    assert lines[0].startswith("adding, T = 5: feedforward, seed 3: held-out loss ")
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert (tmp_path / "out" / "vanishing.png").read_bytes().startswith(b"\x89PNG")
    assert "Does the gradient vanish?" in (tmp_path / "out" / "report.html").read_text()
    assert results["command"] == ("glassgate experiment vanishing --seed 3 --seeds 2 --output out")
    assert results["seeds"] == [3, 4]
    assert len(results["runs"]) == 2 * 6 * 2
    assert all(len(run["valid_loss"]) == 12 for run in results["runs"])
    assert results["lags"] == {"5": [0, 1, 2, 3, 4]}
    for one in results["networks"]:
        assert f"{one['loss']['mean']:.3g}" in said.out
    content = page(results)
    everything = " ".join(section.explanation for section in content.sections)
    assert all(one["statement"] in everything for one in results["statements"])
    shown = [s.body for s in content.sections if isinstance(s.body, dict)]
    assert {title: chart for body in shown for title, chart in body.items()} == charts(results)
    assert all(isinstance(chart, Chart) for chart in charts(results).values())
    assert len(tables(results)) == 4


def test_ctrl_c_leaves_what_is_finished(glassgate_, tiny, tmp_path, monkeypatch):
    begun = []
    draw = Training.draw

    def stopped(self, *arguments):
        begun.append(self)
        if len(begun) == 40:
            signal.raise_signal(signal.SIGINT)
        return draw(self, *arguments)

    monkeypatch.setattr(Training, "draw", stopped)
    assert glassgate_("experiment", "vanishing").code == 130
    assert_only_pieces(tmp_path / "vanishing")


@pytest.mark.parametrize(
    "option", ["--seeds=1", "--steps=11", "--seed=-1", "--seed=9223372036854775807"]
)
def test_what_is_out_of_range_is_refused(glassgate_, option):
    said = glassgate_("experiment", "vanishing", option)
    assert said.code == 2
    assert option.split("=")[0] in said.err


def test_a_run_depends_on_its_seed_alone():
    def numbers(seed: int) -> str:
        found = experiment.train(Training(Copying(), 3, "gru", seed), TINY, [])
        return json.dumps({**found, "train_seconds": None, "seed": None})

    assert numbers(5) == numbers(5)
    assert numbers(5) != numbers(6)
