"""Where other tools' conventions differ from Glassgate's: gate order and form of the unit."""

import numpy as np

from glassgate.errors import BadInput
from glassgate.formulation import Array, Formulation
from glassgate.weights import GRUWeights


def swap_reset_update(rows: Array) -> Array:
    """Swap the first two of three blocks of rows: from update, reset, candidate to ours, and back.

    >>> swap_reset_update(np.arange(6))
    array([2, 3, 0, 1, 4, 5])
    """
    first, second, third = np.split(rows, 3)
    return np.concatenate([second, first, third])


def to_form(weights: GRUWeights, form: Formulation, cell: str) -> GRUWeights:
    """Convert weights exactly to the form that a cell computes.

    Only the update gate can be converted, between ``keeps`` and ``writes``.

    Raises
    ------
    BadInput
        When the weights are for another place of the reset gate or another activation.
    """
    for word, meaning in (
        ("reset", "the place of the reset gate"),
        ("gate", "the activation of the gates"),
        ("squash", "the activation of the candidate"),
    ):
        expected, actual = getattr(form, word), getattr(weights.formulation, word)
        if expected != actual:
            raise BadInput(
                f"{cell} has {word} {expected}, got {actual}: {meaning} makes it a different "
                f"function, so there is no exact conversion"
            )
    return weights.with_update(form.update)
