"""Up- and down-regulation: what becomes of the previous state at a step.

A GRU regulates the state that it reads twice. The share k of it stays as it is. The rest, 1 - k,
makes room for the candidate, which itself sees the state through the reset gate r. So each unit
divides the previous state at each step into three shares of the whole, 1:

    passed   k               is kept unchanged
    blended  (1 - k) r       returns within the candidate, mixed with the input
    dropped  (1 - k) (1 - r) is reset: lost to this unit

    passed + blended + dropped = 1

All up is (1, 0, 0): the state passes "as is"; all down is (0, 0, 1): only the input counts.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassgate.errors import BadInput
from glassgate.formulation import Array
from glassgate.gates import Gates, counted_steps
from glassgate.weights import require_shape


class Amounts(NamedTuple):
    """The mean amounts of each unit over a number of steps, 0..1, [H] each."""

    passed: Array
    blended: Array
    dropped: Array
    steps: int


@dataclass(frozen=True, eq=False)
class Regulation:
    """The three amounts of every unit and step, 0..1, [T, B, H] each; they add up to 1.

    Attributes
    ----------
    passed
        k, the share of the previous state that passes unchanged.
    blended
        (1 - k) r, the share that returns within the candidate.
    dropped
        (1 - k) (1 - r), the share that is reset.

    Notes
    -----
    The gates are those of Cho et al. 2014 (arXiv:1406.1078), equations 5 to 8. They show what a
    unit lets through, not what its weights make of it. Where the reset gate stands ``"before"`` the
    product, r is what the unit shows of its own state to all candidates; where it stands
    ``"after"``, what its candidate takes from all states. Without a reset gate r is 1, and nothing
    is dropped.

    Examples
    --------
    >>> kept = np.array([1, 0.5, 0]).reshape(3, 1, 1)
    >>> reset = np.array([0.2, 0.5, 0]).reshape(3, 1, 1)
    >>> regulation = Regulation.of(Gates(reset, kept, kept, kept, kept))
    >>> regulation.passed.ravel(), regulation.blended.ravel(), regulation.dropped.ravel()
    (array([1. , 0.5, 0. ]), array([0.  , 0.25, 0.  ]), array([0.  , 0.25, 1.  ]))
    >>> regulation.mean().passed
    array([0.5])
    """

    passed: Array
    blended: Array
    dropped: Array

    @classmethod
    def of(cls, gates: Gates) -> Regulation:
        """Divide the previous state at every step of a layer, e.g. ``Regulation.of(trace[0])``.

        Raises `BadInput` for other gates than a GRU's.
        """
        if not isinstance(gates, Gates):
            raise BadInput(f"gates must be those of a GRU's layer, got {type(gates).__name__}")
        free = 1 - gates.kept
        return cls(gates.kept, free * gates.reset, free * (1 - gates.reset))

    def mean(self, lengths: ArrayLike | None = None) -> Amounts:
        """Return the mean amounts of each unit over a corpus.

        Parameters
        ----------
        lengths
            Valid steps of each sequence, 0..T, [B] integers; all if not given.

        Raises
        ------
        BadInput
            When the lengths do not fit, or no step is valid.
        TypeError
            When the lengths are not integers.
        """
        return self._average(counted_steps("passed", self.passed, lengths))

    def by_class(
        self, classes: ArrayLike, lengths: ArrayLike | None = None
    ) -> dict[Hashable, Amounts]:
        """Return the mean amounts of each unit by the class of the input, such as nouns and verbs.

        Parameters
        ----------
        classes
            The class of each step's input, [T, B] numbers or strings; the padding is not read.
        lengths
            As in `mean`.

        Returns
        -------
        dict
            By class, in sorted order; each over at least one step.

        Raises
        ------
        BadInput
            When a shape or length does not fit, a class is NaN, or no step is valid.
        TypeError
            When the classes are not all numbers or all strings, or the lengths not integers.
        """
        labels, valid = np.asarray(classes), counted_steps("passed", self.passed, lengths)
        require_shape("classes", labels.shape, self.passed.shape[:2])
        try:
            kinds, numbers = np.unique(labels[valid], return_inverse=True)
        except TypeError:
            raise TypeError("classes must be all numbers or all strings, got others") from None
        if (kinds != kinds).any():
            raise BadInput("classes must not be NaN, got one that is")
        class_numbers = np.full(labels.shape, -1)
        class_numbers[valid] = numbers
        return {
            kind: self._average(class_numbers == number)
            for number, kind in enumerate(kinds.tolist())
        }

    def _average(self, steps: NDArray[np.bool_]) -> Amounts:
        """Average over some steps [T, B], in float64."""
        passed, blended, dropped = (
            array[steps].mean(axis=0, dtype=np.float64)
            for array in (self.passed, self.blended, self.dropped)
        )
        return Amounts(passed, blended, dropped, int(steps.sum()))
