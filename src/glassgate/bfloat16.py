"""bfloat16, the upper half of a float32: a sign, its 8 bits of exponent and 7 of fraction."""

import numpy as np
from numpy.typing import NDArray

from glassgate.formulation import Array

QUIET = 0x0040  # the bit of a bfloat16 NaN that no rounding may lose


def to_bits(array: Array) -> NDArray[np.uint16]:
    """Round float32 numbers to the nearest bfloat16, ties to even, as bits.

    As IEEE 754 has it: NaN stays NaN, infinity stays, what is too large becomes infinity.

    Examples
    --------
    >>> [f"{bits:04x}" for bits in to_bits(np.array([1, -2, 1.003, np.inf], np.float32))]
    ['3f80', 'c000', '3f80', '7f80']
    """
    bits = np.ascontiguousarray(array, np.float32).view(np.uint32)
    upper = bits >> 16
    rounded = (bits + 0x7FFF + (upper & 1)) >> 16
    return np.where(np.isnan(array), upper | QUIET, rounded).astype(np.uint16)


def from_bits(bits: NDArray[np.uint16]) -> NDArray[np.float32]:
    """Give bfloat16 numbers, told by their bits, as the float32 numbers that they are."""
    return (bits.astype(np.uint32) << 16).view(np.float32)


def rounded(array: Array) -> NDArray[np.float32]:
    """Give the bfloat16 number nearest to each float32 number, as float32."""
    return from_bits(to_bits(array))
