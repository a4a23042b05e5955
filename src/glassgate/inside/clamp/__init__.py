"""Hold gates at chosen values to find out what they do: `glassgate.clamp`.

Read `edit` (which weights hold a gate) and `units` (at which values, in each kind of unit), then
`engine` and `torch` (which apply and undo the edit).
"""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from glassgate.engine import GRU
from glassgate.engine.plan import Direction, resolve_place
from glassgate.errors import BadInput
from glassgate.inside.clamp.edit import make_edit
from glassgate.inside.clamp.engine import EngineGRU

if TYPE_CHECKING:
    from glassgate.inside.clamp.torch import TorchNetwork


def clamp(
    network: object,
    *,
    layer: int = 0,
    direction: Direction | None = None,
    units: ArrayLike | None = None,
    reset: ArrayLike | None = None,
    update: ArrayLike | None = None,
    kept: ArrayLike | None = None,
    state: ArrayLike | None = None,
) -> AbstractContextManager[None]:
    """Hold gates of chosen units at chosen values inside a ``with`` block.

    A gate is held by editing its own rows of the weights (`inside.clamp.edit`), so everything runs
    as fast as before, on any engine and device: prediction, scoring, streaming, and training of the
    other weights. Held rows get no gradient, and any change that an optimiser makes to them is
    undone before the next forward. On exit, also by an exception, they get back the exact bits they
    had on entry; all other weights keep the values that the block gave them. Clamps nest, also on
    the same units: the innermost wins.

    Parameters
    ----------
    network
        A `glassgate.GRU`; a GRU, GRUCell, LSTM, SRN or RNN of `glassgate.nn` or `torch.nn`; or a
        torch module that has exactly one of these inside.
    layer
        The layer, counted from 0 at the input.
    direction
        ``"forward"`` or ``"reverse"``; the layer's first if not given, as in ``trace[layer]``: only
        forward if it has both.
    units
        The units, integers from 0; all of the layer if not given.
    reset, update, kept
        The value of the gate or of the kept share, 0..1: a number, or one for each unit. `update`
        is the gate as the network's own formulation defines it; `kept` is the share of the previous
        state that is kept, in every formulation. Give at most one of these two. Of an LSTM `kept`
        is the forget gate, the share of the previous *cell* state, and there is no other gate to
        hold; an SRN has none.
    state
        The value of the units' state h from the first step on: a number, or one for each unit,
        within the range of the candidate's curve, -1..1 for tanh. The kept share is 0, and the
        candidate constant. Of an LSTM also the input and output gates are 1, so that a state
        reaches tanh(±1), ±0.76. The first step still reads the initial state, zeros by default.

    Returns
    -------
    context manager
        Holds the gates once it is entered.

    Raises
    ------
    BadInput
        When nothing is given to hold, or two holds contradict; when a layer, direction, unit or
        value is out of range; when the network has no such gate; when an LSTM has projections; and
        when a network without biases should hold anything but gates at 0.5, or an SRN's state at
        0, the only values that zero weights give.
    TypeError
        When the network is of another type, units are not integers, or values not numbers.

    Notes
    -----
    At 0 and 1 a held gate is exact, and so is a state of -1, 0 or 1; in between values are accurate
    to about 1e-7 in float32. With kept at 1, Glassgate passes a state bit for bit (except subnormal
    numbers, which its engine treats as 0); torch's own CPU kernel computes n + (h - n), which
    rounds.

    Examples
    --------
    >>> import numpy as np
    >>> from glassgate import GRU, GRUWeights
    >>> weights = GRUWeights(*(np.full(shape, 0.5) for shape in ((6, 1), (6, 2), 6, 6)))
    >>> gru = GRU([[weights]])
    >>> before = np.array([[[0.25, -0.75]]])
    >>> with clamp(gru, kept=1, units=[1]):
    ...     output, _ = gru.run(np.ones((3, 1, 1)), before)
    >>> output[:, 0].round(3)
    array([[ 0.38 , -0.75 ],
           [ 0.479, -0.75 ],
           [ 0.556, -0.75 ]])
    """
    target = _adapt(network)
    layer, direction = resolve_place(layer, direction, target.directions)
    named = {"reset": reset, "update": update, "kept": kept, "state": state}
    holds = {name: value for name, value in named.items() if value is not None}
    edit = make_edit(target.kind, target.hidden_sizes[layer], units, holds)
    if not target.bias and edit.bias.any():
        given = ", ".join(f"{name} {value}" for name, value in holds.items())
        possible = target.kind.without_biases
        raise BadInput(f"a network without biases can hold {possible}, got {given}")
    return target.hold(layer, direction, edit)


def _adapt(network: object) -> EngineGRU | TorchNetwork:
    if isinstance(network, GRU):
        return EngineGRU(network)
    torch = sys.modules.get("torch")  # otherwise nothing can be a module
    if torch is None or not isinstance(network, torch.nn.Module):
        kind = type(network).__name__
        raise TypeError(f"network must be a glassgate.GRU or a torch module, got {kind}")
    from glassgate.inside.clamp.torch import TorchNetwork

    return TorchNetwork(network)
