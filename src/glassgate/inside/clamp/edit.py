"""A gate held at a value, as an edit of the layer's own weights.

A gate is a curve over W x + U h + b. With zeros in its rows of ``weight_input``, ``weight_hidden``
and ``bias_hidden``, and in ``bias_input`` the argument at which the curve has a value, the gate has
that value whatever the input and the state. A state is held by the gates and the candidate that
make it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassgate.errors import BadInput
from glassgate.inside.clamp.units import Numbers, Unit
from glassgate.weights import require_shape


@dataclass(frozen=True, eq=False)
class Edit:
    """Rows of a layer's weights that become 0, except in `bias_input`.

    Attributes
    ----------
    rows
        The rows, of 3H, 4H or H, [N].
    bias
        The new values of `bias_input` in them, [N].
    """

    rows: NDArray[np.intp]
    bias: Numbers


def make_edit(
    kind: Unit,
    hidden_size: int,
    units: ArrayLike | None,
    holds: Mapping[str, ArrayLike],
) -> Edit:
    """Make the edit that holds units of a layer.

    Parameters
    ----------
    kind
        What the layer's units are.
    hidden_size
        H, the number of units of the layer.
    units
        The units to hold, integers from 0; all if None.
    holds
        The values, a number or one for each unit, of ``"reset"``, ``"update"``, ``"kept"`` or
        ``"state"``.

    Raises
    ------
    BadInput
        When a unit, a value or a name does not fit the layer, or two holds contradict.
    TypeError
        When units are not integers, or values not numbers.
    """
    chosen = _check_units(units, hidden_size)
    if not holds:
        raise BadInput("clamp must be given one of reset, update, kept and state, got none")
    kind.check(holds)
    blocks: dict[int, Numbers] = {}
    for name, value in holds.items():
        values = _check_values(name, value, len(chosen), *kind.range_of(name))
        blocks |= kind.sums(name, values)
    rows = np.concatenate([block * hidden_size + chosen for block in blocks])
    return Edit(rows, np.concatenate(list(blocks.values())))


def _check_units(units: ArrayLike | None, H: int) -> NDArray[np.intp]:
    if units is None:
        return np.arange(H)
    chosen = _to_array("units", units)
    if chosen.size and not np.issubdtype(chosen.dtype, np.integer):
        raise TypeError(f"units must be integers, got {chosen.dtype}")
    require_shape("units", chosen.shape, ("N",))
    for outside in chosen[(chosen < 0) | (chosen >= H)]:
        raise BadInput(f"units must lie in 0..{H - 1}, got {outside}")
    distinct, counts = np.unique(chosen, return_counts=True)
    for repeated in distinct[counts > 1]:
        raise BadInput(f"units must differ, got {repeated} more than once")
    return chosen.astype(np.intp)


def _check_values(name: str, value: ArrayLike, count: int, low: float, high: float) -> Numbers:
    values = _to_array(name, value)
    if values.dtype.kind not in "iuf":
        raise TypeError(f"{name} must be a number, or one for each unit, got {value!r}")
    if values.ndim:
        require_shape(name, values.shape, (count,))
    for outside in values[~((values >= low) & (values <= high) & np.isfinite(values))].flat:
        raise BadInput(f"{name} must {_describe_range(low, high)}, got {outside}")
    return np.broadcast_to(values, count).astype(np.float64)


def _to_array(name: str, given: ArrayLike) -> NDArray[Any]:
    try:
        return np.asarray(given)
    except ValueError:
        raise BadInput(f"{name} must be one row of numbers, got {given!r}") from None


def _describe_range(low: float, high: float) -> str:
    if np.isfinite(high):
        return f"lie in {low:g}..{high:g}"
    return f"be finite and at least {low:g}" if np.isfinite(low) else "be finite"
