"""Measure the error that weights in bfloat16 cause in a network's output."""

import numpy as np
from numpy.typing import ArrayLike

from glassgate.engine.gru import GRU
from glassgate.errors import BadInput
from glassgate.formulation import Array


def bfloat16_error(
    gru: GRU,
    input: Array,
    state: Array | None = None,
    lengths: ArrayLike | None = None,
    resets: ArrayLike | None = None,
) -> float:
    """Run a network with its own weights and with these in bfloat16, and compare the outputs.

    Parameters
    ----------
    gru
        The network in float32 or float64.
    input, state, lengths, resets
        As in `GRU.run`. The error holds for this input: choose one that is typical of the task.

    Returns
    -------
    float
        The largest absolute difference between outputs; 0 if there are none, NaN if one is NaN.

    Raises
    ------
    BadInput
        When the network is in bfloat16 already, or a shape does not fit.
    TypeError
        When a dtype is not the network's.

    Examples
    --------
    >>> import numpy as np
    >>> from glassgate import GRUWeights
    >>> weights = GRUWeights(*(np.full(shape, 0.3) for shape in ((6, 1), (6, 2), 6, 6)))
    >>> input = np.ones((20, 1, 1))
    >>> f"{bfloat16_error(GRU([[weights]]), input):.4f}"
    '0.0006'
    """
    if gru.bfloat16:
        raise BadInput("gru must be in float32 or float64, got bfloat16: nothing is left to round")
    output, _ = gru.run(input, state, lengths, resets)
    rounded_gru = gru.astype("bfloat16")
    state = None if state is None else state.astype(rounded_gru.dtype)
    rounded_output, _ = rounded_gru.run(input.astype(rounded_gru.dtype), state, lengths, resets)
    return float(np.abs(output - rounded_output).max(initial=0.0))
