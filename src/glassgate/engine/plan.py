"""How the layers of a network fit together: directions, merging, order of steps, states."""

import reprlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal, TypeAlias, cast, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassgate.engine.calls import check_array
from glassgate.errors import BadInput
from glassgate.formulation import Array, Formulation
from glassgate.weights import GRUWeights, require_shape

Direction: TypeAlias = Literal["forward", "reverse"]
Merge: TypeAlias = Literal["concat", "sum", "mul", "ave"]
Order: TypeAlias = Literal["time", "read"]
BOTH: tuple[Direction, ...] = ("forward", "reverse")

Stack: TypeAlias = tuple[tuple[GRUWeights, ...], ...]  # by layer and direction
State: TypeAlias = Array | tuple[Array, ...]
"""The states by layer and direction, [states, B, H]; a tuple of [B, H] if layers differ in H."""


@dataclass(frozen=True)
class LayerPlan:
    """The directions in which a layer reads, and how their states become its output.

    Parameters
    ----------
    directions
        ``("forward",)``, ``("reverse",)``, which reads each sequence from its last valid step to
        its first, or both, in the order of their weights and states.
    merge
        How the states of two directions are merged at each step: concatenated (``"concat"``), or
        their elementwise sum, product or average (``"sum"``, ``"mul"``, ``"ave"``).
    order
        The order of the output's steps: that of the input (``"time"``), or that in which the
        first direction reads them (``"read"``): then a layer that reads in reverse outputs each
        sequence reversed, as ``keras.layers.GRU(go_backwards=True)`` does.

    Raises
    ------
    BadInput
        When a word is none of these, or a direction is repeated.

    Examples
    --------
    >>> LayerPlan(("forward", "reverse")).width(64), LayerPlan(("reverse",)).width(64)
    (128, 64)
    """

    directions: tuple[Direction, ...] = ("forward",)
    merge: Merge = "concat"
    order: Order = "time"

    def __post_init__(self) -> None:
        for name, literal in (("merge", Merge), ("order", Order)):
            _require_word(name, getattr(self, name), literal)
        if not isinstance(self.directions, tuple) or not 1 <= len(self.directions) <= 2:
            given = reprlib.repr(self.directions)
            raise BadInput(f"directions must be a tuple of one direction or two, got {given}")
        for direction in self.directions:
            _require_word("a direction", direction, Direction)
        if self.directions[0] == self.directions[-1] and len(self.directions) == 2:
            raise BadInput(f"directions must differ, got {self.directions[0]} twice")

    def width(self, hidden_size: int) -> int:
        """Return the size of the output at a step, for H units per direction."""
        return hidden_size * len(self.directions) if self.merge == "concat" else hidden_size

    @property
    def turns(self) -> bool:
        """Whether the output's steps are in a different order from the input's."""
        return self.order == "read" and self.directions[0] == "reverse"

    @property
    def usual(self) -> bool:
        """Whether a layer of `torch.nn.GRU` can have this plan: forward, or both concatenated."""
        return self.directions[0] == "forward" and self.width(1) == len(self.directions)

    def combine(self, outputs: list[Array]) -> Array:
        """Merge the states of all directions, [T, B, H] each, into one output, [T, B, width]."""
        if len(outputs) == 1:
            return outputs[0]
        if self.merge == "concat":
            return np.concatenate(outputs, -1)
        first, second = outputs
        if self.merge == "mul":
            return first * second
        return first + second if self.merge == "sum" else (first + second) / 2


def reverse_steps(steps: NDArray[Any], lengths: ArrayLike | None = None) -> NDArray[Any]:
    """Reverse each sequence's valid steps, [T, B, ...]; the padding stays where it is."""
    if lengths is None:
        return steps[::-1]
    T, B = steps.shape[:2]
    t, valid = np.arange(T)[:, None], np.asarray(lengths)[None]
    result: NDArray[Any] = steps[np.where(t < valid, valid - 1 - t, t), np.arange(B)]
    return result


def _require_word(name: str, given: object, literal: Any) -> None:
    if not isinstance(given, str) or given not in get_args(literal):
        words = ", ".join(get_args(literal))
        raise BadInput(f"{name} must be one of {words}, got {reprlib.repr(given)}")


def check_stack(stack: Stack, plan: Sequence[LayerPlan]) -> Stack:
    """Return the stack unchanged if its layers fit each other and their plan.

    Raises
    ------
    BadInput
        When there is no layer, or a layer's weights do not fit its plan, the layer below or the
        first layer.
    TypeError
        When a layer or plan is of another type than `GRUWeights` or `LayerPlan`.
    """
    if not stack or not stack[0]:
        raise BadInput("layers must hold at least one layer of at least one direction, got none")
    _require_type("layers", chain.from_iterable(stack), GRUWeights)
    _require_type("plan", plan, LayerPlan)
    if len(plan) != len(stack):
        raise BadInput(f"plan must have one entry a layer, {len(stack)}, got {len(plan)}")
    first, input_size = stack[0][0], stack[0][0].input_size
    for i, (layer, layer_plan) in enumerate(zip(stack, plan, strict=True)):
        if len(layer) != len(layer_plan.directions):
            wanted = " and ".join(layer_plan.directions)
            raise BadInput(f"layer {i} must have weights for {wanted}, got {len(layer)}")
        for direction, weights in zip(layer_plan.directions, layer, strict=True):
            name = f"layer {i} {direction}"
            _require_equal("input_size", name, weights.input_size, input_size)
            _require_equal("hidden_size", name, weights.hidden_size, layer[0].hidden_size)
            for attribute in ("dtype", "bfloat16", "formulation"):
                _require_equal(
                    attribute, name, getattr(weights, attribute), getattr(first, attribute)
                )
        input_size = layer_plan.width(layer[0].hidden_size)
    return stack


def _require_type(name: str, items: Iterable[object], kind: type) -> None:
    for item in items:
        if not isinstance(item, kind):
            raise TypeError(f"{name} must hold {kind.__name__}, got {type(item).__name__}")


def _require_equal(attribute: str, name: str, given: object, wanted: object) -> None:
    if given != wanted:
        raise BadInput(f"{attribute} of {name} must be {_describe(wanted)}, got {_describe(given)}")


def _describe(value: object) -> str:
    if not isinstance(value, Formulation):
        return str(value)
    gates = f"gates {value.gate}, candidate {value.squash}"
    return f"reset {value.reset}, update {value.update}, {gates}"


def as_state(states: Sequence[Array]) -> State:
    """Stack states [B, H] to one array [states, B, H]; keep a tuple if they differ in size."""
    if len({state.shape for state in states}) == 1:
        return np.stack(states)
    return tuple(states)


def check_state(
    state: State, sizes: Sequence[int], batch: int, dtype: np.dtype[np.floating]
) -> State:
    """Return a state that the engine can read, copied if not contiguous.

    Parameters
    ----------
    state
        The caller's.
    sizes
        H of each state.
    batch, dtype
        B, and the required dtype.

    Raises
    ------
    BadInput
        When a shape or the number of arrays does not fit.
    TypeError
        When a dtype does not fit.
    """
    if len(set(sizes)) == 1:
        shape = (len(sizes), batch, sizes[0])
        return check_array("state", cast(Array, state), dtype, shape)
    _require_state_tuple("state", state, sizes)
    return tuple(
        check_array(f"state {i}", array, dtype, (batch, sizes[i])) for i, array in enumerate(state)
    )


def require_state(name: str, given: State, sizes: Sequence[int], batch: int) -> None:
    """Refuse a state whose shapes are not those of `sizes`, H of each, and B = `batch`."""
    if len(set(sizes)) == 1:
        require_shape(name, np.shape(given), (len(sizes), batch, sizes[0]))
        return
    _require_state_tuple(name, given, sizes)
    for i, (array, H) in enumerate(zip(given, sizes, strict=True)):
        require_shape(f"{name} {i}", np.shape(array), (batch, H))


def _require_state_tuple(name: str, given: State, sizes: Sequence[int]) -> None:
    if not isinstance(given, tuple) or len(given) != len(sizes):
        got = f"{len(given)} of them" if isinstance(given, tuple) else type(given).__name__
        raise BadInput(f"{name} must be a tuple of {len(sizes)} arrays (B, H), got {got}")


def resolve_place(
    layer: int, direction: Direction | None, directions: Sequence[Sequence[Direction]]
) -> tuple[int, Direction]:
    """Check a layer and one of its directions, by default the layer's first, and return both.

    Parameters
    ----------
    layer
        From 0.
    direction
        ``"forward"`` or ``"reverse"``, or None.
    directions
        Those of each layer.

    Raises
    ------
    BadInput
        When there is no such layer, or no such direction of it.

    Examples
    --------
    >>> resolve_place(1, None, [["forward"], ["reverse", "forward"]])
    (1, 'reverse')
    """
    is_number = isinstance(layer, int | np.integer) and not isinstance(layer, bool)
    if not (is_number and 0 <= layer < len(directions)):
        raise BadInput(f"layer must lie in 0..{len(directions) - 1}, got {layer!r}")
    available = directions[layer]
    direction = available[0] if direction is None else direction
    if direction not in available:
        wanted = " or ".join(available)
        raise BadInput(f"direction of layer {layer} must be {wanted}, got {direction!r}")
    return int(layer), direction
