"""The states of a whole network: one array, or one for each where layers differ in size."""

from collections.abc import Sequence
from typing import TypeAlias, cast

import numpy as np

from glassgate.engine.layer import contiguous
from glassgate.errors import BadInput
from glassgate.formulation import Array
from glassgate.weights import require_shape

State: TypeAlias = Array | tuple[Array, ...]
"""Of all layers and directions, [states, B, H]; a tuple of [B, H] where layers differ in H."""


def as_state(states: Sequence[Array]) -> State:
    """Make states, [B, H] each, one array [states, B, H] where they are of one size."""
    if len({state.shape for state in states}) == 1:
        return np.stack(states)
    return tuple(states)


def checked_state(
    state: State, sizes: Sequence[int], batch: int, dtype: np.dtype[np.floating]
) -> State:
    """Give a state that the engine can read, copied if not contiguous.

    Parameters
    ----------
    state
        What a caller gave.
    sizes
        H of each state.
    batch, dtype
        B, and what the numbers must be.

    Raises
    ------
    BadInput
        When a shape or the number of arrays does not fit.
    TypeError
        When a dtype does not.
    """
    if len(set(sizes)) == 1:
        shape = (len(sizes), batch, sizes[0])
        return contiguous("state", cast(Array, state), dtype, shape)
    _require_several("state", state, sizes)
    named = ((f"state {i}", one, (batch, sizes[i])) for i, one in enumerate(state))
    return tuple(contiguous(name, one, dtype, shape) for name, one, shape in named)


def require_state(name: str, came: State, sizes: Sequence[int], batch: int) -> None:
    """Refuse a state whose shape is not that of `sizes`, H of each, and B = `batch`."""
    if len(set(sizes)) == 1:
        require_shape(name, np.shape(came), (len(sizes), batch, sizes[0]))
        return
    _require_several(name, came, sizes)
    for i, (one, H) in enumerate(zip(came, sizes, strict=True)):
        require_shape(f"{name} {i}", np.shape(one), (batch, H))


def _require_several(name: str, came: State, sizes: Sequence[int]) -> None:
    if not isinstance(came, tuple) or len(came) != len(sizes):
        got = f"{len(came)} of them" if isinstance(came, tuple) else type(came).__name__
        raise BadInput(f"{name} must be a tuple of {len(sizes)} arrays (B, H), got {got}")
