"""Calls of the native engine on arrays as they are, forward and backward."""

from typing import Any, NamedTuple, TypeAlias

from glassgate import _native
from glassgate.engine.layer import Record, checked_target, contiguous, form_words
from glassgate.engine.memory import empty
from glassgate.engine.settings import target, threads
from glassgate.errors import BadInput
from glassgate.formulation import Array
from glassgate.reference import Gradients
from glassgate.weights import GRUWeights, require_shape

Floats: TypeAlias = Any  # an array or a tensor, in C order, float32 or float64
Weights: TypeAlias = tuple[Floats, Floats, Floats, Floats]  # W (3H, I), U (3H, H), b, c (3H,)
Words: TypeAlias = tuple[str, str, str, str]  # update, reset, gate, squash


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
    lengths: Any
    resets: Any
    packed: bool
    reverse: bool


def run(
    weights: Weights, form: Words, batch: Batch, output: Floats, last: Floats, tape: Floats | None
) -> None:
    """Run along a batch of sequences.

    Parameters
    ----------
    weights, form
        Weights of one dtype, and the formulation's words.
    batch
        What to read.
    output
        [T, B, H] or [N, H], written; 0 in the padding.
    last
        [B, H], written.
    tape
        [N, 4, H], written, as `Record` has it, N the number of valid steps; None to keep none.

    Raises
    ------
    ValueError
        When a shape or the lengths do not fit.
    TypeError
        When the dtypes differ, or an array is not on the CPU.
    """
    _native.run(
        *(*weights, form, batch.input, batch.initial, output, last, tape),
        *(batch.lengths, batch.resets, batch.packed, batch.reverse, target(), threads()),
    )


def run_back(
    weights: Weights,
    form: Words,
    batch: Batch,
    ran: tuple[Floats, Floats],
    grads: tuple[Floats | None, Floats | None],
    to: tuple[Floats | None, Floats, Floats, Floats, Floats, Floats],
) -> None:
    """Backpropagate through what `run` recorded.

    Parameters
    ----------
    weights, form, batch
        As `run` took them.
    ran
        The output and the tape that it wrote.
    grads
        The gradients to the output and to the last states; None for zeros.
    to
        The gradients to the input, the initial state, W, U, b and c, written; None in the first
        place where that to the input is not wanted.

    Raises
    ------
    ValueError, TypeError
        As in `run`.
    """
    _native.backward(
        *(*weights, form, batch.input, batch.initial, *ran, batch.lengths, batch.resets),
        *(*grads, *to),
        packed=batch.packed,
        reverse=batch.reverse,
        target=target(),
        threads=threads(),
    )


def backward(
    weights: GRUWeights,
    record: Record,
    grad_output: Array | None = None,
    grad_last: Array | None = None,
    target: str | None = None,
) -> Gradients:
    """Backpropagate through time.

    On one target the gradients to a sequence's input and initial state have the same bits in any
    batch; those to the weights have the same bits on any number of threads.

    Parameters
    ----------
    weights
        Those of the layer that recorded the run.
    record
        What `Layer.record` returned.
    grad_output
        The derivative of the loss with respect to each state as output, of the output's shape;
        what stands in the padding is not read. Zeros if not given.
    grad_last
        What comes to the last states from beyond the sequences, [B, H]; zeros if not given.
    target
        As in `Layer`.

    Returns
    -------
    Gradients
        Of the shapes of what they belong to; 0 in the padding of the input.

    Raises
    ------
    BadInput
        When a shape does not fit.
    TypeError
        When a dtype is not the weights'.

    Notes
    -----
    Werbos 1990, Backpropagation through time.
    """
    dtype, H = weights.dtype, weights.hidden_size
    if weights.formulation != record.formulation:
        raise BadInput(
            f"weights must have the record's formulation, {record.formulation}, "
            f"got {weights.formulation}"
        )
    require_shape("the record's input", record.input.shape[-1:], (weights.input_size,))
    require_shape("the record's states", record.last.shape, ("B", H))
    if grad_output is not None:
        grad_output = contiguous("grad_output", grad_output, dtype, record.output.shape)
    if grad_last is not None:
        grad_last = contiguous("grad_last", grad_last, dtype, record.last.shape)
    gradients = Gradients(
        input=empty(record.input.shape, weights.dtype),
        initial=empty(record.initial.shape, weights.dtype),
        weight_input=empty(weights.weight_input.shape, weights.dtype),
        weight_hidden=empty(weights.weight_hidden.shape, weights.dtype),
        bias_input=empty(weights.bias_input.shape, weights.dtype),
        bias_hidden=empty(weights.bias_hidden.shape, weights.dtype),
    )
    _native.backward(
        *(weights.weight_input, weights.weight_hidden, weights.bias_input, weights.bias_hidden),
        *(form_words(weights.formulation), record.input, record.initial, record.output),
        record.tape,
        *(record.lengths, record.resets, grad_output, grad_last),
        *(gradients.input, gradients.initial, gradients.weight_input, gradients.weight_hidden),
        *(gradients.bias_input, gradients.bias_hidden, record.packed, record.reverse),
        *(checked_target(target), threads()),
    )
    return gradients
