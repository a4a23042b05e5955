"""The forms of the unit that `glassgate experiment regulators` compares, and the experiment."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from glassgate.analysis.intervals import t_interval
from glassgate.analysis.language import language_task
from glassgate.analysis.units import unit_means
from glassgate.experiments.regulators import experiment
from glassgate.experiments.regulators.answers import answers
from glassgate.experiments.regulators.networks import (
    FIXED,
    FORMS,
    FULL,
    NO_RESET,
    NO_UPDATE,
    SHARED_GATE,
    Form,
    hold,
    shape,
    share_gates,
)
from glassgate.experiments.regulators.page import page
from glassgate.nn.gru import GRU
from glassgate.pages.content import Chart
from glassgate.train.loop import fit
from tests.experiments.experiment_cases import assert_only_pieces, stops_second

pytestmark = pytest.mark.usefixtures("few_items")

TINY = experiment.Plan(
    train=60,
    held_out=20,
    traced=10,
    settings=replace(experiment.Plan().settings, hidden_size=6, embedding_size=5, epochs=2),
)


class Paper(nn.Module):
    """The minimal gated unit as Zhou et al. 2016 write it, on [h, x] side by side."""

    def __init__(self, I: int, H: int) -> None:
        super().__init__()
        self.gate = nn.Linear(H + I, H, dtype=torch.float64)
        self.new = nn.Linear(H + I, H, dtype=torch.float64)

    def forward(self, input: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
        states = []
        for x in input:
            f = torch.sigmoid(self.gate(torch.cat([h, x], 1)))
            new = torch.tanh(self.new(torch.cat([f * h, x], 1)))
            h = (1 - f) * h + f * new
            states.append(h)
        return torch.stack(states)


def test_the_one_gate_is_the_paper_s():
    torch.manual_seed(0)
    T, B, I, H = 7, 3, 4, 5
    network, paper = GRU(I, H, dtype=torch.float64), Paper(I, H)
    first = network.weight_hh_l0.detach().clone()
    share_gates(network)
    assert torch.equal(network.weight_hh_l0, torch.cat([first[H : 2 * H], first[H:]]))
    learned = dict(network.named_parameters())
    assert {tuple(p.shape) for p in learned.values()} == {(2 * H, I), (2 * H, H), (2 * H,)}
    originals = {name.split(".")[1]: value for name, value in learned.items()}
    both = torch.cat([originals["weight_hh_l0"], originals["weight_ih_l0"]], 1).detach()
    bias = (originals["bias_ih_l0"] + originals["bias_hh_l0"]).detach()
    with torch.no_grad():
        for linear, rows in ((paper.gate, slice(0, H)), (paper.new, slice(H, 2 * H))):
            linear.weight.copy_(both[rows])
            linear.bias.copy_(bias[rows])
    input, before = torch.randn(T, B, I).double(), torch.randn(1, B, H).double()
    output, _ = network(input, before)
    wanted = paper(input, before[0])
    torch.testing.assert_close(output, wanted, rtol=0, atol=1e-12)

    weights = torch.randn(T, B, H).double()
    (output * weights).sum().backward()
    (wanted * weights).sum().backward()
    to_gate, to_new = paper.gate.weight.grad, paper.new.weight.grad
    torch.testing.assert_close(
        torch.cat([originals["weight_hh_l0"].grad, originals["weight_ih_l0"].grad], 1),
        torch.cat([to_gate, to_new]),
        rtol=0,
        atol=1e-12,
    )
    for name in ("bias_ih_l0", "bias_hh_l0"):
        wanted_bias = torch.cat([paper.gate.bias.grad, paper.new.bias.grad])
        torch.testing.assert_close(originals[name].grad, wanted_bias, rtol=0, atol=1e-12)


# The forms ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def means() -> dict[str, list[float]]:
    random = np.random.default_rng(0)
    return {gate: random.random(6).tolist() for gate in ("reset", "kept")}


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_what_counts_as_learned_is_what_training_changes(form, language, means):
    task = language_task(language, TINY.settings)
    shape(form, task.model.network)
    with hold(form, task.model.network, means):
        before = [weight.detach().clone() for weight in task.model.parameters()]
        fit(task, TINY.settings)
        after = [weight.detach().clone() for weight in task.model.parameters()]
    V, E, H = len(language.vocabulary), 5, 6
    changed = sum(int((a != b).sum()) for a, b in zip(before, after, strict=True))
    unseen = int((before[0] == after[0]).all(1).sum()) * E  # words that were not met
    assert changed + unseen == form.count_learned(V, E, H)
    assert form.count_learned(V, E, H) == V * E + form.blocks * H * (E + H + 2) + H * V + V
    if form == FULL:
        assert form.count_learned(V, E, H) == sum(weight.numel() for weight in after)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_the_hidden_size_is_the_nearest(form):
    for budget in (1, 5000, 13161):
        H = form.matching_size(105, 32, budget)
        off = {size: abs(form.count_learned(105, 32, size) - budget) for size in range(1, 200)}
        assert off[H] == min(off.values())
    assert FULL.matching_size(105, 32, FULL.count_learned(105, 32, 32)) == 32


def plain(
    form: Form, network: GRU, means: dict[str, list[float]], input: torch.Tensor
) -> torch.Tensor:
    """The form's equations, a step at a time, on the weights of a plain GRU."""
    W, U = network.weight_ih_l0, network.weight_hh_l0
    b, c = network.bias_ih_l0, network.bias_hh_l0
    h, states = torch.zeros(input.shape[1], U.shape[1], dtype=input.dtype), []
    for x in input:
        of_input, of_hidden = (x @ W.T + b).chunk(3, 1), (h @ U.T + c).chunk(3, 1)
        r, k = (torch.sigmoid(of_input[i] + of_hidden[i]) for i in range(2))
        if form == NO_RESET:
            r = torch.ones_like(r)
        if form == NO_UPDATE:
            k = torch.zeros_like(k)
        if form == FIXED:
            r, k = (torch.tensor(means[gate], dtype=torch.float64) for gate in ("reset", "kept"))
        h = k * h + (1 - k) * torch.tanh(of_input[2] + r * of_hidden[2])
        states.append(h)
    return torch.stack(states)


@pytest.mark.parametrize("form", [f for f in FORMS if f != SHARED_GATE], ids=lambda form: form.name)
def test_a_form_is_its_equations(form, means):
    torch.manual_seed(1)
    network, input = GRU(4, 6, dtype=torch.float64), torch.randn(9, 3, 4).double()
    with torch.no_grad():
        wanted = plain(form, network, means, input)
        shape(form, network)
        with hold(form, network, means):
            output, _ = network(input)
    torch.testing.assert_close(output, wanted, rtol=0, atol=1e-12)


def test_means_are_those_of_a_loop_over_words(language):
    model = language_task(language, TINY.settings).model.eval()
    network, sentences = model.network, language.train[:7]
    gates = {"reset": [], "kept": [], "hidden": []}
    W, U = network.weight_ih_l0, network.weight_hh_l0
    b, c = network.bias_ih_l0, network.bias_hh_l0
    with torch.no_grad():
        for words in sentences:
            h = torch.zeros(6)
            for token in language.context(words):
                x = model.embedding.weight[token]
                of_input, of_hidden = (W @ x + b).chunk(3), (U @ h + c).chunk(3)
                r, k = (torch.sigmoid(of_input[i] + of_hidden[i]) for i in range(2))
                h = k * h + (1 - k) * torch.tanh(of_input[2] + r * of_hidden[2])
                for name, value in zip(gates, (r, k, h), strict=True):
                    gates[name].append(value.numpy())
    found = unit_means(model, language, sentences)
    for name, values in gates.items():
        np.testing.assert_allclose(getattr(found, name), np.mean(values, 0), atol=1e-6)


# End to end ---------------------------------------------------------------------------------------


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(experiment, "Plan", lambda: TINY)


def test_the_command_writes_what_it_prints(glassgate_, tiny, tmp_path):
    said = glassgate_("experiment", "regulators", "--seed", 4, "--seeds", 2, "--output", "out")
    assert said.code == 0, said.err
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert (tmp_path / "out" / "regulators.png").read_bytes().startswith(b"\x89PNG")
    text = (tmp_path / "out" / "report.html").read_text()
    assert results["command"] == ("glassgate experiment regulators --seed 4 --seeds 2 --output out")
    assert results["seeds"] == [4, 5]
    assert results["plan"]["training"]["epochs"] == 2
    assert {"glassgate", "python", "torch", "numpy"} <= set(results["versions"])
    assert [form["name"] for form in results["forms"]] == [form.name for form in FORMS]
    for form in results["forms"]:
        divergences = [run["kl_bits"] for run in form["runs"]]
        assert [run["seed"] for run in form["runs"]] == [4, 5]
        assert form["kl_bits"]["mean"] == pytest.approx(np.mean(divergences))
        assert (form["kl_bits"]["low"], form["kl_bits"]["high"]) == t_interval(divergences)
        assert f"{form['kl_bits']['mean']:.4f}" in said.out
        assert f"{form['kl_bits']['mean']:.4f}" in text
        held_means = form["runs"][0]["held"]
        assert (held_means is not None) == (form["name"] == FIXED.name)
    assert len(held_means["kept"]) == results["forms"][-1]["hidden_size"]
    content = page(results)
    assert sum(isinstance(section.body, Chart) for section in content.sections) == 2
    assert "4 and 5" in text
    assert all(answer in content.sections[0].explanation for answer in answers(results))


def test_ctrl_c_leaves_what_is_finished(glassgate_, tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(experiment, "fit", stops_second())
    said = glassgate_("experiment", "regulators", "--seeds", 2)
    assert said.code == 130
    assert "stopped at epoch 1" in said.err
    assert "repeat the command with --resume to continue" in said.err
    assert_only_pieces(tmp_path / "regulators", 1)


def test_a_run_depends_on_its_seeds_alone():
    def numbers(*seeds: int) -> str:
        results = experiment.run(TINY, seeds)
        for form in results["forms"]:
            del form["train_seconds"]
            for run in form["runs"]:
                del run["train_seconds"]
        return json.dumps(results)

    assert numbers(5, 6) == numbers(5, 6)
    assert numbers(5, 6) != numbers(5, 7)
