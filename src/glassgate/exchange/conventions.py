"""What tools have otherwise than Glassgate: the order of the gates, and the form of the unit."""

import numpy as np

from glassgate.errors import BadInput
from glassgate.formulation import Array, Formulation
from glassgate.weights import GRUWeights


def swapped(rows: Array) -> Array:
    """Swap the first two of three blocks of rows: update, reset, candidate to our order and back.

    >>> swapped(np.arange(6))
    array([2, 3, 0, 1, 4, 5])
    """
    first, second, third = np.split(rows, 3)
    return np.concatenate([second, first, third])


def exact(weights: GRUWeights, form: Formulation, cell: str) -> GRUWeights:
    """Give weights in the form that a cell computes, or refuse them.

    Raises
    ------
    BadInput
        When they are made for another place of the reset gate or another curve.
    """
    for word, why in (
        ("reset", "the place of the reset gate"),
        ("gate", "the curve of the gates"),
        ("squash", "the curve of the candidate"),
    ):
        own, came = getattr(form, word), getattr(weights.formulation, word)
        if own != came:
            raise BadInput(
                f"{cell} has {word} {own}, got {came}: {why} makes a different function, so "
                f"nothing converts it exactly"
            )
    return weights.with_update(form.update)
