"""Memory for what the engine computes, kept when it comes back and handed out again.

A tape or a gradient of some megabytes that is new at every call costs the system more time, to map
and clear its pages, than a small layer's arithmetic takes.
"""

from math import prod

import numpy as np

from glassgate import _native
from glassgate.formulation import Array

WORTH_KEEPING = 2**16  # bytes; below it the C library hands memory out again by itself


def empty(shape: tuple[int, ...], dtype: np.dtype[np.floating]) -> Array:
    """Give an array of float32 or float64 with anything in it, [*shape] in C order."""
    if prod(shape) * dtype.itemsize < WORTH_KEEPING:
        return np.empty(shape, dtype)
    array: Array = _native.lend(shape, dtype == np.float64)
    return array


def release_memory() -> int:
    """Return to the system what the engine keeps for its next calls, and say how many bytes.

    The engine keeps the memory of tapes, packed weights and gradients when nothing refers to it
    any more, at most 256 MiB of it. What is in use is not touched.

    Examples
    --------
    >>> release_memory() >= 0
    True
    """
    return _native.release_memory()
