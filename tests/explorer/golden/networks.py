"""Networks of one layer and several, free and with units held, from torch in float64.

Held ones run under `glassgate.clamp`. Gates and states come from `glassgate.trace`, gradients from
torch's autograd.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor, nn

from glassgate import clamp, trace
from glassgate.formulation import Formulation
from glassgate.nn import GRU, LSTM, SRN, Feedforward
from tests.explorer.golden.cells import CAMEL, formulations

T, I, H = 5, 3, 4
SCALE = 1.5
PARTS = {  # of a trace
    "srn": ("hidden",),
    "gru": ("reset", "update", "kept", "candidate", "hidden"),
    "lstm": ("input", "kept", "candidate", "output", "cell", "hidden"),
}
OTHERWISE = {"input": "inputGate", "output": "outputGate"}  # names in JavaScript that differ
Hold = dict[str, Any]  # as the page writes one: layer, units, values by name, from


def network_cases() -> Iterator[dict[str, Any]]:
    """Yield networks of every kind and form with what they compute, and their gradients."""
    for seed, formulation in enumerate(formulations()):
        network = GRU(I, H, formulation=formulation)
        for holds in ([], gru_holds(formulation, layer=0)):
            yield network_case("gru", network, seed, holds)
    for kind, network in (
        ("feedforward", Feedforward(I, H, num_layers=2)),
        ("srn", SRN(I, H)),
        ("srn", SRN(I, H, num_layers=3)),
        ("gru", GRU(I, H, num_layers=3)),
        ("lstm", LSTM(I, H)),
        ("lstm", LSTM(I, H, num_layers=2)),
    ):
        yield network_case(kind, network, 100, [])
        if kind != "feedforward":
            top = network.num_layers - 1
            yield network_case(kind, network, 101, [*HOLDS[kind], hold(top, [1], state=0.25)])


def hold(layer: int, units: list[int], **values: float) -> Hold:
    """Return a hold as the page has it."""
    return {"layer": layer, "units": units, "from": 0, **values}


def gru_holds(formulation: Formulation, layer: int) -> list[Hold]:
    """Return holds of everything that this form has, some of them one upon the other."""
    free = [
        hold(layer, [0, 2], kept=0.3),
        hold(layer, [1], state=0.5),
        hold(layer, [2], kept=1.0),
    ]
    if formulation.reset == "none":
        return free
    return [*free, hold(layer, [3], reset=0.8, kept=0.0), hold(layer, [0], reset=0.0)]


HOLDS = {
    "srn": [hold(0, [0, 3], state=-0.4), hold(0, [0], state=1.0)],
    "gru": gru_holds(Formulation(), layer=0),
    "lstm": [hold(0, [0, 2], kept=0.3), hold(0, [0], kept=0.0), hold(0, [3], state=0.6)],
}


def network_case(kind: str, network: nn.Module, seed: int, holds: list[Hold]) -> dict[str, Any]:
    """Run a network with new weights along a sequence, and back from a gradient at each output."""
    torch.manual_seed(seed)
    network = network.double()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_(std=SCALE / 2)
    input = torch.randn(T, 1, I, dtype=torch.float64, requires_grad=True)
    grad = torch.randn(T, 1, H, dtype=torch.float64)
    with clamped(network, holds):
        network.zero_grad()
        output = network(input)[0]
        (output * grad).sum().backward()
        layers = [] if kind == "feedforward" else traced(kind, network, input.detach())
    formulation = getattr(network, "formulation", None)
    assert input.grad is not None
    return {
        "name": f"{kind}, {network.num_layers} layers, {formulation}, {len(holds)} holds",
        "kind": kind,
        "inputSize": I,
        "hiddenSize": H,
        "formulation": None if formulation is None else asdict(formulation),
        "holds": holds,
        "weights": [weights(kind, network, layer) for layer in range(network.num_layers)],
        "input": input[:, 0].tolist(),
        "output": output[:, 0].tolist(),
        "gradOutput": grad[:, 0].tolist(),
        "layers": layers,
        "gradients": {
            "input": input.grad[:, 0].tolist(),
            "weights": [
                weights(kind, network, layer, grads=True) for layer in range(network.num_layers)
            ],
        },
    }


def clamped(network: nn.Module, holds: list[Hold]) -> AbstractContextManager[object]:
    """Hold what the page would hold, each of its values by a clamp of its own."""
    stack = ExitStack()
    for one in holds:
        units = None if one["units"] == "all" else one["units"]
        values = {name: one[name] for name in ("reset", "kept", "state") if name in one}
        stack.enter_context(clamp(network, layer=one["layer"], units=units, **values))
    return stack


def traced(kind: str, network: nn.Module, input: Tensor) -> list[dict[str, Any]]:
    """Return each layer's gates and states, [T, H] each, by the names that JavaScript uses."""
    gates = trace(network, input)
    return [
        {
            OTHERWISE.get(name, name): getattr(gates[layer], name)[:, 0].tolist()
            for name in PARTS[kind]
        }
        for layer in range(network.num_layers)
    ]


def weights(
    kind: str, network: nn.Module, layer: int, *, grads: bool = False
) -> dict[str, list[float]]:
    """Return a layer's weights or their gradients, row after row, by the names in JavaScript."""
    if kind == "feedforward":
        names = {"weight": f"layers.{layer}.weight", "bias": f"layers.{layer}.bias"}
    else:
        short = {
            "weight_input": "weight_ih",
            "weight_hidden": "weight_hh",
            "bias_input": "bias_ih",
            "bias_hidden": "bias_hh",
        }
        names = {CAMEL[name]: f"{theirs}_l{layer}" for name, theirs in short.items()}
    tensors = dict(network.named_parameters())
    arrays = {mine: tensors[theirs] for mine, theirs in names.items()}
    return {
        name: (array.grad if grads else array.detach()).flatten().tolist()
        for name, array in arrays.items()
    }
