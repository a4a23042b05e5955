"""Backpropagation through a recorded run of the native engine."""

from glassgate import _native
from glassgate.engine.layer import Record, checked_target, contiguous, form_words
from glassgate.engine.memory import empty
from glassgate.engine.threads import threads
from glassgate.errors import BadInput
from glassgate.formulation import Array
from glassgate.reference import Gradients
from glassgate.weights import GRUWeights, require_shape


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
