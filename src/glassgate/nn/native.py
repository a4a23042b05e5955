"""The native engine as torch operators: ``glassgate::sequence`` and its way back.

`torch.compile` and `torch.export` see two operators of known shapes; autograd sees one function
that can be differentiated once. They exist for CPU tensors, and as shapes for the meta device.
"""

from typing import Any, Protocol, TypeAlias, cast

import torch
from torch import Tensor

from glassgate.engine.direct import Batch, Weights, Words, run, run_back
from glassgate.engine.layer import TAPE, checked_lengths

Gradients: TypeAlias = tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]


@torch.library.custom_op("glassgate::sequence", mutates_args=(), device_types="cpu")
def native_sequence(
    input: Tensor,
    initial: Tensor,
    weight_input: Tensor,
    weight_hidden: Tensor,
    bias_input: Tensor,
    bias_hidden: Tensor,
    lengths: Tensor | None,
    resets: Tensor | None,
    form: str,
    packed: bool,
    reverse: bool,
    record: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    """Run one layer in one direction, as `glassgate.nn.recurrence.sequence` says.

    `form` is the formulation's four words with spaces between. The results are the output, the
    last states, and the tape, [T * B, 4, H] or [N, 4, H]; of no row unless `record`.
    """
    weights = _arrays(weight_input, weight_hidden, bias_input, bias_hidden)
    batch = _batch(input, initial, lengths, resets, packed, reverse)
    output, last, tape = map(torch.from_numpy, run(weights, _words(form), batch, record))
    return output, last, tape


@torch.library.custom_op("glassgate::sequence_backward", mutates_args=(), device_types="cpu")
def native_backward(
    grad_output: Tensor | None,
    grad_last: Tensor | None,
    output: Tensor,
    tape: Tensor,
    input: Tensor,
    initial: Tensor,
    weight_input: Tensor,
    weight_hidden: Tensor,
    bias_input: Tensor,
    bias_hidden: Tensor,
    lengths: Tensor | None,
    resets: Tensor | None,
    form: str,
    packed: bool,
    reverse: bool,
    input_too: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Give the gradients to the input, the initial state, W, U, b and c.

    That to the input has no element unless `input_too`.
    """
    found = run_back(
        _arrays(weight_input, weight_hidden, bias_input, bias_hidden),
        _words(form),
        _batch(input, initial, lengths, resets, packed, reverse),
        (_array(output), _array(tape)),
        (_array_or_none(grad_output), _array_or_none(grad_last)),
        input_too,
    )
    return cast(Gradients, tuple(map(torch.from_numpy, found)))


def _array(tensor: Tensor):  # type: ignore[no-untyped-def]  # of whatever dtype the tensor has
    return tensor.contiguous().numpy(force=True)


def _array_or_none(tensor: Tensor | None):  # type: ignore[no-untyped-def]
    return None if tensor is None else _array(tensor)


def _arrays(W: Tensor, U: Tensor, b: Tensor, c: Tensor) -> Weights:
    return _array(W), _array(U), _array(b), _array(c)


def _batch(
    input: Tensor,
    initial: Tensor,
    lengths: Tensor | None,
    resets: Tensor | None,
    packed: bool,
    reverse: bool,
) -> Batch:
    ends = None
    if lengths is not None:
        ends = checked_lengths(_array(lengths), tuple(input.shape), packed)
    return Batch(_array(input), _array(initial), ends, _array_or_none(resets), packed, reverse)


def _words(form: str) -> Words:
    update, reset, gate, squash = form.split()
    return update, reset, gate, squash


@native_sequence.register_fake
def _sequence_shapes(input: Tensor, initial: Tensor, *rest: Any) -> tuple[Tensor, Tensor, Tensor]:
    packed, _, record = rest[-3:]
    H, shape = initial.shape[1], input.shape[:-1]
    steps = (shape[0] if packed else shape[0] * shape[1]) if record else 0
    output, last = initial.new_empty(*shape, H), initial.new_empty(initial.shape)
    return output, last, initial.new_empty(steps, TAPE, H)


@native_backward.register_fake
def _backward_shapes(*arguments: Any) -> Gradients:
    input, *others = arguments[4:10]  # the initial state and the weights
    to_input = input.new_empty(input.shape if arguments[-1] else 0)
    return cast(Gradients, (to_input, *[tensor.new_empty(tensor.shape) for tensor in others]))


class _Context(Protocol):
    """What autograd hands from forward to backward."""

    call: tuple[str, bool, bool]  # form, packed, reverse
    needs_input_grad: tuple[bool, ...]
    saved_tensors: tuple[Tensor, ...]

    def save_for_backward(self, *tensors: Tensor | None) -> None: ...
    def mark_non_differentiable(self, *tensors: Tensor) -> None: ...
    def set_materialize_grads(self, value: bool) -> None: ...


def _remember(ctx: _Context, inputs: tuple[object, ...], output: tuple[Tensor, ...]) -> None:
    *tensors, form, packed, reverse, _ = inputs
    states, _, tape = output
    ctx.save_for_backward(states, tape, *cast("list[Tensor | None]", tensors))
    ctx.call = cast(tuple[str, bool, bool], (form, packed, reverse))
    ctx.mark_non_differentiable(tape)
    ctx.set_materialize_grads(False)


def _backward(
    ctx: _Context, grad_output: Tensor | None, grad_last: Tensor | None, _: None
) -> tuple[Tensor | None, ...]:
    if torch.is_grad_enabled():  # autograd records this backward: create_graph=True
        raise RuntimeError("the gated recurrence can be differentiated once, got create_graph=True")
    to_input, *rest = native_backward(
        grad_output, grad_last, *ctx.saved_tensors, *ctx.call, ctx.needs_input_grad[0]
    )
    return (to_input if ctx.needs_input_grad[0] else None, *rest, *[None] * 6)


native_sequence.register_autograd(_backward, setup_context=_remember)
