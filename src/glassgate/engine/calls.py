"""The one place that allocates what the engine writes, and calls it.

The calls take NumPy arrays or torch's CPU tensors as they are, in C order. Longer than other files,
since each call has a dozen arguments to name.
"""

from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple, TypeAlias, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassgate import _native
from glassgate.engine import settings
from glassgate.errors import BadInput
from glassgate.formulation import Array, Formulation
from glassgate.weights import require_shape

Floats: TypeAlias = Any  # an array or a tensor, in C order, float32 or float64
Weights: TypeAlias = tuple[Floats, Floats, Floats, Floats]  # W (3H, I), U (3H, H), b, c (3H,)
Words: TypeAlias = tuple[str, str, str, str]  # update, reset, gate, squash
Gradients: TypeAlias = tuple[Floats | None, Floats, Floats, Floats, Floats, Floats]
Lengths: TypeAlias = NDArray[np.int64]
Empty: TypeAlias = Callable[[tuple[int, ...], Floats], Floats]  # of a shape, like another array

TAPE = 4  # values a unit and step: r, k, n and m = U_n h + c_n
REUSE_FROM = 2**16  # bytes; smaller blocks the C library hands out again by itself


def empty(shape: tuple[int, ...], like: Array) -> Array:
    """Allocate an array [*shape] of the dtype of `like`, float32 or float64, in C order.

    A tape or a gradient of some megabytes that is new at every call costs the system more time, to
    map and clear its pages, than a small layer's arithmetic takes: large blocks are used again.
    """
    if prod(shape) * like.itemsize < REUSE_FROM:
        return np.empty(shape, like.dtype)
    array: Array = _native.lend(shape, like.dtype == np.float64)
    return array


def release_memory() -> int:
    """Return to the system what the engine keeps for its next calls, and say how many bytes.

    The engine keeps the memory of tapes, packed weights and gradients when nothing refers to it
    any more, at most 256 MiB of it. What is in use is not touched.

    Examples
    --------
    >>> release_memory() >= 0
    True
    """
    return _native.release_memory()


class Batch(NamedTuple):
    """What a run reads beside the weights, as in `Layer.sequence`.

    Attributes
    ----------
    input
        [T, B, I], or [N, I] if packed.
    initial
        [B, H].
    lengths
        [B] int64 or None; needed if packed.
    resets
        [T, B] booleans or None.
    packed, reverse
        As in `Layer.sequence`.
    """

    input: Floats
    initial: Floats
    lengths: Lengths | None = None
    resets: Any = None
    packed: bool = False
    reverse: bool = False

    @property
    def tokens(self) -> int:
        """N, the number of valid steps of all sequences."""
        if self.lengths is None or self.packed:
            return prod(self.input.shape[:-1])
        return int(self.lengths.sum())


class Run(NamedTuple):
    """What a run wrote.

    Attributes
    ----------
    output
        [T, B, H] or [N, H]; 0 in the padding.
    last
        [B, H].
    tape
        [rows, 4, H], as `Record` has it, 0 beyond the valid steps; None where none was asked for.
    """

    output: Floats
    last: Floats
    tape: Floats


def run(
    weights: Weights, form: Words, batch: Batch, rows: int | None = None, empty: Empty = empty
) -> Run:
    """Run along a batch of sequences with weights as they are.

    Parameters
    ----------
    weights, form
        Weights of one dtype, and the formulation's words.
    batch
        What to read.
    rows
        Of the tape, the valid steps or more; no tape if not given.
    empty
        What allocates the output, of a shape and like another array; for tensors, tensors.

    Raises
    ------
    ValueError
        When a shape or the lengths do not fit.
    TypeError
        When the dtypes differ, or an array is not on the CPU.
    """
    made = _allocate(batch, rows, empty)
    _native.run(
        *weights,
        form,
        input=batch.input,
        initial=batch.initial,
        output=made.output,
        last=made.last,
        tape=None if rows is None else _valid_rows(made.tape, batch),
        lengths=batch.lengths,
        resets=batch.resets,
        packed=batch.packed,
        reverse=batch.reverse,
        target=settings.target(),
        threads=settings.threads(),
    )
    return made


def run_layer(layer: _native.PackedLayer, batch: Batch, rows: int | None = None) -> Run:
    """Run along a batch of sequences with weights that are packed; the rest is as in `run`."""
    made = _allocate(batch, rows, empty)
    layer.sequence(
        batch.input,
        batch.initial,
        output=made.output,
        last=made.last,
        tape=made.tape,
        lengths=batch.lengths,
        resets=batch.resets,
        packed=batch.packed,
        reverse=batch.reverse,
        threads=settings.threads(),
    )
    return made


def _allocate(batch: Batch, rows: int | None, empty: Empty) -> Run:
    like = batch.initial
    B, H = like.shape
    output, last = empty((*batch.input.shape[:-1], H), like), empty((B, H), like)
    tape = None if rows is None else empty((rows, TAPE, H), like)
    if tape is not None and batch.lengths is not None:
        tape[batch.tokens :] = 0
    return Run(output, last, tape)


def _valid_rows(tape: Floats, batch: Batch) -> Floats:
    """Give the rows of a tape that belong to valid steps, which come first."""
    return tape if batch.lengths is None else tape[: batch.tokens]


def run_back(
    weights: Weights,
    form: Words,
    batch: Batch,
    output: Floats,
    tape: Floats,
    grad_output: Floats | None,
    grad_last: Floats | None,
    *,
    to_input: bool = True,
    target: str | None = None,
    empty: Empty = empty,
) -> Gradients:
    """Backpropagate through what `run` recorded.

    Parameters
    ----------
    weights, form, batch
        As `run` took them.
    output, tape
        What it wrote.
    grad_output, grad_last
        The gradients to the output and to the last states; None for zeros.
    to_input
        Whether the gradient to the input is wanted.
    target
        As in `Layer`.
    empty
        As in `run`, of the gradients.

    Returns
    -------
    tuple
        The gradients to the input (None if not wanted), the initial state, W, U, b and c.

    Raises
    ------
    ValueError, TypeError
        As in `run`.
    """
    grads = (
        empty((*batch.input.shape,), batch.input) if to_input else None,
        *[empty((*array.shape,), array) for array in (batch.initial, *weights)],
    )
    _native.backward(
        *weights,
        form,
        batch.input,
        batch.initial,
        output,
        _valid_rows(tape, batch),
        batch.lengths,
        batch.resets,
        grad_output,
        grad_last,
        grads[0],
        grads[1],
        grads[2],
        grads[3],
        grads[4],
        grads[5],
        packed=batch.packed,
        reverse=batch.reverse,
        target=target or settings.target(),
        threads=settings.threads(),
    )
    return cast(Gradients, grads)


def step_back(
    weights: Weights,
    form: Words,
    input: Floats,
    initial: Floats,
    tape: Floats,
    grad_output: Floats | None,
    grad_last: Floats | None,
    *,
    to_input: bool,
    empty: Empty,
) -> tuple[Floats | None, Floats, Floats]:
    """Backpropagate through one recorded step, up to the weights.

    Returns
    -------
    grad_input, grad_initial
        As `run_back` gives them.
    sums
        What the gradients to the weights are made of, for `gather_steps`.
    """
    grad_input = empty((*input.shape,), input) if to_input else None
    grad_initial = empty((*initial.shape,), initial)
    sums = _native.step_back(
        weights,
        form,
        input,
        initial,
        tape,
        grad_output,
        grad_last,
        grad_input,
        grad_initial,
        settings.target(),
        settings.threads(),
    )
    return grad_input, grad_initial, sums


def gather_steps(
    weights: Weights, form: Words, steps: list[tuple[Floats, ...]], empty: Empty
) -> tuple[Floats, ...]:
    """Give the gradients to W, U, b and c of many steps: of each its sums, input, state and tape.

    `weights` are read for their shapes alone.
    """
    to = tuple([empty((*array.shape,), array) for array in weights])
    _native.gather_steps(weights, form, steps, to, settings.target(), settings.threads())
    return to


def read_gates(
    formulation: Formulation, batch: Batch, run: Run
) -> tuple[Array, Array, Array, Array, Array]:
    """Read reset, update, candidate, hidden and kept from a run with a tape, not packed.

    Each is [T, B, H] in the order of the input's steps, 0 in the padding.
    """
    rows: Array = run.tape  # (N, 4, H): r, k, n, and m, of no use here
    steps = _in_time(rows, batch)  # (T, B, 4, H)
    reset, kept, candidate = (steps[:, :, i] for i in range(3))
    keeps = formulation.update == "keeps"
    update = kept if keeps else _in_time(1 - rows[:, 1], batch)
    return reset, update, candidate, run.output, kept


def _in_time(rows: Array, batch: Batch) -> Array:
    """Bring what was computed in the order of running, [N, ...], to [T, B, ...]."""
    T, B, _ = batch.input.shape
    if batch.lengths is None:
        return rows.reshape(T, B, *rows.shape[1:])[:: -1 if batch.reverse else 1]
    steps = np.zeros((T * B, *rows.shape[1:]), rows.dtype)
    steps[running_order(batch.lengths, T, batch.reverse).rows] = rows
    return steps.reshape(T, B, *rows.shape[1:])


class RunningOrder(NamedTuple):
    """In which order the valid steps of a batch run: side by side, the longest sequence first.

    Attributes
    ----------
    rows
        Where each valid step stands in [T * B], [N].
    sizes
        How many sequences run at the first step, the second, and so on.
    columns
        The sequences, the longest first, [B].
    """

    rows: NDArray[np.intp]
    sizes: list[int]
    columns: NDArray[np.intp]


def running_order(lengths: Lengths, steps: int, reverse: bool) -> RunningOrder:
    """Order the valid steps of sequences of `lengths` [B] in a batch of T = `steps`.

    In reverse, each sequence runs from its last valid step to its first.

    >>> running_order(np.array([1, 3]), 3, reverse=True)
    RunningOrder(rows=array([5, 0, 3, 1]), sizes=[2, 1, 1], columns=array([1, 0]))
    """
    columns = np.argsort(-lengths, kind="stable")
    step, rank = np.nonzero(np.arange(steps)[:, None] < lengths[columns])
    column = columns[rank]
    time = lengths[column] - 1 - step if reverse else step
    return RunningOrder(time * len(lengths) + column, np.bincount(step).tolist(), columns)


def contiguous(
    name: str,
    array: NDArray[Any],
    dtype: np.dtype[np.floating] | type,
    shape: tuple[int | str, ...],
) -> NDArray[Any]:
    """Give an array in C order; refuse another dtype or shape."""
    if not isinstance(array, np.ndarray):
        raise TypeError(f"{name} must be a NumPy array, got {type(array).__name__}")
    if array.dtype != dtype:
        raise TypeError(f"{name} must be {np.dtype(dtype)}, got {array.dtype}")
    require_shape(name, array.shape, shape)
    return np.require(array, requirements=["C", "A"])


def checked_resets(resets: ArrayLike, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Give resets [T, B] as the engine reads them; refuse what are no booleans."""
    return contiguous("resets", np.asarray(resets), bool, shape)


def checked_lengths(lengths: ArrayLike, shape: tuple[int, ...], packed: bool) -> Lengths:
    """Give lengths as int64; refuse what is out of range for an input of this shape."""
    ends = np.asarray(lengths)
    if not np.issubdtype(ends.dtype, np.integer):
        raise TypeError(f"lengths must be integers, got {ends.dtype}")
    if packed or ends.shape != shape[1:2]:
        require_shape("lengths", ends.shape, ("B",) if packed else (shape[1],))
    most = shape[0]
    if ends.size and (ends.min() < 0 or ends.max() > most):
        raise BadInput(f"lengths must lie in 0..{most}, got {ends.min()} to {ends.max()}")
    ends = np.ascontiguousarray(ends, np.int64)
    if packed and ((ends[1:] > ends[:-1]).any() or ends.sum() != most):
        raise BadInput(
            f"lengths of packed input must not increase and sum to its {most} rows, got {ends}"
        )
    return ends


def form_words(formulation: Formulation) -> Words:
    """Give a formulation as the native module takes it."""
    return formulation.update, formulation.reset, formulation.gate, formulation.squash
