"""The engine on arrays as they are: nothing is copied or kept, and the binding checks them all.

For callers that own their weights, as torch modules do, and run them once before they change.
"""

from math import prod
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from glassgate import _native
from glassgate.engine.layer import TAPE
from glassgate.engine.target import target
from glassgate.engine.threads import threads
from glassgate.formulation import Array

Weights: TypeAlias = tuple[Array, Array, Array, Array]  # W (3H, I), U (3H, H), b, c (3H,)
Words: TypeAlias = tuple[str, str, str, str]  # update, reset, gate, squash


class Batch(NamedTuple):
    """What a run reads beside the weights; arrays in C order, as in `Layer.sequence`.

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

    input: Array
    initial: Array
    lengths: NDArray[np.int64] | None
    resets: NDArray[np.bool_] | None
    packed: bool
    reverse: bool


def run(weights: Weights, form: Words, batch: Batch, record: bool) -> tuple[Array, Array, Array]:
    """Run along a batch of sequences.

    Parameters
    ----------
    weights, form
        Weight and bias arrays of one dtype, float32 or float64, and the formulation's words.
    batch
        What to read.
    record
        Whether to keep the tape.

    Returns
    -------
    output
        [T, B, H] or [N, H]; 0 in the padding.
    last
        [B, H].
    tape
        As `Record` has it; where lengths leave padding it has T * B rows all the same, the last
        of them 0. Without a record [0, 4, H].

    Raises
    ------
    ValueError
        When a shape or the lengths do not fit.
    TypeError
        When the dtypes differ.
    """
    (B, H), shape, dtype = batch.initial.shape, batch.input.shape[:-1], batch.initial.dtype
    ragged = batch.lengths is not None and not batch.packed
    empty = np.zeros if ragged else np.empty
    output, last = empty((*shape, H), dtype), np.empty((B, H), dtype)
    tape = empty((prod(shape) if record else 0, TAPE, H), dtype)
    _native.PackedLayer(*weights, form, False, target()).sequence(
        *(batch.input, batch.initial, output, last, tape[: _steps(batch)] if record else None),
        *(batch.lengths, batch.resets, batch.packed, batch.reverse, threads()),
    )
    return output, last, tape


def run_back(
    weights: Weights,
    form: Words,
    batch: Batch,
    ran: tuple[Array, Array],
    grads: tuple[Array | None, Array | None],
    input_too: bool,
) -> tuple[Array, Array, Array, Array, Array, Array]:
    """Backpropagate through what `run` recorded.

    Parameters
    ----------
    weights, form, batch
        As `run` took them.
    ran
        The output and the tape that it gave.
    grads
        The gradients to the output and to the last states; None for zeros.
    input_too
        Whether to give the input's gradient; without, it is an array of no element.

    Returns
    -------
    tuple of Array
        The gradients to the input, the initial state, W, U, b and c.

    Raises
    ------
    ValueError, TypeError
        As in `run`.
    """
    ragged = batch.lengths is not None and not batch.packed
    to_input = (np.zeros_like if ragged else np.empty_like)(batch.input) if input_too else None
    to_initial = np.empty_like(batch.initial)
    W, U, b, c = (np.empty_like(array) for array in weights)
    _native.backward(
        *(*weights, form, batch.input, batch.initial, ran[0], ran[1][: _steps(batch)]),
        lengths=batch.lengths,
        resets=batch.resets,
        grad_output=grads[0],
        grad_last=grads[1],
        grad_input=to_input,
        grad_initial=to_initial,
        grad_weight_input=W,
        grad_weight_hidden=U,
        grad_bias_input=b,
        grad_bias_hidden=c,
        packed=batch.packed,
        reverse=batch.reverse,
        target=target(),
        threads=threads(),
    )
    no_input = np.empty(0, batch.input.dtype)
    return no_input if to_input is None else to_input, to_initial, W, U, b, c


def _steps(batch: Batch) -> int:
    """Count the valid steps: the tape's rows in use."""
    if batch.lengths is None:
        return prod(batch.input.shape[:-1])
    return int(batch.lengths.sum())
