"""bfloat16, the upper half of a float32: a sign bit, 8 bits of exponent and 7 of fraction."""

import numpy as np
from numpy.typing import NDArray

from glassgate.formulation import Array

QUIET_NAN = 0x0040  # the bit that keeps a NaN a NaN when its lower half is cut off


def to_bits(array: Array) -> NDArray[np.uint16]:
    """Round float32 numbers to the nearest bfloat16, ties to even, and return the bits.

    As IEEE 754 prescribes, NaN stays NaN, infinity stays infinity, and numbers too large for
    bfloat16 become infinity.

    Examples
    --------
    >>> [f"{bits:04x}" for bits in to_bits(np.array([1, -2, 1.003, np.inf], np.float32))]
    ['3f80', 'c000', '3f80', '7f80']
    """
    bits = np.ascontiguousarray(array, np.float32).view(np.uint32)
    upper = bits >> 16
    rounded = (bits + 0x7FFF + (upper & 1)) >> 16
    return np.where(np.isnan(array), upper | QUIET_NAN, rounded).astype(np.uint16)


def from_bits(bits: NDArray[np.uint16]) -> NDArray[np.float32]:
    """Return bfloat16 numbers, given by their bits, as float32; the conversion is exact."""
    return (bits.astype(np.uint32) << 16).view(np.float32)


def round_to_bfloat16(array: Array) -> NDArray[np.float32]:
    """Return the bfloat16 number nearest to each float32 number, as float32."""
    return from_bits(to_bits(array))
