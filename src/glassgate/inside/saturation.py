"""How much of the time a gate is nearly shut, or nearly open."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from glassgate.errors import BadInput
from glassgate.formulation import Array
from glassgate.gates import Gates, gate_values
from glassgate.inside.trace.states import LayerTrace, LSTMGates, arrays

LOW, HIGH = 0.1, 0.9  # a gate is left-saturated below LOW, right-saturated above HIGH
NOT_GATES = ("candidate", "cell", "hidden")  # arrays of a trace that are not gates


class Saturation(NamedTuple):
    """The share of time, 0..1, that each unit's gate is saturated to the left and right, [H] each.

    `left` is the share of time that the gate spends below 0.1, nearly shut, and `right` above 0.9,
    nearly open. With one point per unit they make the scatter plot of Karpathy, Johnson & Fei-Fei
    2015, Visualizing and understanding recurrent networks (arXiv:1506.02078), section 4.2. A unit
    with `right` near 1 is always open, one with `left` near 1 always shut; one with both near 0
    stays in between. Their sum is at most 1.

    Examples
    --------
    >>> gate = np.array([0.05, 0.5, 0.95, 0.99]).reshape(4, 1, 1)
    >>> Saturation.of(gate)
    Saturation(left=array([0.25]), right=array([0.5]))
    """

    left: Array
    right: Array

    @classmethod
    def of(cls, gate: Array, lengths: ArrayLike | None = None) -> Saturation:
        """Measure one gate of one layer over a batch, e.g. ``Saturation.of(trace[0].reset)``.

        Parameters
        ----------
        gate
            0..1, [T, B, H].
        lengths
            Valid steps of each sequence, 0..T, [B] integers; all if not given.

        Raises
        ------
        BadInput
            When a shape does not fit, a value or length is out of range, or no step is valid.
        TypeError
            When the gate is not a NumPy array, or the lengths are not integers.
        """
        values = gate_values("gate", gate, lengths)
        return cls(np.mean(values < LOW, axis=0), np.mean(values > HIGH, axis=0))


def saturation(layer: LayerTrace, lengths: ArrayLike | None = None) -> dict[str, Saturation]:
    """Measure every gate of a layer.

    Parameters
    ----------
    layer
        The gates of a GRU or an LSTM, such as ``trace[0]``.
    lengths
        As in `Saturation.of`, such as ``trace.lengths``.

    Returns
    -------
    dict
        By the gate's name: ``"reset"``, ``"update"`` and ``"kept"`` of a GRU, ``"input"``,
        ``"forget"``, ``"output"`` and ``"kept"`` of an LSTM. Compare models by `kept`, which is a
        GRU's update gate or its complement, and an LSTM's forget gate.

    Raises
    ------
    BadInput
        As from `Saturation.of`, and for a layer without gates.
    TypeError
        When the lengths are not integers.
    """
    if not isinstance(layer, Gates | LSTMGates):
        raise BadInput(f"layer must have gates, got {type(layer).__name__}")
    named = arrays(layer).items()
    return {name: Saturation.of(gate, lengths) for name, gate in named if name not in NOT_GATES}
