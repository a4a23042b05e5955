"""What can be held in each kind of unit, and by which of its sums.

Gates and candidates are curves over sums W x + U h + b; the sums of a layer are blocks of H rows of
its weights. To hold a gate is to hold its own sum at the argument at which the curve has the value.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from glassgate.errors import BadInput
from glassgate.formulation import Formulation

Numbers: TypeAlias = NDArray[np.float64]
Range: TypeAlias = tuple[float, float]

SATURATING = 1e4  # at this argument every curve is exactly at its limit, in float16 to float64

# The argument at which a curve has the value y, for y between its limits.
GATE_INVERSES: dict[str, Callable[[Numbers], Numbers]] = {
    "sigmoid": lambda y: np.log(y) - np.log1p(-y),
    "hard_sigmoid_fifth": lambda y: 5 * (y - 0.5),
    "hard_sigmoid_sixth": lambda y: 6 * (y - 0.5),
}
SQUASH_INVERSES: dict[str, Callable[[Numbers], Numbers]] = {
    "tanh": np.arctanh,
    "relu": lambda y: y,
    "linear": lambda y: y,
}
SQUASH_RANGES = {"tanh": (-1.0, 1.0), "relu": (0.0, np.inf), "linear": (-np.inf, np.inf)}
SHARE = (0.0, 1.0)  # the range of a gate


class Unit(Protocol):
    """A kind of unit."""

    @property
    def without_biases(self) -> str:
        """What zero weights alone can hold."""

    def check(self, names: Collection[str]) -> None:
        """Raise `BadInput` where such units cannot hold what is named, all at once."""

    def range_of(self, name: str) -> Range:
        """Return the least and the largest value that can be held."""

    def sums(self, name: str, values: Numbers) -> dict[int, Numbers]:
        """Return, by block of rows, the sums that hold the values, [N] each."""


@dataclass(frozen=True)
class GRUUnit:
    """A gated recurrent unit: a state is held by keeping nothing and a constant candidate."""

    formulation: Formulation
    without_biases: str = "gates only at 0.5"

    RESET, UPDATE, CANDIDATE = range(3)

    def check(self, names: Collection[str]) -> None:
        """Refuse two holds of the update gate, and a reset gate that is not there."""
        _check_one_of(("update", "kept", "state"), names)
        if "reset" in names and self.formulation.reset == "none":
            raise BadInput("reset must be left out: the network's formulation has no reset gate")

    def range_of(self, name: str) -> Range:
        """Return 0..1, or the range of the candidate's curve."""
        return SQUASH_RANGES[self.formulation.squash] if name == "state" else SHARE

    def sums(self, name: str, values: Numbers) -> dict[int, Numbers]:
        """Return the sums of the one gate, or of update gate and candidate."""
        sign = 1 if self.formulation.update == "keeps" else -1  # 1 - gate(a) = gate(-a)
        if name == "state":
            return {
                self.UPDATE: np.full(len(values), -SATURATING * sign),
                self.CANDIDATE: _squash_argument(self.formulation.squash, values),
            }
        argument = _argument(GATE_INVERSES[self.formulation.gate], values, SHARE)
        if name == "reset":
            return {self.RESET: argument}
        return {self.UPDATE: sign * argument if name == "kept" else argument}


@dataclass(frozen=True)
class LSTMUnit:
    """A long short-term memory unit: `kept` is its forget gate.

    Its state h = o tanh(f c + i g) is held with i and o at 1, f at 0 and a constant g. So it
    reaches tanh(±1) and no further.
    """

    without_biases: str = "gates only at 0.5"

    INPUT, FORGET, CANDIDATE, OUTPUT = range(4)

    def check(self, names: Collection[str]) -> None:
        """Refuse gates that an LSTM does not have, and two holds of its forget gate."""
        for name in ("reset", "update"):
            if name in names:
                raise BadInput(
                    f"{name} must be left out: an LSTM has no {name} gate, only kept (its forget "
                    "gate) and state can be held"
                )
        _check_one_of(("kept", "state"), names)

    def range_of(self, name: str) -> Range:
        """Return 0..1, or what a cell that is written anew at each step can show."""
        return (-np.tanh(1.0), np.tanh(1.0)) if name == "state" else SHARE

    def sums(self, name: str, values: Numbers) -> dict[int, Numbers]:
        """Return the sum of the forget gate, or all four."""
        if name == "kept":
            return {self.FORGET: _argument(GATE_INVERSES["sigmoid"], values, SHARE)}
        full = np.full(len(values), SATURATING)
        return {
            self.INPUT: full,
            self.FORGET: -full,
            self.CANDIDATE: _argument(
                lambda y: np.arctanh(np.arctanh(y)), values, self.range_of("state")
            ),
            self.OUTPUT: full,
        }


@dataclass(frozen=True)
class SRNUnit:
    """A unit of a simple recurrent network: it has a state and no gates."""

    squash: str
    without_biases: str = "states only at 0"

    def check(self, names: Collection[str]) -> None:
        """Refuse gates."""
        for name in names:
            if name != "state":
                raise BadInput(
                    f"{name} must be left out: an SRN has no gates, only its state can be held"
                )

    def range_of(self, name: str) -> Range:  # noqa: ARG002 - it is always the state
        """Return the range of the state's curve."""
        return SQUASH_RANGES[self.squash]

    def sums(self, name: str, values: Numbers) -> dict[int, Numbers]:  # noqa: ARG002
        """Return the one sum."""
        return {0: _squash_argument(self.squash, values)}


def _check_one_of(exclusive: tuple[str, ...], names: Collection[str]) -> None:
    given = [name for name in exclusive if name in names]
    if len(given) > 1:
        same = f"{', '.join(exclusive[:-1])} and {exclusive[-1]}"
        raise BadInput(f"{same} hold the same: give one, got {' and '.join(given)}")


def _argument(inverse: Callable[[Numbers], Numbers], values: Numbers, limits: Range) -> Numbers:
    """Return the arguments at which a curve between two limits has the values."""
    low, high = limits
    with np.errstate(divide="ignore"):  # at the limits, which are replaced
        between = inverse(values)
    return np.where(values <= low, -SATURATING, np.where(values >= high, SATURATING, between))


def _squash_argument(squash: str, values: Numbers) -> Numbers:
    inverse = SQUASH_INVERSES[squash]
    return _argument(inverse, values, (-1, 1)) if squash == "tanh" else inverse(values)
