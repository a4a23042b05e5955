"""Stacks of whole Keras layers, with their directions and merges, to and from a `GRU`.

``go_backwards=True`` reads from the end and returns the states in the order in which it read.
Bidirectional reverses the second direction's states before it merges the two, so the output is in
the first direction's order: ``Bidirectional(GRU(go_backwards=True))`` returns the last step first.

Source: `keras.layers.GRU` and `keras.layers.Bidirectional` of Keras 3.15.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np

from glassgate.engine import GRU, LayerPlan
from glassgate.engine.plan import BOTH, Merge, State, as_state
from glassgate.errors import BadInput
from glassgate.exchange.keras.arrays import KerasGRU, from_keras, run_equations, to_keras
from glassgate.formulation import Array

MERGE_FUNCTIONS: dict[str, Callable[[Array, Array], Array]] = {
    "concat": lambda one, other: np.concatenate([one, other], -1),
    "sum": lambda one, other: one + other,
    "mul": lambda one, other: one * other,
    "ave": lambda one, other: (one + other) / 2,
}


@dataclass(frozen=True, eq=False)
class KerasLayer:
    """A Keras GRU layer, or Bidirectional around one, that returns the state of every step.

    Attributes
    ----------
    cells
        The layer itself, or the forward layer and the backward layer.
    go_backwards
        Whether the (forward) layer reads from the end.
    merge_mode
        ``"concat"``, ``"sum"``, ``"mul"`` or ``"ave"``: how two directions are merged. Keras' None,
        which returns two outputs, is ``"concat"`` here.
    """

    cells: tuple[KerasGRU, ...]
    go_backwards: bool = False
    merge_mode: Merge = "concat"


def from_keras_layers(layers: Sequence[KerasLayer]) -> GRU:
    """Build the network of a stack of Keras layers, each reading the one before it.

    Raises
    ------
    BadInput
        When an array or a setting has no counterpart in Glassgate, or the layers' sizes do not fit.
    """
    weights = [[from_keras(**vars(cell)) for cell in layer.cells] for layer in layers]
    return GRU(weights, [_plan(layer) for layer in layers])


def to_keras_layers(network: GRU) -> list[KerasLayer]:
    """Return the Keras 3 layers that compute what a network computes.

    Raises
    ------
    BadInput
        When no Keras 3 layer computes what one of its layers does.
    """
    layers = []
    for i, (plan, weights) in enumerate(zip(network.plan, network.weights, strict=True)):
        layer = KerasLayer(
            tuple(map(to_keras, weights)), plan.directions[0] == "reverse", plan.merge
        )
        if layer.go_backwards and not plan.turns:
            raise BadInput(
                f"layer {i} reads in reverse first and returns its states in the order of time, "
                f"but a Keras layer that goes backwards returns them in the order read"
            )
        layers.append(layer)
    return layers


def run_layers(layers: Sequence[KerasLayer], input: Array, state: State) -> tuple[Array, State]:
    """Run layers by Keras' own equations in float64, using nothing of the conversion.

    Parameters
    ----------
    layers
        The layers, from the bottom up.
    input
        [T, B, I].
    state
        As `GRU.initial_state` returns it, the forward layer's before the backward layer's.

    Returns
    -------
    output
        [T, B, H], or [T, B, 2 H] where two directions are side by side.
    state
        The last states.
    """
    states, last = iter(state), []
    for layer in layers:
        forward = input[::-1] if layer.go_backwards else input
        outputs = []
        for sequence, cell in zip((forward, forward[::-1]), layer.cells, strict=False):
            output, hidden = run_equations(cell, sequence, next(states))
            outputs.append(output)
            last.append(hidden)
        input = outputs[0]
        if len(outputs) == 2:
            input = MERGE_FUNCTIONS[layer.merge_mode](outputs[0], outputs[1][::-1])
    return input, as_state(last)


def merge_of(mode: str | None) -> Merge:
    """Return how a Keras merge_mode merges two directions; None leaves them side by side."""
    return next((word for word in get_args(Merge) if word == mode), "concat")


def _plan(layer: KerasLayer) -> LayerPlan:
    count = len(layer.cells)
    if layer.go_backwards:
        return LayerPlan(BOTH[::-1][:count], layer.merge_mode, "read")
    return LayerPlan(BOTH[:count], layer.merge_mode)
