"""Layers on layers: what must fit together for weights to be one network."""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TypeAlias

from glassgate.engine.plan import LayerPlan
from glassgate.errors import BadInput
from glassgate.formulation import Formulation
from glassgate.weights import GRUWeights

Stack: TypeAlias = tuple[tuple[GRUWeights, ...], ...]  # layers, and their directions


def checked_stack(stack: Stack, plan: Sequence[LayerPlan]) -> Stack:
    """Give the stack as it came, if its layers fit one on the other and fit their plan.

    Raises
    ------
    BadInput
        When there is no layer, or a layer's weights do not fit its plan, the layer below or the
        first layer.
    TypeError
        When something is no `GRUWeights` or no `LayerPlan`.
    """
    if not stack or not stack[0]:
        raise BadInput("layers must hold at least one layer of at least one direction, got none")
    _require_kind("layers", chain.from_iterable(stack), GRUWeights)
    _require_kind("plan", plan, LayerPlan)
    if len(plan) != len(stack):
        raise BadInput(f"plan must have one entry a layer, {len(stack)}, got {len(plan)}")
    first, reads = stack[0][0], stack[0][0].input_size
    for i, (layer, arranged) in enumerate(zip(stack, plan, strict=True)):
        if len(layer) != len(arranged.directions):
            wanted = " and ".join(arranged.directions)
            raise BadInput(f"layer {i} must have weights for {wanted}, got {len(layer)}")
        for direction, weights in zip(arranged.directions, layer, strict=True):
            name = f"layer {i} {direction}"
            _require("input_size", name, weights.input_size, reads)
            _require("hidden_size", name, weights.hidden_size, layer[0].hidden_size)
            for fact in ("dtype", "bfloat16", "formulation"):
                _require(fact, name, getattr(weights, fact), getattr(first, fact))
        reads = arranged.width(layer[0].hidden_size)
    return stack


def _require_kind(name: str, some: Iterable[object], kind: type) -> None:
    for one in some:
        if not isinstance(one, kind):
            raise TypeError(f"{name} must hold {kind.__name__}, got {type(one).__name__}")


def _require(fact: str, name: str, came: object, wanted: object) -> None:
    if came != wanted:
        raise BadInput(f"{fact} of {name} must be {_words(wanted)}, got {_words(came)}")


def _words(value: object) -> str:
    if not isinstance(value, Formulation):
        return str(value)
    gates = f"gates {value.gate}, candidate {value.squash}"
    return f"reset {value.reset}, update {value.update}, {gates}"
