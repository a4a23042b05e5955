"""How long each unit of a layer remembers, and which units are long or short."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassgate.formulation import Array
from glassgate.gates import kept_share, memory_span

LONG, SHORT = 5.0, 2.0  # steps; long is at least, short at most


class Memory(NamedTuple):
    """The units of a layer: mean kept share, 0..1, and memory span in steps, [H] each.

    The span is -1 / ln(mean k), the steps after which 1/e of a state would be left
    (`glassgate.inside.memory_span`; Tallec & Ollivier 2018, arXiv:1804.11188).

    Examples
    --------
    >>> memory = Memory.of(np.full((7, 1, 4), [0.5, 0.9, 0.7, 1.0]))
    >>> memory.profile.round(1)
    array([inf, 9.5, 2.8, 1.4])
    >>> memory.long, memory.short
    ([3, 1], [0])
    """

    kept: Array
    span: Array

    @classmethod
    def of(cls, kept: Array, lengths: ArrayLike | None = None) -> Memory:
        """Measure the units of one layer over a batch, e.g. ``Memory.of(trace[0].kept)``.

        Parameters
        ----------
        kept
            k, 0..1, [T, B, H].
        lengths
            Valid steps of each sequence, 0..T, [B] integers; all if not given.

        Raises
        ------
        BadInput
            When a shape does not fit, a length or share is out of range, or no step is valid.
        TypeError
            When `kept` is not a NumPy array, or the lengths are not integers.
        """
        share = kept_share(kept, lengths)
        return cls(share, memory_span(share))

    @property
    def order(self) -> NDArray[np.intp]:
        """The units from the longest memory to the shortest, [H]."""
        return np.argsort(-self.span, kind="stable")

    @property
    def profile(self) -> Array:
        """The spans from the longest to the shortest, in steps, [H]."""
        return self.span[self.order]

    @property
    def long(self) -> list[int]:
        """The units with a span of 5 steps or more, the longest first."""
        return [int(unit) for unit in self.order if self.span[unit] >= LONG]

    @property
    def short(self) -> list[int]:
        """The units with a span of 2 steps or less, the shortest first."""
        return [int(unit) for unit in self.order[::-1] if self.span[unit] <= SHORT]
