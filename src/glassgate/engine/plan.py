"""How a layer of a network reads its input, and what it hands on."""

import reprlib
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassgate.errors import BadInput
from glassgate.formulation import Array

Direction: TypeAlias = Literal["forward", "reverse"]
Merge: TypeAlias = Literal["concat", "sum", "mul", "ave"]
Order: TypeAlias = Literal["time", "read"]
BOTH: tuple[Direction, ...] = ("forward", "reverse")


@dataclass(frozen=True)
class LayerPlan:
    """The directions in which a layer reads, and how their states become its output.

    Parameters
    ----------
    directions
        ``("forward",)``, ``("reverse",)``, which reads each sequence from its last valid step to
        its first, or both, in the order of their weights and states.
    merge
        What two directions make at a step: their states side by side (``"concat"``), or unit by
        unit their sum, product or average (``"sum"``, ``"mul"``, ``"ave"``).
    order
        The order of the output's steps: that of the input (``"time"``), or that in which the
        first direction read them (``"read"``), so that a layer which reads in reverse hands each
        sequence on turned round, as ``keras.layers.GRU(go_backwards=True)`` does.

    Raises
    ------
    BadInput
        When a word is none of these, or a direction stands twice.

    Examples
    --------
    >>> LayerPlan(("forward", "reverse")).width(64), LayerPlan(("reverse",)).width(64)
    (128, 64)
    """

    directions: tuple[Direction, ...] = ("forward",)
    merge: Merge = "concat"
    order: Order = "time"

    def __post_init__(self) -> None:
        for name, kind in (("merge", Merge), ("order", Order)):
            _require_word(name, getattr(self, name), kind)
        if not isinstance(self.directions, tuple) or not 1 <= len(self.directions) <= 2:
            came = reprlib.repr(self.directions)
            raise BadInput(f"directions must be a tuple of one direction or two, got {came}")
        for direction in self.directions:
            _require_word("a direction", direction, Direction)
        if self.directions[0] == self.directions[-1] and len(self.directions) == 2:
            raise BadInput(f"directions must differ, got {self.directions[0]} twice")

    def width(self, hidden_size: int) -> int:
        """Give how many values the output has at a step, for H units a direction."""
        return hidden_size * len(self.directions) if self.merge == "concat" else hidden_size

    @property
    def turns(self) -> bool:
        """Whether the output's steps come in another order than the input's."""
        return self.order == "read" and self.directions[0] == "reverse"

    @property
    def usual(self) -> bool:
        """Whether it is as a layer of `torch.nn.GRU`: forward, or both directions side by side."""
        return self.directions[0] == "forward" and self.width(1) == len(self.directions)

    def merged(self, outputs: list[Array]) -> Array:
        """Make the states of all directions, [T, B, H] each, one output, [T, B, width]."""
        if len(outputs) == 1:
            return outputs[0]
        if self.merge == "concat":
            return np.concatenate(outputs, -1)
        one, other = outputs
        if self.merge == "mul":
            return one * other
        return one + other if self.merge == "sum" else (one + other) / 2


def turned(steps: NDArray[Any], lengths: ArrayLike | None = None) -> NDArray[Any]:
    """Turn each sequence round, its valid steps alone, [T, B, ...]; the rest stays in its place."""
    if lengths is None:
        return steps[::-1]
    T, B = steps.shape[:2]
    t, valid = np.arange(T)[:, None], np.asarray(lengths)[None]
    result: NDArray[Any] = steps[np.where(t < valid, valid - 1 - t, t), np.arange(B)]
    return result


def _require_word(name: str, came: object, kind: Any) -> None:
    if not isinstance(came, str) or came not in get_args(kind):
        words = ", ".join(get_args(kind))
        raise BadInput(f"{name} must be one of {words}, got {reprlib.repr(came)}")
