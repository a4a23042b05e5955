"""What a clamp leaves behind, which is nothing, and what it refuses."""

import copy
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch.nn.utils import parametrizations

import glassgate.nn
from glassgate import GRU, BadInput, Formulation, clamp
from glassgate.nn.models import LanguageModel
from tests.engine.engine_cases import same_bits
from tests.engine.gru_cases import network
from tests.inside.clamp_cases import H, I, drawn, overwritten, torch_network

each_network = pytest.mark.parametrize("cls", [glassgate.nn.GRU, torch.nn.GRU, torch.nn.GRUCell])


def bits(module):
    return {name: value.numpy().copy() for name, value in module.state_dict().items()}


def same_state(module, before):
    now = bits(module)
    assert now.keys() == before.keys()
    for name, value in before.items():
        same_bits(now[name], value, name)


def hooks(module):
    """How many there are on the module, and on its parameters."""
    on_parameters = [len(p._backward_hooks or ()) for p in module.parameters()]
    return len(module._forward_pre_hooks), sum(on_parameters)


# The way out -----------------------------------------------------------------------------------


def test_nested_clamps_are_undone_one_by_one():
    weights, input, hidden = drawn()
    engine, module = GRU([[weights]]), torch_network(weights)

    def run():
        with torch.no_grad():
            output, _ = module(torch.tensor(input), torch.tensor(hidden)[None])
        same_bits(output.numpy(), engine.run(input, hidden[None])[0])
        return output.numpy()

    def within(depth, *nested):
        output, before = run(), bits(module)
        assert hooks(module) == (depth, 4 * depth)
        if nested:
            (holds, alike), *deeper = nested
            with clamp(engine, **holds), clamp(module, **holds):
                wanted = overwritten(weights, input, hidden, alike)
                np.testing.assert_allclose(run(), wanted, rtol=0, atol=1e-13)
                within(depth + 1, *deeper)
        same_bits(run(), output)
        same_state(module, before)

    within(
        0,
        ({"kept": 0.2, "units": [0, 1]}, [("kept", [0, 1], 0.2)]),
        ({"update": 1, "units": [1, 2]}, [("kept", [0], 0.2), ("kept", [1, 2], 1)]),
        ({"state": 0.5, "units": [2, 3]}, [("kept", [0, 1], [0.2, 1]), ("state", [2, 3], 0.5)]),
        ({"kept": 1}, [("kept", range(H), 1)]),
    )
    assert engine.weights[0][0] is weights


def test_an_exception_passes_and_all_is_as_it_was():
    engine = network()
    before, held = engine.weights, clamp(engine, layer=1, kept=1)
    assert engine.weights is before  # nothing is held until it is entered

    def failing():
        with held:
            assert engine.weights is not before
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        failing()
    assert engine.weights is before


@each_network
def test_so_do_torch_networks_and_what_they_held_may_be_anything(cls):
    module = torch_network(drawn()[0], cls)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.view(-1)[-3:] = torch.tensor([-0.0, float("nan"), float("inf")])
    before = bits(module)

    def failing():
        with clamp(module, state=0.1):
            assert hooks(module) == (1, 4)
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        failing()
    same_state(module, before)
    assert hooks(module) == (0, 0)


@each_network
def test_frozen_parameters_are_held_and_undone_too(cls):
    module = torch_network(drawn()[0], cls).requires_grad_(False)
    before = bits(module)
    with torch.inference_mode(), clamp(module, kept=0.3):
        assert hooks(module) == (1, 0)
        assert not np.array_equal(next(iter(bits(module).values())), next(iter(before.values())))
    same_state(module, before)
    assert not any(p.is_inference() for p in module.parameters())


def test_a_network_may_change_its_dtype_meanwhile():
    module = glassgate.nn.GRU(I, H)
    before = bits(module)
    with clamp(module, kept=0.75):
        module.double()
        output, _ = module(torch.ones(1, 1, I).double(), torch.ones(1, 1, H).double())
        assert module.bias_ih_l0.dtype == torch.float64
    same_state(module.float(), before)
    assert output.min() > 0.5


def test_a_copy_made_inside_stays_held_and_the_original_does_not():
    weights, input, hidden = drawn()
    module = torch_network(weights)
    with clamp(module, kept=1):
        held = copy.deepcopy(module)
    x, state = torch.tensor(input), torch.tensor(hidden)[None]
    with torch.no_grad():
        assert (held(x, state)[0] == state).all()
        assert (module(x, state)[0] != state).all()


# Whole models ----------------------------------------------------------------------------------


class Two(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.below, self.above = torch.nn.GRU(2, 3), glassgate.nn.GRU(3, 3)


def test_the_one_gru_of_a_model_is_found():
    model = LanguageModel(9, "gru", 4, 6, layers=2)
    before = bits(model)
    tokens = torch.randint(9, (5, 2))
    with torch.no_grad():
        with clamp(model, layer=1, kept=0.5, units=[3]):
            whole, _ = model(tokens)
        with clamp(model.network, layer=1, kept=0.5, units=[3]):
            same_bits(model(tokens)[0].numpy(), whole.numpy())
        assert (model(tokens)[0][1:] != whole[1:]).any()
    same_state(model, before)


def test_no_torch_is_needed_to_hold_what_needs_none():
    code = """
import sys, glassgate, numpy
weights = glassgate.GRUWeights(*(numpy.ones(s) for s in ((6, 1), (6, 2), 6, 6)))
with glassgate.clamp(glassgate.GRU([[weights]]), kept=1):
    print("torch" in sys.modules)
try:
    glassgate.clamp(weights, kept=1)
except TypeError as error:
    print(error)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    wanted = "network must be a glassgate.GRU or a torch module, got GRUWeights"
    assert run.stdout.splitlines() == ["False", wanted]


# Bad input -------------------------------------------------------------------------------------


TWICE = "update, kept and state hold the same: give one, got "


@pytest.mark.parametrize(
    ("named", "error", "message"),
    [
        ({}, BadInput, "clamp must be given one of reset, update, kept and state, got none"),
        ({"update": 1, "kept": 1}, BadInput, TWICE + "update and kept"),
        ({"kept": 0, "state": 0, "reset": 1}, BadInput, TWICE + "kept and state"),
        ({"kept": 1.5}, BadInput, "kept must lie in 0..1, got 1.5"),
        ({"update": -0.1}, BadInput, "update must lie in 0..1, got -0.1"),
        ({"reset": float("nan")}, BadInput, "reset must lie in 0..1, got nan"),
        ({"state": 1.01}, BadInput, "state must lie in -1..1, got 1.01"),
        ({"kept": "high"}, TypeError, "kept must be a number, or one for each unit, got 'high'"),
        ({"kept": [0, 1], "units": [3]}, BadInput, r"kept must have shape \(1,\), got \(2,\)"),
        ({"kept": [0, 2, 1], "units": [3, 4, 5]}, BadInput, "kept must lie in 0..1, got 2"),
        ({"kept": 0, "units": [0, 6]}, BadInput, "units must lie in 0..5, got 6"),
        ({"kept": 0, "units": [-1]}, BadInput, "units must lie in 0..5, got -1"),
        ({"kept": 0, "units": [1, 2, 1]}, BadInput, "units must differ, got 1 more than once"),
        ({"kept": 0, "units": [1.0]}, TypeError, "units must be integers, got float64"),
        ({"kept": 0, "units": 3}, BadInput, r"units must have shape \(N,\), got \(\)"),
        ({"kept": 0, "layer": 2}, BadInput, "layer must lie in 0..1, got 2"),
        ({"kept": 0, "layer": -1}, BadInput, "layer must lie in 0..1, got -1"),
        ({"kept": 0, "layer": True}, BadInput, "layer must lie in 0..1, got True"),
        ({"kept": 0, "layer": 1.0}, BadInput, "layer must lie in 0..1, got 1.0"),
        (
            {"kept": 0, "units": [[1, 2], [3]]},
            BadInput,
            r"units must be one row of numbers, got \[\[1, 2\], \[3\]\]",
        ),
        (
            {"kept": [[1, 0], [0]]},
            BadInput,
            r"kept must be one row of numbers, got \[\[1, 0\], \[0\]\]",
        ),
        (
            {"kept": 0, "direction": "reverse"},
            BadInput,
            "direction of layer 0 must be forward, got 'reverse'",
        ),
    ],
    ids=str,
)
def test_what_cannot_be_held_is_refused_in_a_sentence(named, error, message):
    for one in (network(), glassgate.nn.GRU(3, 6, 2)):
        with pytest.raises(error, match=f"^{message}$"):
            clamp(one, **named)


@pytest.mark.parametrize(
    ("squash", "bad", "wanted"),
    [
        ("tanh", -1.5, "lie in -1..1"),
        ("relu", -0.5, "be finite and at least 0"),
        ("relu", np.inf, "be finite and at least 0"),
        ("linear", np.nan, "be finite"),
    ],
)
def test_a_state_stays_in_the_range_of_the_candidates_curve(squash, bad, wanted):
    with pytest.raises(BadInput, match=f"^state must {wanted}, got {bad}$"):
        clamp(network(form=Formulation(squash=squash)), state=bad)


def test_no_reset_gate_cannot_be_held():
    message = "^reset must be left out: the network's formulation has no reset gate$"
    with pytest.raises(BadInput, match=message):
        clamp(network(form=Formulation(reset="none")), reset=0)


NONE_INSIDE = "network must be a GRU, LSTM or SRN, or have one inside, got Feedforward without"


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (glassgate.nn.Feedforward(2, 3), NONE_INSIDE),
        (
            Two(),
            "network must have one GRU, LSTM or SRN inside, got below and above: pass one of them",
        ),
        (torch.nn.LSTM(2, 3, proj_size=1), "an LSTM to be held must have proj_size 0, got 1"),
        (
            parametrizations.weight_norm(torch.nn.GRU(2, 3), "weight_hh_l0"),
            "weight_hh_l0 must be a parameter to be held, got one that is computed",
        ),
    ],
    ids=["feedforward", "two", "projections", "computed"],
)
def test_models_that_cannot_be_held_are_refused(model, message):
    with pytest.raises(BadInput, match=f"^{message}$"):
        clamp(model, kept=1)


@each_network
def test_without_biases_zeros_hold_a_gate_at_a_half_and_nothing_else(cls):
    module = cls(I, H, bias=False).double()
    before, x = bits(module), torch.ones(1, I).double()
    message = "^a network without biases can hold gates only at 0.5, got reset 0, kept 0.6$"
    with pytest.raises(BadInput, match=message):
        clamp(module, kept=0.6, reset=0)
    with torch.no_grad(), clamp(module, kept=0.5, reset=0.5):
        output = module(x)
        output = output if torch.is_tensor(output) else output[0]
        n = torch.tanh(x @ dict(module.named_parameters())[next(iter(before))][2 * H :].T)
        torch.testing.assert_close(output, n / 2, rtol=0, atol=1e-15)
    same_state(module, before)
