"""The native engine under torch: run at once on plain tensors, as operators where torch looks on.

Where torch only computes, `run_plain` calls the engine, through a `torch.autograd.Function` where
there is something to learn. Where torch traces, compiles, exports or transforms what is called, it
sees two operators of known shapes, ``glassgate::sequence`` and its backward, which do the same at a
higher price a call. Both are for CPU tensors (the operators for shapes on the meta device, too),
and can be differentiated once.
"""

from math import prod
from typing import Any, Protocol, TypeAlias, cast

import torch
from torch import Tensor, nn
from torch.autograd import forward_ad

from glassgate import _native
from glassgate.engine import calls
from glassgate.engine.calls import REUSE_FROM, TAPE, Batch, Weights, Words, checked_lengths

Gradients: TypeAlias = tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]
PLAIN = frozenset({Tensor, nn.Parameter})

_native.read_tensors_of(Tensor)


def empty(shape: tuple[int, ...], like: Tensor) -> Tensor:
    """Allocate a tensor [*shape] of the dtype of `like`; a large one in memory used before."""
    if prod(shape) * like.element_size() < REUSE_FROM:
        return like.new_empty(shape)
    return torch.from_numpy(_native.lend(shape, like.dtype == torch.float64))


def only_computes() -> bool:
    """Whether torch computes and does nothing else: no compiler, tracer, mode or transform."""
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
    learns: bool,
) -> tuple[Tensor, Tensor]:
    """Run one layer in one direction on plain tensors, as `glassgate.nn.recurrence.sequence` says.

    Parameters
    ----------
    tensors
        The input, the initial state, W, U, b and c.
    lengths, resets, form, packed, reverse
        As `sequence` takes them, with the formulation's words.
    learns
        Whether autograd records it for a backward pass.

    Raises
    ------
    ValueError, TypeError
        From the binding, where a shape, a dtype or a device does not fit.
    """
    if learns:
        ran = _Sequence.apply(*tensors, lengths, resets, form, packed, reverse)  # type: ignore[no-untyped-call]
        return cast(tuple[Tensor, Tensor], ran)
    weights, batch = _arguments(tensors, lengths, resets, packed, reverse)
    output, last, _ = calls.run(weights, form, batch, empty=empty)
    return output, last


def _arguments(
    tensors: Any, lengths: Tensor | None, resets: Tensor | None, packed: bool, reverse: bool
) -> tuple[Weights, Batch]:
    """Give weights and batch as the engine reads them."""
    input, initial, *weights = [tensor.contiguous() for tensor in tensors]
    ends = None
    if lengths is not None:
        ends = checked_lengths(lengths.numpy(force=True), tuple(input.shape), packed)
    resets = None if resets is None else resets.contiguous()
    batch = Batch(input, initial, ends, resets, packed, reverse)
    return cast(Weights, tuple(weights)), batch


class _Context(Protocol):
    """What autograd hands from forward to backward."""

    call: tuple[Any, bool, bool]  # form, packed, reverse
    needs_input_grad: tuple[bool, ...]
    saved_tensors: tuple[Tensor, ...]

    def save_for_backward(self, *tensors: Tensor | None) -> None: ...
    def mark_non_differentiable(self, *tensors: Tensor) -> None: ...
    def set_materialize_grads(self, value: bool) -> None: ...


class _Sequence(torch.autograd.Function):
    """A run on plain tensors with a backward pass."""

    @staticmethod
    def forward(ctx: Any, *arguments: Any) -> tuple[Tensor, Tensor]:
        *tensors, lengths, resets, form, packed, reverse = arguments
        weights, batch = _arguments(tensors, lengths, resets, packed, reverse)
        output, last, tape = calls.run(weights, form, batch, rows=batch.tokens, empty=empty)
        input, initial, *given = tensors
        ctx.save_for_backward(output, tape, input, initial, *snapshots(given), lengths, resets)
        ctx.call = form, packed, reverse
        ctx.set_materialize_grads(False)
        return output, last

    @staticmethod
    def backward(
        ctx: Any, grad_output: Tensor | None, grad_last: Tensor | None
    ) -> tuple[Tensor | None, ...]:
        return _backward(_run_back, ctx, grad_output, grad_last, 5)


def snapshots(tensors: Any) -> list[Tensor]:
    """Give tensors that keep their memory even if their originals' `.data` is set to another."""
    return [tensor.detach() for tensor in tensors]


def check_backward(*grads: Tensor | None) -> None:
    """Refuse what no backward pass here can do.

    Raises
    ------
    RuntimeError
        When autograd records the backward pass, or asks for a batch of gradients.
    """
    if torch.is_grad_enabled():
        raise RuntimeError("the gated recurrence can be differentiated once, got create_graph=True")
    if any(grad is not None and not torch._C._has_storage(grad) for grad in grads):
        raise RuntimeError(
            "the gated recurrence takes one gradient at a time, got a batch of them: "
            "leave out vectorize=True or is_grads_batched=True"
        )


def contiguous(grad: Tensor | None) -> Tensor | None:
    """Give a gradient in C order, if there is one."""
    return None if grad is None else grad.contiguous()


def _backward(
    back: Any, ctx: _Context, grad_output: Tensor | None, grad_last: Tensor | None, others: int
) -> tuple[Tensor | None, ...]:
    """Backpropagate; `others` arguments of the forward beside the six tensors have no gradient."""
    check_backward(grad_output, grad_last)
    to_input, *rest = back(
        grad_output, grad_last, *ctx.saved_tensors, *ctx.call, ctx.needs_input_grad[0]
    )
    return (to_input if ctx.needs_input_grad[0] else None, *rest, *[None] * others)


def _run_back(
    grad_output: Tensor | None,
    grad_last: Tensor | None,
    output: Tensor,
    tape: Tensor,
    *rest: Any,
) -> tuple[Tensor | None, ...]:
    """Give the gradients to the input, the initial state, W, U, b and c, as the operator does."""
    *tensors, lengths, resets, form, packed, reverse, input_too = rest
    weights, batch = _arguments(tensors, lengths, resets, packed, reverse)
    return calls.run_back(
        weights,
        form,
        batch,
        output.contiguous(),
        tape,
        contiguous(grad_output),
        contiguous(grad_last),
        to_input=input_too,
        empty=empty,
    )


def _words(form: str) -> Words:
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
    """Run one layer in one direction, as `glassgate.nn.recurrence.sequence` says.

    `form` is the formulation's four words with spaces between. The results are the output, the
    last states, and the tape, [T * B, 4, H] or [N, 4, H]; of no row unless `record`.
    """
    tensors = (input, initial, weight_input, weight_hidden, bias_input, bias_hidden)
    weights, batch = _arguments(tensors, lengths, resets, packed, reverse)
    rows = prod(input.shape[:-1]) if record else None
    output, last, tape = calls.run(weights, _words(form), batch, rows, empty)
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
    input_too: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Give the gradients to the input, the initial state, W, U, b and c.

    That to the input has no element unless `input_too`.
    """
    weights = (weight_input, weight_hidden, bias_input, bias_hidden)
    to_input, *rest = _run_back(
        *(grad_output, grad_last, output, tape, input, initial, *weights, lengths, resets),
        *(_words(form), packed, reverse, input_too),
    )
    return cast(Gradients, (input.new_empty(0) if to_input is None else to_input, *rest))


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


def _remember(ctx: _Context, inputs: tuple[object, ...], output: tuple[Tensor, ...]) -> None:
    *tensors, form, packed, reverse, _ = inputs
    states, _, tape = output
    ctx.save_for_backward(states, tape, *cast("list[Tensor | None]", tensors))
    ctx.call = cast(tuple[str, bool, bool], (form, packed, reverse))
    ctx.mark_non_differentiable(tape)
    ctx.set_materialize_grads(False)


def _operator_backward(
    ctx: _Context, grad_output: Tensor | None, grad_last: Tensor | None, _: None
) -> tuple[Tensor | None, ...]:
    return _backward(native_backward, ctx, grad_output, grad_last, 6)


native_sequence.register_autograd(_operator_backward, setup_context=_remember)
