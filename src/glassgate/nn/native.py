"""The native engine under torch: called directly, or as operators that torch can trace.

In eager mode `run_plain` calls the engine, through a `torch.autograd.Function` if gradients are
needed. When torch traces, compiles, exports or transforms the program, it sees two custom operators
instead, ``glassgate::sequence`` and ``glassgate::sequence_backward``, which compute the same with
more overhead per call. Both ways take CPU tensors (the operators also take shapes on the meta
device), and can be differentiated once.
"""

from math import prod
from typing import Any, Protocol, TypeAlias, cast

import torch
from torch import Tensor, nn
from torch.autograd import forward_ad

from glassgate import _native
from glassgate.engine import calls, gradients
from glassgate.engine.calls import REUSE_FROM, TAPE, Batch, Weights, Words, check_lengths

Gradients: TypeAlias = tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]
PLAIN = frozenset({Tensor, nn.Parameter})

_native.read_tensors_of(Tensor)


def empty(shape: tuple[int, ...], like: Tensor) -> Tensor:
    """Allocate a tensor [*shape] of the dtype of `like`; large ones recycle memory."""
    if prod(shape) * like.element_size() < REUSE_FROM:
        return like.new_empty(shape)
    return torch.from_numpy(_native.lend(shape, like.dtype == torch.float64))


def only_computes() -> bool:
    """Whether torch runs eagerly, without a compiler, tracer, mode or transform."""
    return (
        not torch.compiler.is_compiling()
        and torch._C._get_tracing_state() is None
        and torch._C._len_torch_dispatch_stack() == 0
        and torch._C._functorch.peek_interpreter_stack() is None
        and forward_ad._current_level < 0
    )


def run_plain(
    tensors: tuple[Tensor, ...],
    lengths: Tensor | None,
    resets: Tensor | None,
    form: Words,
    packed: bool,
    reverse: bool,
    *,
    needs_grad: bool,
) -> tuple[Tensor, Tensor]:
    """Run one layer in one direction on plain tensors, like `glassgate.nn.recurrence.sequence`.

    Parameters
    ----------
    tensors
        The input, the initial state, W, U, b and c.
    lengths, resets, form, packed, reverse
        As in `sequence`, with the formulation as four words.
    needs_grad
        Whether to record the run for a backward pass.

    Raises
    ------
    ValueError, TypeError
        When a shape, a dtype or a device does not fit.
    """
    if needs_grad:
        result = _Sequence.apply(*tensors, lengths, resets, form, packed, reverse)  # type: ignore[no-untyped-call]
        return cast(tuple[Tensor, Tensor], result)
    weights, batch = _prepare(tensors, lengths, resets, packed, reverse)
    output, last, _ = calls.run(weights, form, batch, empty=empty)
    return output, last


def _prepare(
    tensors: Any, lengths: Tensor | None, resets: Tensor | None, packed: bool, reverse: bool
) -> tuple[Weights, Batch]:
    """Return weights and batch as the engine reads them."""
    input, initial, *weights = [tensor.contiguous() for tensor in tensors]
    ends = None
    if lengths is not None:
        ends = check_lengths(lengths.numpy(force=True), tuple(input.shape), packed)
    resets = None if resets is None else resets.contiguous()
    batch = Batch(input, initial, ends, resets, packed, reverse)
    return cast(Weights, tuple(weights)), batch


class _Context(Protocol):
    """The part of autograd's context that the backward pass uses."""

    options: tuple[Any, bool, bool]  # form, packed, reverse
    needs_input_grad: tuple[bool, ...]
    saved_tensors: tuple[Tensor, ...]

    def save_for_backward(self, *tensors: Tensor | None) -> None: ...
    def mark_non_differentiable(self, *tensors: Tensor) -> None: ...
    def set_materialize_grads(self, value: bool) -> None: ...


class _Sequence(torch.autograd.Function):
    """A run on plain tensors, with its backward pass."""

    @staticmethod
    def forward(ctx: Any, *arguments: Any) -> tuple[Tensor, Tensor]:
        *tensors, lengths, resets, form, packed, reverse = arguments
        weights, batch = _prepare(tensors, lengths, resets, packed, reverse)
        output, last, tape = calls.run(weights, form, batch, rows=batch.tokens, empty=empty)
        input, initial, *parameters = tensors
        parameters = detach_all(parameters)
        ctx.save_for_backward(output, tape, input, initial, *parameters, lengths, resets)
        ctx.options = form, packed, reverse
        ctx.set_materialize_grads(False)
        return output, last

    @staticmethod
    def backward(
        ctx: Any, grad_output: Tensor | None, grad_last: Tensor | None
    ) -> tuple[Tensor | None, ...]:
        return _backward(_run_backward, ctx, grad_output, grad_last, others=5)


def detach_all(tensors: Any) -> list[Tensor]:
    """Detach tensors, so that they keep their memory if their originals' `.data` is replaced."""
    return [tensor.detach() for tensor in tensors]


def check_backward(*grads: Tensor | None) -> None:
    """Refuse backward passes that are not implemented.

    Raises
    ------
    RuntimeError
        When autograd records the backward pass itself, or passes a batch of gradients.
    """
    if torch.is_grad_enabled():
        raise RuntimeError("the gated recurrence can be differentiated once, got create_graph=True")
    if any(grad is not None and not torch._C._has_storage(grad) for grad in grads):
        raise RuntimeError(
            "the gated recurrence takes one gradient at a time, got a batch of them: "
            "leave out vectorize=True or is_grads_batched=True"
        )


def make_contiguous(grad: Tensor | None) -> Tensor | None:
    """Return a gradient in C order; None stays None."""
    return None if grad is None else grad.contiguous()


def _backward(
    backward: Any, ctx: _Context, grad_output: Tensor | None, grad_last: Tensor | None, others: int
) -> tuple[Tensor | None, ...]:
    """Backpropagate; the forward pass has six tensors and `others` arguments without gradients."""
    check_backward(grad_output, grad_last)
    grad_input, *grads = backward(
        grad_output, grad_last, *ctx.saved_tensors, *ctx.options, ctx.needs_input_grad[0]
    )
    return (grad_input if ctx.needs_input_grad[0] else None, *grads, *[None] * others)


def _run_backward(
    grad_output: Tensor | None,
    grad_last: Tensor | None,
    output: Tensor,
    tape: Tensor,
    *rest: Any,
) -> tuple[Tensor | None, ...]:
    """Return the gradients to the input, if needed, the initial state, W, U, b and c."""
    *tensors, lengths, resets, form, packed, reverse, needs_input_grad = rest
    weights, batch = _prepare(tensors, lengths, resets, packed, reverse)
    return gradients.backpropagate(
        weights,
        form,
        batch,
        output.contiguous(),
        tape,
        make_contiguous(grad_output),
        make_contiguous(grad_last),
        to_input=needs_input_grad,
        empty=empty,
    )


def _split_form(form: str) -> Words:
    """Split a formulation, as the operators take it, into its four words."""
    update, reset, gate, squash = form.split()
    return update, reset, gate, squash


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
    """Run one layer in one direction, like `glassgate.nn.recurrence.sequence`.

    `form` is the formulation's four words, separated by spaces. Returns the output, the last
    states, and the tape, [T * B, 4, H], [N, 4, H] if packed, or [0, 4, H] if not `record`.
    """
    tensors = (input, initial, weight_input, weight_hidden, bias_input, bias_hidden)
    weights, batch = _prepare(tensors, lengths, resets, packed, reverse)
    rows = prod(input.shape[:-1]) if record else None
    output, last, tape = calls.run(weights, _split_form(form), batch, rows, empty)
    return output, last, input.new_empty(0, TAPE, initial.shape[1]) if tape is None else tape


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
    needs_input_grad: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Return the gradients to the input, the initial state, W, U, b and c.

    The gradient to the input is empty if not `needs_input_grad`.
    """
    weights = (weight_input, weight_hidden, bias_input, bias_hidden)
    grad_input, *grads = _run_backward(
        grad_output,
        grad_last,
        output,
        tape,
        input,
        initial,
        *weights,
        lengths,
        resets,
        _split_form(form),
        packed,
        reverse,
        needs_input_grad,
    )
    return cast(Gradients, (input.new_empty(0) if grad_input is None else grad_input, *grads))


@native_sequence.register_fake
def _sequence_shapes(input: Tensor, initial: Tensor, *rest: Any) -> tuple[Tensor, Tensor, Tensor]:
    packed, _, record = rest[-3:]
    H, shape = initial.shape[1], input.shape[:-1]
    rows = (shape[0] if packed else shape[0] * shape[1]) if record else 0
    output, last = initial.new_empty(*shape, H), initial.new_empty(initial.shape)
    return output, last, initial.new_empty(rows, TAPE, H)


@native_backward.register_fake
def _backward_shapes(*arguments: Any) -> Gradients:
    input, *others = arguments[4:10]  # the initial state and the weights
    grad_input = input.new_empty(input.shape if arguments[-1] else 0)
    return cast(Gradients, (grad_input, *[tensor.new_empty(tensor.shape) for tensor in others]))


def _save_context(ctx: _Context, inputs: tuple[object, ...], output: tuple[Tensor, ...]) -> None:
    *tensors, form, packed, reverse, _ = inputs
    hidden, _, tape = output
    ctx.save_for_backward(hidden, tape, *cast("list[Tensor | None]", tensors))
    ctx.options = cast(tuple[str, bool, bool], (form, packed, reverse))
    ctx.mark_non_differentiable(tape)
    ctx.set_materialize_grads(False)


def _operator_backward(
    ctx: _Context, grad_output: Tensor | None, grad_last: Tensor | None, _: None
) -> tuple[Tensor | None, ...]:
    return _backward(native_backward, ctx, grad_output, grad_last, others=6)


native_sequence.register_autograd(_operator_backward, setup_context=_save_context)
