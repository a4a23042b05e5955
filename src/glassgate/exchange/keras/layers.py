"""Whole recurrent layers of Keras, on each other: their arrangement, to and from a `GRU`.

``go_backwards=True`` reads from the end and gives the states in the order in which it read.
Bidirectional turns the second direction's states back before it merges both, and so has them in
the first one's order: of ``Bidirectional(GRU(go_backwards=True))`` the steps come from the end.

Source: `keras.layers.GRU` and `keras.layers.Bidirectional` of Keras 3.15.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np

from glassgate.engine import GRU, LayerPlan
from glassgate.engine.plan import BOTH, Merge, State, as_state
from glassgate.errors import BadInput
from glassgate.exchange.keras.arrays import KerasGRU, equations, from_keras, to_keras
from glassgate.formulation import Array

MERGED: dict[str, Callable[[Array, Array], Array]] = {
    "concat": lambda one, other: np.concatenate([one, other], -1),
    "sum": lambda one, other: one + other,
    "mul": lambda one, other: one * other,
    "ave": lambda one, other: (one + other) / 2,
}


@dataclass(frozen=True, eq=False)
class KerasLayer:
    """A GRU layer of Keras, or Bidirectional of one, that returns the states of every step.

    Attributes
    ----------
    cells
        Its one direction, or the forward layer and the backward layer.
    go_backwards
        Whether the (forward) layer reads from the end.
    merge_mode
        ``"concat"``, ``"sum"``, ``"mul"`` or ``"ave"``: what two directions become. Without any
        (Keras' None) their outputs are two, and here side by side.
    """

    cells: tuple[KerasGRU, ...]
    go_backwards: bool = False
    merge_mode: Merge = "concat"


def from_keras_layers(layers: Sequence[KerasLayer]) -> GRU:
    """Give the network that layers of Keras, each reading the one below, are.

    Raises
    ------
    BadInput
        When an array or a setting has no equal here, or the layers do not fit on each other.
    """
    weights = [[from_keras(**vars(cell)) for cell in layer.cells] for layer in layers]
    return GRU(weights, [_plan(layer) for layer in layers])


def to_keras_layers(network: GRU) -> list[KerasLayer]:
    """Give the layers of Keras 3 that compute what a network computes.

    Raises
    ------
    BadInput
        When no Keras 3 layer computes one of them.
    """
    layers = []
    for i, (plan, weights) in enumerate(zip(network.plan, network.weights, strict=True)):
        layer = KerasLayer(
            tuple(map(to_keras, weights)), plan.directions[0] == "reverse", plan.merge
        )
        if layer.go_backwards and not plan.turns:
            raise BadInput(
                f"layer {i} starts in reverse and gives its states in the order of time: a layer "
                f"of Keras that goes backwards gives them in the order read"
            )
        layers.append(layer)
    return layers


def run_layers(layers: Sequence[KerasLayer], input: Array, state: State) -> tuple[Array, State]:
    """Run layers by Keras' own equations in float64, apart from every conversion.

    Parameters
    ----------
    layers
        As Keras holds them.
    input
        [T, B, I].
    state
        As `GRU.initial_state` gives it, the forward layer's before the backward layer's.

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
        for read, cell in zip((forward, forward[::-1]), layer.cells, strict=False):
            output, hidden = equations(cell, read, next(states))
            outputs.append(output)
            last.append(hidden)
        input = outputs[0]
        if len(outputs) == 2:
            input = MERGED[layer.merge_mode](outputs[0], outputs[1][::-1])
    return input, as_state(last)


def merge(mode: str | None) -> Merge:
    """Say what a merge_mode makes of two directions; without one they come side by side."""
    return next((word for word in get_args(Merge) if word == mode), "concat")


def _plan(layer: KerasLayer) -> LayerPlan:
    count = len(layer.cells)
    if layer.go_backwards:
        return LayerPlan(BOTH[::-1][:count], layer.merge_mode, "read")
    return LayerPlan(BOTH[:count], layer.merge_mode)
