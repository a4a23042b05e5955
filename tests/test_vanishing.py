"""`glassgate experiment vanishing`: its trainings, gradients, sentences, and the whole command."""

import json
import math
import signal

import pytest
import torch

from glassgate.experiments import vanishing as experiment
from glassgate.experiments.content import Chart
from glassgate.experiments.intervals import geometric_interval
from glassgate.experiments.long_lags import PROBLEMS, Adding, Copying
from glassgate.experiments.vanishing_page import charts, page, tables
from glassgate.experiments.vanishing_summary import statements, summaries
from glassgate.train.loop import fit

TINY = experiment.Plan(times=(5,), steps=13, hidden_size=4, valid=10, test=20, gradient=3)
NETWORKS = tuple(TINY.learning_rates)


# The trainings ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROBLEMS)
def test_all_steps_are_taken_on_new_sequences_and_all_networks_see_the_same(name):
    tasks = [
        experiment.LagTask(experiment.Training(PROBLEMS[name], 8, network, 3), TINY)
        for network in ("srn", "gru")
    ]
    seen, same = ([b for e in range(1, 13) for b in task.batches(e)] for task in tasks)
    assert len(seen) == TINY.steps
    everything = [batch.inputs for batch in [*seen, *tasks[0].held_out()]]
    for i, one in enumerate(everything):
        assert not any(torch.equal(one, other) for other in everything[:i])
    assert all(torch.equal(a.inputs, b.inputs) for a, b in zip(seen, same, strict=True))


def test_test_sequences_are_not_those_that_choose_the_weights():
    training = experiment.Training(Adding(), 8, "gru", 0)
    test = training.draw(10, experiment.TEST)
    assert not torch.equal(test.inputs, training.draw(10, experiment.VALID).inputs)


def test_the_loop_learns_numbers_and_needs_a_state_for_it():
    plan = experiment.Plan(times=(6,), steps=240, hidden_size=12, valid=50)
    reached = {}
    for network in ("gru", "feedforward"):
        task = experiment.LagTask(experiment.Training(Adding(), 6, network, 0), plan)
        reached[network] = fit(task, plan.settings(network, 0)).best
    assert reached["gru"].valid_loss < 0.01
    assert reached["gru"].valid_measure > 0.8
    assert 0.1 < reached["feedforward"].valid_loss < 0.2


def test_by_hand_the_gradient_of_a_state_that_halves_halves():
    training = experiment.Training(Adding(), 60, "srn", 0)
    model = training.model(3)
    with torch.no_grad():
        for weight in model.network.parameters():
            weight.zero_()
        model.network.weight_hh_l0.copy_(0.5 * torch.eye(3))  # and so it stays 0, tanh' = 1
    found = experiment._gradient(training, model, 5)
    left = [norm / found["norms"][0] for norm in found["norms"]]
    assert left == pytest.approx([0.5**k for k in range(0, 60, 3)], rel=1e-6)
    assert found["half_life"] == pytest.approx(1)
    assert next(model.parameters()).dtype == torch.float32  # the model itself is left alone


def test_without_a_state_nothing_is_left_and_a_kept_state_does_not_halve():
    training = experiment.Training(Adding(), 10, "feedforward", 0)
    assert experiment._gradient(training, training.model(3), 5)["norms"][1:] == [0.0] * 9
    training = training._replace(network="gru")
    model = training.model(3)
    with torch.no_grad():
        model.network.bias_ih_l0[3:6] = 100  # the update gate is 1: all is kept
    found = experiment._gradient(training, model, 5)
    assert found["half_life"] is None
    assert found["norms"] == pytest.approx([found["norms"][0]] * 10)


# First weights ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["gru", "lstm"])
def test_all_but_the_biases_of_what_keeps_are_the_same_with_spans_set(name):
    T, H = 30, 8
    plain, chrono = (
        experiment.Training(Adding(), T, form, 3).model(H).network
        for form in (name, f"{name}-chrono")
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
    network = experiment.Training(problem, T, "lstm-chrono", 0).model(H).network
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


# What they say together ---------------------------------------------------------------------------


def a_run(network, seed, loss, right, norms, T=100):
    side = {"half_life": 2.0 + seed, "norms": norms}
    return {
        "problem": "adding",
        "T": T,
        "network": network,
        "seed": seed,
        "parameters": 7,
        "train_seconds": 1.0 + seed,
        "valid_loss": [1.0, loss],
        "loss": loss,
        "right": right,
        "gradient": {"before": side, "after": side},
    }


def some_results(runs, times=(100,)):
    results = {
        "seeds": sorted({run["seed"] for run in runs}),
        "plan": {
            "problems": ["adding"],
            "times": times,
            "learning_rates": dict.fromkeys(NETWORKS),
            "steps": 10,
        },
        "blind": [{"problem": "adding", "T": T, "loss": 1 / 6, "right": 0.15} for T in times],
        "lags": {str(T): [0, T - 1] for T in times},
        "runs": runs,
    }
    results["networks"] = summaries(results)
    return results


def test_by_hand_seeds_are_put_together():
    runs = [
        *(a_run("feedforward", s, 0.16, 0.15, [1.0, s / 2]) for s in (0, 1)),
        *(a_run("srn", s, loss, 0.2, [1.0, 0.01]) for s, loss in ((0, 0.14), (1, 0.18))),
        *(
            a_run("gru", s, loss, 0.95, [2.0, left])
            for s, loss, left in ((0, 1e-4, 2), (1, 4e-4, 1))
        ),
        *(a_run("lstm", s, loss, r, [1.0, 0.1]) for s, loss, r in ((0, 0.1, 0.3), (1, 0.1, 0.96))),
        *(a_run(name, s, 0.1, 0.3, [1.0, 0.1]) for name in NETWORKS[4:] for s in (0, 1)),
    ]
    results = some_results(runs)
    gru = next(one for one in results["networks"] if one["network"] == "gru")
    assert gru["loss"]["mean"] == pytest.approx(2e-4)
    assert (gru["loss"]["low"], gru["loss"]["high"]) == pytest.approx(
        geometric_interval([1e-4, 4e-4])
    )
    assert gru["solved"] == 2
    assert gru["train_seconds"] == 1.5
    assert gru["gradient"]["after"]["half_life"] == 2.0
    assert gru["gradient"]["after"]["left"][0] == {"mean": 1, "low": 1, "high": 1}
    assert gru["gradient"]["after"]["left"][1]["mean"] == pytest.approx(math.sqrt(0.5))
    said = {(one["about"], one.get("network")): one for one in statements(results)}
    sentences = {key: one["statement"] for key, one in said.items()}
    solves = "The GRU solves adding at T = 100 with 2 of 2 seeds."
    assert sentences["adding", "gru"] == solves
    assert sentences["adding", "lstm"] == "The LSTM solves adding at T = 100 with 1 of 2 seeds."
    assert sentences["adding", "feedforward"] == (
        "The feedforward network solves adding at no T; at T = 100 it does better than ignoring "
        "the input."
    )
    assert sentences["adding", "srn"] == (
        "The SRN solves adding at no T, nor is it shown to do better than ignoring the input at "
        "any."
    )
    (reached,) = (one for one in said.values() if one.get("problem"))
    assert reached["farther"]["lstm"] == [100]
    assert reached["farther"]["gru"] == []  # its seeds are too far apart
    feedforward = results["networks"][0]["gradient"]["after"]["left"]
    assert feedforward[1] == {"median": 0.25}  # of 0 and 1/2


def test_a_sentence_names_each_time_once():
    runs = [
        a_run(network, seed, loss, right, [1.0, 0.5], T)
        for network in NETWORKS
        for T, loss, right in ((10, 0.001, 1.0), (20, 0.1, 0.5), (30, 0.2, 0.1))
        for seed in (0, 1)
    ]
    said = statements(some_results(runs, (10, 20, 30)))
    assert said[2]["statement"] == (
        "The GRU solves adding at T = 10 with 2 of 2 seeds; at T = 20 it does better than ignoring "
        "the input; at T = 30 it is not shown to do better than ignoring the input."
    )
    assert said[2]["solved"] == {"10": 2, "20": 0, "30": 0}


def test_a_gradient_that_does_not_halve_is_said_to_be_above_the_lags_looked_at():
    runs = [a_run(network, s, 0.1, 0.1, [1.0, 1.0]) for network in NETWORKS for s in (0, 1)]
    runs[-1]["gradient"]["before"] = runs[-2]["gradient"]["before"] = {
        "half_life": None,
        "norms": [1.0, 1.0],
    }
    results = some_results(runs)
    plain, chrono = statements(results)[len(NETWORKS) : len(NETWORKS) + 2]
    assert plain["half_life"] == 3.0  # of the seed that takes longest
    assert "PyTorch's first weights halves in 3 steps at the latest" in plain["statement"]
    assert chrono["half_life"] is None
    assert "spans are set does not always fall to half" in chrono["statement"]
    assert tables(results)[-1].rows[-1][3:5] == ("> 99", "2.0")
    runs[-2]["gradient"]["before"] = a_run("gru", 0, 0, 0, [1.0, 1.0])["gradient"]["before"]
    assert tables(some_results(runs))[-1].rows[-1][3] == "2.0"  # one of two seeds does halve


def test_before_training_what_is_left_at_most_is_that_of_the_seed_with_most():
    runs = [
        a_run(network, seed, 0.1, 0.1, [2.0, left])
        for network in NETWORKS
        for seed, left in ((0, 1e-9), (1, 1e-3))
    ]
    plain = statements(some_results(runs))[len(NETWORKS)]
    assert plain["left"] == 5e-4
    assert "at most 0.0005 of it is left 99 steps back" in plain["statement"]


def test_where_a_seed_has_nothing_left_there_is_a_median_and_nothing_is_compared():
    left = {"srn": (0.0, 0.0, 1e-9), "lstm": (1e-3, 0.0, 4e-5)}
    runs = [
        a_run(network, seed, 0.1, 0.1, [1.0, left.get(network, (0.287, 0.291, 0.294))[seed]])
        for network in NETWORKS
        for seed in range(3)
    ]
    results = some_results(runs)
    said = statements(results)[-1]
    assert set(map(tuple, said["farther"].values())) == {()}
    assert said["statement"].endswith(
        "by intervals that are apart: of the GRU, the LSTM, the GRU with spans set and the LSTM "
        "with spans set at no T. With a seed that has nothing left there is no interval: of the "
        "SRN and the LSTM at T = 100."
    )
    shown = {row[2]: row[-2:] for row in tables(results)[-1].rows}
    assert shown["SRN"] == ("0 (median)", "")
    assert shown["LSTM"] == ("4.0e-05 (median)", "")
    assert shown["GRU"] == ("2.9e-01", "2.8e-01 to 3.0e-01")  # the mean lies within


def test_the_feedforward_network_has_a_row_and_a_mark_of_its_gradient():
    runs = [
        a_run(network, seed, 0.1, 0.1, [1.0, 0.0 if network == "feedforward" else 0.5])
        for network in NETWORKS
        for seed in (0, 1)
    ]
    results = some_results(runs)
    assert tables(results)[-1].rows[0][2:] == (
        "feedforward", "2.0", "2.0", "99", "0 after one step", "",
    )  # fmt: skip
    for when in ("before", "after"):
        line = charts(results)[f"adding, T = 100, {when} training"].lines[-1]
        assert (line.name, line.x, line.y) == ("feedforward", (0.0,), (1.0,))
    assert not any(
        one["about"] == "gradient" and "feedforward" in one["statement"]
        for one in statements(results)
    )


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
    assert len(tables(results)) == 3


def test_results_are_not_overwritten_unasked(glassgate_, tiny, tmp_path):
    (tmp_path / "vanishing").mkdir()
    results = tmp_path / "vanishing" / "results.json"
    results.write_text("mine")
    said = glassgate_("experiment", "vanishing")
    assert said.code == 2
    assert "results.json" in said.err
    assert results.read_text() == "mine"


def test_ctrl_c_leaves_nothing(glassgate_, tiny, tmp_path, monkeypatch):
    begun = []
    draw = experiment.Training.draw

    def stopped(self, *arguments):
        begun.append(self)
        if len(begun) == 40:
            signal.raise_signal(signal.SIGINT)
        return draw(self, *arguments)

    monkeypatch.setattr(experiment.Training, "draw", stopped)
    assert glassgate_("experiment", "vanishing").code == 130
    assert not (tmp_path / "vanishing").exists()


@pytest.mark.parametrize(
    "option", ["--seeds=1", "--steps=11", "--seed=-1", "--seed=9223372036854775807"]
)
def test_what_is_out_of_range_is_refused(glassgate_, option):
    said = glassgate_("experiment", "vanishing", option)
    assert said.code == 2
    assert option.split("=")[0] in said.err


def test_a_run_depends_on_its_seed_alone():
    def numbers(seed: int) -> str:
        found = experiment._run(experiment.Training(Copying(), 3, "gru", seed), TINY, None)
        return json.dumps({**found, "train_seconds": None, "seed": None})

    assert numbers(5) == numbers(5)
    assert numbers(5) != numbers(6)
