"""The gates of a layer over a sequence, and what they say about its memory."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassgate.errors import BadInput
from glassgate.formulation import Array
from glassgate.weights import require_shape


@dataclass(frozen=True, eq=False)
class Gates:
    """The gates of one layer in one direction, each array [T, B, H].

    Attributes
    ----------
    reset
        r, 0..1; ones where the formulation has no reset gate.
    update
        z, 0..1, as the model's own formulation defines it.
    candidate
        n, the new content proposed for the state.
    hidden
        h, the state after each step.
    kept
        k, the share of the previous state kept in this one, 0..1. Compare models by it.
    """

    reset: Array
    update: Array
    candidate: Array
    hidden: Array
    kept: Array


def carry(kept: Array, written: Array, initial: Array) -> Array:
    """Compute a memory over a sequence: s_t = k_t * s_{t-1} + w_t, as in every gated unit.

    Parameters
    ----------
    kept, written
        k and w at each step, [T, B, H].
    initial
        s before the first step, [B, H].

    Returns
    -------
    Array
        s after each step, [T, B, H], in the dtype of `kept`.
    """
    memory, state = np.empty_like(kept), initial
    for t, (share, new) in enumerate(zip(kept, written, strict=True)):
        memory[t] = state = share * state + new
    return memory


def kept_share(kept: Array, lengths: ArrayLike | None = None) -> Array:
    """Return each unit's mean kept share over all valid steps.

    Parameters
    ----------
    kept
        k, 0..1, [T, B, H].
    lengths
        The number of valid steps of each sequence, 0..T, [B] integers; T if not given.

    Returns
    -------
    Array
        [H] in 0..1, computed in float64.

    Raises
    ------
    BadInput
        When a shape does not fit, a share or length is out of range, or no step is valid.
    TypeError
        When `kept` is not a NumPy array, or the lengths are not integers.
    """
    share: Array = gate_values("kept", kept, lengths).mean(axis=0, dtype=np.float64)
    return share


def gate_values(name: str, gate: Array, lengths: ArrayLike | None) -> Array:
    """Return the values of a gate at the valid steps, [N, H].

    Parameters
    ----------
    name
        The gate's name in an error message.
    gate
        0..1, [T, B, H].
    lengths
        The number of valid steps of each sequence, 0..T, [B] integers; T if not given.

    Raises
    ------
    BadInput
        When a shape does not fit, a value or length is out of range, or no step is valid.
    TypeError
        When the gate is not a NumPy array, or the lengths are not integers.

    Examples
    --------
    >>> gate_values("kept", np.array([[[0.5], [0.25]], [[1.0], [0.0]]]), [2, 1])
    array([[0.5 ],
           [0.25],
           [1.  ]])
    """
    if not isinstance(gate, np.ndarray):
        raise TypeError(f"{name} must be a NumPy array, got {type(gate).__name__}")
    values: Array = gate[counted_steps(name, gate, lengths)]
    if not np.all((values >= 0) & (values <= 1)):
        raise BadInput(f"{name} must lie in 0..1, got {values.min()} to {values.max()}")
    return values


def counted_steps(
    name: str, array: Array | NDArray[np.bool_], lengths: ArrayLike | None = None
) -> NDArray[np.bool_]:
    """Return which steps of a padded batch lie within their sequences.

    Parameters
    ----------
    name
        The array's name in an error message.
    array
        [T, B, H].
    lengths
        The number of valid steps of each sequence, 0..T, [B] integers; T if not given.

    Returns
    -------
    Array
        [T, B] booleans, at least one of them True.

    Raises
    ------
    BadInput
        When a shape does not fit, a length is out of range, or no step is valid.
    TypeError
        When the lengths are not integers.
    """
    require_shape(name, array.shape, ("T", "B", "H"))
    T, B, _ = array.shape
    counts = _check_lengths(np.full(B, T) if lengths is None else np.asarray(lengths), T, B)
    return valid_steps(counts, T)


def valid_steps(lengths: NDArray[np.integer], steps: int) -> NDArray[np.bool_]:
    """Mark the steps within sequences of `lengths` [B] in a batch of T = `steps`, [T, B].

    >>> valid_steps(np.array([2, 1]), 3).T
    array([[ True,  True, False],
           [ True, False, False]])
    """
    valid: NDArray[np.bool_] = np.arange(steps)[:, None] < lengths
    return valid


def memory_span(kept_share: ArrayLike) -> Array:
    """Return the number of steps after which 1/e of a unit's state is left: -1 / ln(k).

    With a constant kept share k, a fraction k^s of the state is left after s steps, and k^s = 1/e
    at s = -1 / ln(k): the time constant of a leaky unit (Tallec & Ollivier 2018, arXiv:1804.11188).

    Parameters
    ----------
    kept_share
        Mean kept shares, 0..1, of any shape.

    Returns
    -------
    Array
        Spans in steps, of the same shape: 0 for a share of 0, infinity for a share of 1.

    Raises
    ------
    BadInput
        When a share lies outside 0..1.

    Examples
    --------
    >>> memory_span([0.0, 0.5, 0.9, 1.0]).round(2)
    array([0.  , 1.44, 9.49,  inf])
    """
    share = np.asarray(kept_share, np.float64)
    if not np.all((share >= 0) & (share <= 1)):
        raise BadInput(f"kept_share must lie in 0..1, got {share.min()} to {share.max()}")
    with np.errstate(divide="ignore"):
        return 1 / np.abs(np.log(share))


def _check_lengths(lengths: NDArray[np.integer], T: int, B: int) -> NDArray[np.integer]:
    if not np.issubdtype(lengths.dtype, np.integer):
        raise TypeError(f"lengths must be integers, got {lengths.dtype}")
    require_shape("lengths", lengths.shape, (B,))
    if not np.any(lengths):
        raise BadInput("lengths must leave at least one step, got none above 0")
    if lengths.min() < 0 or lengths.max() > T:
        raise BadInput(f"lengths must lie in 0..{T}, got {lengths.min()} to {lengths.max()}")
    return lengths
