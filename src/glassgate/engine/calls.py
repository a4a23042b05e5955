"""Forward calls of the native engine: check and allocate arrays, run, read the gates.

Calls take NumPy arrays or torch's CPU tensors in C order, without copying them. Backward calls are
in `engine.gradients`.
"""

from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple, TypeAlias

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
Lengths: TypeAlias = NDArray[np.int64]
Empty: TypeAlias = Callable[[tuple[int, ...], Floats], Floats]  # allocates a shape, like an array

TAPE = 4  # values per unit and step: r, k, n and m = U_n h + c_n
REUSE_FROM = 2**16  # bytes; malloc itself recycles smaller blocks


def empty(shape: tuple[int, ...], like: Array) -> Array:
    """Allocate an array [*shape] of the dtype of `like`, float32 or float64, in C order.

    Large blocks are recycled: for a new tape or gradient of some megabytes at every call, the
    system would spend more time mapping and clearing pages than a small layer's arithmetic takes.
    """
    if prod(shape) * like.itemsize < REUSE_FROM:
        return np.empty(shape, like.dtype)
    array: Array = _native.lend(shape, like.dtype == np.float64)
    return array


def release_memory() -> int:
    """Return the engine's unused memory to the system, and return the number of bytes.

    The engine keeps the memory of freed tapes, packed weights and gradients for its next calls, at
    most 256 MiB of it. Memory in use is not touched.

    Examples
    --------
    >>> release_memory() >= 0
    True
    """
    return _native.release_memory()


class Batch(NamedTuple):
    """The input of a run, besides the weights, as in `Layer.sequence`.

    Attributes
    ----------
    input
        [T, B, I], or [N, I] if packed.
    initial
        [B, H].
    lengths
        [B] int64 or None; required if packed.
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
        """N, the total number of valid steps."""
        if self.lengths is None or self.packed:
            return prod(self.input.shape[:-1])
        return int(self.lengths.sum())


class Run(NamedTuple):
    """The result of a run.

    Attributes
    ----------
    output
        [T, B, H] or [N, H]; 0 in the padding.
    last
        [B, H].
    tape
        [rows, 4, H], as in `Record`, 0 beyond the valid steps; None if not recorded.
    """

    output: Floats
    last: Floats
    tape: Floats


def run(
    weights: Weights, form: Words, batch: Batch, rows: int | None = None, empty: Empty = empty
) -> Run:
    """Run a batch of sequences with unpacked weights.

    Parameters
    ----------
    weights, form
        Weights of one dtype, and the formulation's words.
    batch
        The sequences and their initial states.
    rows
        The number of rows of the tape, at least that of valid steps; no tape if not given.
    empty
        Allocates the output, given a shape and an array whose dtype it takes; for tensors, it
        gives tensors.

    Raises
    ------
    ValueError
        When a shape or the lengths do not fit.
    TypeError
        When the dtypes differ, or an array is not on the CPU.
    """
    result = _allocate(batch, rows, empty)
    _native.run(
        *weights,
        form,
        input=batch.input,
        initial=batch.initial,
        output=result.output,
        last=result.last,
        tape=None if rows is None else valid_rows(result.tape, batch),
        lengths=batch.lengths,
        resets=batch.resets,
        packed=batch.packed,
        reverse=batch.reverse,
        target=settings.target(),
        threads=settings.threads(),
    )
    return result


def run_layer(layer: _native.PackedLayer, batch: Batch, rows: int | None = None) -> Run:
    """Run a batch of sequences with packed weights; otherwise as `run`."""
    result = _allocate(batch, rows, empty)
    layer.sequence(
        batch.input,
        batch.initial,
        output=result.output,
        last=result.last,
        tape=result.tape,
        lengths=batch.lengths,
        resets=batch.resets,
        packed=batch.packed,
        reverse=batch.reverse,
        threads=settings.threads(),
    )
    return result


def _allocate(batch: Batch, rows: int | None, empty: Empty) -> Run:
    like = batch.initial
    B, H = like.shape
    output, last = empty((*batch.input.shape[:-1], H), like), empty((B, H), like)
    tape = None if rows is None else empty((rows, TAPE, H), like)
    if tape is not None and batch.lengths is not None:
        tape[batch.tokens :] = 0
    return Run(output, last, tape)


def valid_rows(tape: Floats, batch: Batch) -> Floats:
    """Return the rows of a tape that belong to valid steps, which come first."""
    return tape if batch.lengths is None else tape[: batch.tokens]


def read_gates(
    formulation: Formulation, batch: Batch, run: Run
) -> tuple[Array, Array, Array, Array, Array]:
    """Read reset, update, candidate, hidden and kept from the tape of a run that is not packed.

    Each is [T, B, H] in the order of the input's steps, 0 in the padding.
    """
    rows: Array = run.tape  # (N, 4, H): r, k, n, and m, not needed here
    steps = _to_time_order(rows, batch)  # (T, B, 4, H)
    reset, kept, candidate = (steps[:, :, i] for i in range(3))
    update = kept if formulation.update == "keeps" else _to_time_order(1 - rows[:, 1], batch)
    return reset, update, candidate, run.output, kept


def _to_time_order(rows: Array, batch: Batch) -> Array:
    """Rearrange rows [N, ...] from running order to [T, B, ...], 0 in the padding."""
    T, B, _ = batch.input.shape
    if batch.lengths is None:
        return rows.reshape(T, B, *rows.shape[1:])[:: -1 if batch.reverse else 1]
    steps = np.zeros((T * B, *rows.shape[1:]), rows.dtype)
    steps[running_order(batch.lengths, T, batch.reverse).rows] = rows
    return steps.reshape(T, B, *rows.shape[1:])


class RunningOrder(NamedTuple):
    """The order in which the valid steps of a batch run: in parallel, longest sequence first.

    Attributes
    ----------
    rows
        The position of each valid step in [T * B], [N].
    sizes
        The number of sequences that run the first step, the second, and so on.
    columns
        The sequences, longest first, [B].
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


def check_array(
    name: str,
    array: NDArray[Any],
    dtype: np.dtype[np.floating] | type,
    shape: tuple[int | str, ...],
) -> NDArray[Any]:
    """Return an array in C order, copied if necessary; refuse another dtype or shape."""
    if not isinstance(array, np.ndarray):
        raise TypeError(f"{name} must be a NumPy array, got {type(array).__name__}")
    if array.dtype != dtype:
        raise TypeError(f"{name} must be {np.dtype(dtype)}, got {array.dtype}")
    require_shape(name, array.shape, shape)
    return np.require(array, requirements=["C", "A"])


def check_resets(resets: ArrayLike, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return resets [T, B] as the engine reads them; refuse any other dtype than bool."""
    return check_array("resets", np.asarray(resets), bool, shape)


def check_lengths(lengths: ArrayLike, shape: tuple[int, ...], packed: bool) -> Lengths:
    """Return lengths as int64; refuse lengths out of range for an input of this shape."""
    ends = np.asarray(lengths)
    if not np.issubdtype(ends.dtype, np.integer):
        raise TypeError(f"lengths must be integers, got {ends.dtype}")
    if packed or ends.shape != shape[1:2]:
        require_shape("lengths", ends.shape, ("B",) if packed else (shape[1],))
    steps = shape[0]  # or rows, if packed
    if ends.size and (ends.min() < 0 or ends.max() > steps):
        raise BadInput(f"lengths must lie in 0..{steps}, got {ends.min()} to {ends.max()}")
    ends = np.ascontiguousarray(ends, np.int64)
    if packed and ((ends[1:] > ends[:-1]).any() or ends.sum() != steps):
        raise BadInput(
            f"lengths of packed input must not increase and sum to its {steps} rows, got {ends}"
        )
    return ends


def form_words(formulation: Formulation) -> Words:
    """Return a formulation as the four words that the native module takes."""
    return formulation.update, formulation.reset, formulation.gate, formulation.squash
