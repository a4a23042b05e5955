"""The rest learns while units are held, and models predict, score and forget as they are held."""

from pathlib import Path

import numpy as np
import pytest
import torch

import glassgate.nn
from glassgate import Formulation, clamp
from glassgate.analysis.prediction import predict
from glassgate.analysis.scoring import score
from glassgate.train import load
from tests.inside.clamp_cases import B, H, I, T, drawn, torch_network

NAMES = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
UNITS = [1, 3]
ROWS = [H + unit for unit in UNITS]  # of the update gate


class ByData(torch.optim.Optimizer):
    """Moves parameters behind autograd's back, as optimisers with kernels of their own do."""

    def __init__(self, parameters):
        super().__init__(parameters, {})

    def step(self):
        for parameter in self.param_groups[0]["params"]:
            parameter.data.mul_(0.9).sub_(0.1 * parameter.grad)


OPTIMIZERS = {
    "adam": lambda some: torch.optim.Adam(some, lr=0.05, weight_decay=0.1),
    "fused": lambda some: torch.optim.AdamW(some, lr=0.05, weight_decay=0.1, fused=True),
    "momentum": lambda some: torch.optim.SGD(some, lr=0.1, momentum=0.9, weight_decay=0.1),
    "data": ByData,
}


def batch(seed):
    rng = np.random.default_rng(seed)
    return torch.tensor(rng.normal(size=(T, B, I))), torch.tensor(rng.normal(size=(T, B, H)))


def learn(network, optimizer, seeds, before=None, after=None):
    for seed in seeds:
        input, wanted = batch(seed)
        optimizer.zero_grad()
        if before:
            before(network)
        output, _ = network(input)
        (output - wanted).square().mean().backward()
        if after:
            after(network)
        optimizer.step()


def rows_of(network):
    return {name: getattr(network, name).detach()[ROWS].clone() for name in NAMES}


@pytest.mark.parametrize("cls", [glassgate.nn.GRU, torch.nn.GRU])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_rest_learns_as_if_the_rows_were_written_and_masked_by_hand(name, cls):
    one, other = (torch_network(drawn()[0], cls) for _ in range(2))
    optimizers = [OPTIMIZERS[name](network.parameters()) for network in (one, other)]
    for network, optimizer in zip((one, other), optimizers, strict=True):
        learn(network, optimizer, range(4))  # so that momentum would carry the rows away
    before = rows_of(one)

    def hold(network):
        for name in NAMES:
            value = np.log(0.9 / 0.1) if name == "bias_ih_l0" else 0
            getattr(network, name).data[ROWS] = value

    def mask(network):
        for name in NAMES:
            getattr(network, name).grad[ROWS] = 0

    def check(network):
        found, wanted = rows_of(one), rows_of(other)
        assert all(torch.equal(found[name], wanted[name]) for name in NAMES)
        grads = [getattr(network, name).grad for name in NAMES]
        assert all((grad[ROWS] == 0).all() for grad in grads)
        assert all((grad != 0).any() for grad in grads)

    with clamp(one, kept=0.9, units=UNITS):
        for seed in range(4, 9):
            learn(other, optimizers[1], [seed], before=hold, after=mask)
            hold(other)
            learn(one, optimizers[0], [seed], after=check)
        held = {name: getattr(one, name).detach().clone() for name in NAMES}
    for name, value in before.items():
        assert torch.equal(getattr(one, name)[ROWS], value)
        held[name][ROWS] = value
        assert torch.equal(getattr(one, name), held[name])  # all else stays as it has become
        getattr(other, name).data[ROWS] = value
        assert torch.equal(getattr(one, name), getattr(other, name))


def with_kept_overwritten(weights, input, value):
    """PyTorch's form in differentiable operations, the kept share of UNITS overwritten."""
    W, U, b, c = weights
    hidden, output = input.new_zeros(B, H), []
    chosen = torch.zeros(H, dtype=torch.bool)
    chosen[UNITS] = True
    for x in input:
        (x_r, x_z, x_n), (h_r, h_z, h_n) = (
            (x @ W.T + b).chunk(3, -1),
            (hidden @ U.T + c).chunk(3, -1),
        )
        kept = torch.where(chosen, value, torch.sigmoid(x_z + h_z))
        candidate = torch.tanh(x_n + torch.sigmoid(x_r + h_r) * h_n)
        hidden = kept * hidden + (1 - kept) * candidate
        output.append(hidden)
    return torch.stack(output)


@pytest.mark.parametrize("value", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("cls", [glassgate.nn.GRU, torch.nn.GRU])
def test_gradients_are_those_of_the_overwritten_gate(cls, value):
    network = torch_network(drawn()[0], cls)
    weights = [parameter.detach().clone().requires_grad_() for parameter in network.parameters()]
    input, wanted = batch(0)
    (with_kept_overwritten(weights, input, value) * wanted).sum().backward()
    with clamp(network, kept=value, units=UNITS):
        (network(input)[0] * wanted).sum().backward()
    for parameter, oracle in zip(network.parameters(), weights, strict=True):
        torch.testing.assert_close(parameter.grad, oracle.grad, rtol=0, atol=1e-12)
        assert (parameter.grad[ROWS] == 0).all()


def test_two_forwards_and_one_backward():
    network = torch_network(drawn()[0])
    with clamp(network, kept=0.4):
        versions = [parameter._version for parameter in network.parameters()]
        (network(batch(0)[0])[0].sum() + network(batch(1)[0])[0].sum()).backward()
        assert versions == [parameter._version for parameter in network.parameters()]


@pytest.mark.parametrize("inside", [True, False])
def test_a_forward_and_its_backward_do_not_lie_on_two_sides_of_a_clamp(inside):
    network = torch_network(drawn()[0])
    loss = network(batch(0)[0])[0].sum()
    with clamp(network, kept=0.4):
        if inside:
            loss = network(batch(0)[0])[0].sum()
        else:
            with pytest.raises(RuntimeError, match="modified by an inplace operation"):
                loss.backward()
            return
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_half_types_reach_the_ends_too(dtype):
    network = torch.nn.GRU(I, H).to(dtype)
    one, other = (torch.randn(T, B, I).to(dtype) for _ in range(2))
    other[-1] = one[-1]
    with torch.no_grad(), clamp(network, kept=0, reset=0):
        assert torch.equal(network(one)[0][-1], network(other)[0][-1])
    with torch.no_grad(), clamp(network, state=-1, units=[2]):
        assert (network(one)[0][..., 2] == -1).all()


def test_compiled_and_exported_programs_are_held_with_the_parameters_they_share():
    network, (input, _) = torch_network(drawn()[0]), batch(0)
    with torch.no_grad(), clamp(network, kept=0.4, units=UNITS):
        wanted, _ = network(input)
        compiled = torch.compile(network, backend="eager", fullgraph=True)
        exported = torch.export.export(network, (input,)).module()
        assert all(torch.equal(run(input)[0], wanted) for run in (compiled, exported))
    with torch.no_grad():
        free, _ = network(input)
        assert all(torch.equal(run(input)[0], free) for run in (compiled, exported))
    assert not torch.equal(free, wanted)


# Models ----------------------------------------------------------------------------------------


def test_a_model_that_keeps_and_recalls_nothing_knows_the_current_word_alone(trained: Path):
    loaded = load(trained / "lines")
    texts = ("the boy fell and", "his knee hurt and", "and and and and")
    with clamp(loaded.model, kept=0, reset=0):
        first, *others = [predict(loaded, text).ranked for text in texts]
        assert others == [first, first]
        assert predict(loaded, "the boy fell and hurt").ranked != first
    first, *others = [predict(loaded, text).ranked for text in texts]
    assert first not in others


def test_a_model_that_keeps_all_says_the_same_whatever_it_reads(trained: Path):
    loaded = load(trained / "lines")
    with clamp(loaded.model, kept=1):
        assert predict(loaded, "the boy").ranked == predict(loaded, "her knee and").ranked
        surprisal = {w.spelt: w.surprisal for ws in score(loaded, "the boy fell\nboy") for w in ws}
        ranked = dict(predict(loaded, "").ranked)
    for word, bits in surprisal.items():
        assert bits == pytest.approx(-np.log2(ranked[word]), rel=1e-6)


@pytest.mark.parametrize("reset", ["after", "before"])
def test_a_classifier_is_held_as_well(reset, trained: Path):
    loaded = load(trained / "sentiment")
    loaded.model.network.formulation = Formulation(reset=reset)
    good, bad = "a good book", "a bad book"
    assert predict(loaded, good).ranked != predict(loaded, bad).ranked
    with clamp(loaded.model, kept=0, reset=0):
        assert predict(loaded, good).ranked == predict(loaded, bad).ranked
