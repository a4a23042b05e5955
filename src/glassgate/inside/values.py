"""The values of a gate that a measure is taken over."""

import numpy as np
from numpy.typing import ArrayLike

from glassgate.errors import BadInput
from glassgate.formulation import Array
from glassgate.gates import steps_that_count


def gate_values(name: str, gate: Array, lengths: ArrayLike | None) -> Array:
    """Give the values of a gate [T, B, H] at the steps that count, [N, H].

    Parameters
    ----------
    name
        What the gate is called in an error.
    gate
        0..1, [T, B, H].
    lengths
        The number of steps of each sequence that count, 0..T, [B]; all if not given.

    Raises
    ------
    BadInput
        When a shape does not fit, a value or length is out of range, or no step counts.
    TypeError
        When the gate is no NumPy array, or the lengths are not integers.

    Examples
    --------
    >>> gate_values("kept", np.array([[[0.5], [0.25]], [[1.0], [0.0]]]), [2, 1])
    array([[0.5 ],
           [0.25],
           [1.  ]])
    """
    if not isinstance(gate, np.ndarray):
        raise TypeError(f"{name} must be a NumPy array, got {type(gate).__name__}")
    values: Array = gate[steps_that_count(name, gate, lengths)]
    if not np.all((values >= 0) & (values <= 1)):
        raise BadInput(f"{name} must lie in 0..1, got {values.min()} to {values.max()}")
    return values
