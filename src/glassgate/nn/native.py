"""The native engine under torch: run at once on plain tensors, as operators where torch looks on.

Where torch only computes, `run_plain` calls the engine through one `torch.autograd.Function`. Where
torch traces, compiles, exports or transforms what is called, it sees two operators of known shapes,
``glassgate::sequence`` and its way back, which do the same at a higher price a call. Both are for
CPU tensors (the operators for shapes on the meta device, too), and can be differentiated once.
"""

from functools import partial
from math import prod
from typing import Any, Protocol, TypeAlias, cast

import torch
from torch import Tensor, nn
from torch.autograd import forward_ad

from glassgate import _native
from glassgate.engine.calls import Batch, Weights, Words, run, run_back
from glassgate.engine.layer import TAPE, checked_lengths
from glassgate.nn.chain import Step, as_they_are, chain_of, check_backward
from glassgate.nn.memory import empty

Gradients: TypeAlias = tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]
MOST_CHAINED = 64  # sequences; the more there are, the less of a step is its weights' gradients
PLAIN = frozenset({Tensor, nn.Parameter})

_native.read_tensors_of(Tensor)


def only_computes() -> bool:
    """Whether torch computes and does nothing else: no compiler, tracer, mode or transform."""
    return (
        not torch.compiler.is_compiling()
        and torch._C._get_tracing_state() is None
        and torch._C._len_torch_dispatch_stack() == 0
        and torch._C._functorch.peek_interpreter_stack() is None
        and forward_ad._current_level < 0
    )


class _Context(Protocol):
    """What autograd hands from forward to backward."""

    call: tuple[str, bool, bool]  # form, packed, reverse
    needs_input_grad: tuple[bool, ...]
    saved_tensors: tuple[Tensor, ...]

    def save_for_backward(self, *tensors: Tensor | None) -> None: ...
    def mark_non_differentiable(self, *tensors: Tensor) -> None: ...
    def set_materialize_grads(self, value: bool) -> None: ...


def run_plain(
    input: Tensor,
    initial: Tensor,
    weights: Weights,
    lengths: Tensor | None,
    resets: Tensor | None,
    form: str,
    packed: bool,
    reverse: bool,
) -> tuple[Tensor, Tensor]:
    """Run one layer in one direction on plain tensors, as `glassgate.nn.recurrence.sequence` says.

    `ValueError` or `TypeError` from the binding where a shape, a dtype or a device does not fit.
    """
    tensors = (input, initial, *weights)
    if torch.is_grad_enabled() and any(x.requires_grad for x in tensors):
        if _in_chain(input, weights, lengths, resets, packed):
            run_step = partial(_run, rest=(None, None, form, packed, reverse, input.shape[1]))
            x, h = input.contiguous(), initial.contiguous()
            chain = chain_of(weights, _words(form))
            stepped = Step.apply(chain, run_step, x, h, chain.token)  # type: ignore[no-untyped-call]
            return cast(tuple[Tensor, Tensor], stepped)
        call = (lengths, resets, form, packed, reverse)
        ran = _Sequence.apply(*tensors, *call)  # type: ignore[no-untyped-call]
        return cast(tuple[Tensor, Tensor], ran)
    output, last, _ = _run(tensors, (lengths, resets, form, packed, reverse, None))
    return output, last


def _in_chain(
    input: Tensor,
    weights: Weights,
    lengths: Tensor | None,
    resets: Tensor | None,
    packed: bool,
) -> bool:
    """Whether it is one step of few sequences, whose weights learn and lie as the engine reads."""
    return (
        not packed
        and input.shape[0] == 1
        and 0 < input.shape[1] <= MOST_CHAINED
        and lengths is None
        and resets is None
        and any(weight.requires_grad for weight in weights)
        and all(weight.is_contiguous() for weight in weights)
    )


class _Sequence(torch.autograd.Function):
    """A run on plain tensors that can be gone back over once."""

    @staticmethod
    def forward(ctx: Any, *arguments: Any) -> tuple[Tensor, Tensor]:
        *tensors, lengths, resets, form, packed, reverse = arguments
        steps = prod(tensors[0].shape[:-1]) if lengths is None or packed else int(lengths.sum())
        output, last, tape = _run(tensors, (*arguments[6:], steps))
        input, initial, *weights = tensors
        kept = (output, tape, input, initial, *as_they_are(weights), lengths, resets)
        ctx.save_for_backward(*kept)
        ctx.call = form, packed, reverse
        ctx.set_materialize_grads(False)
        return output, last

    @staticmethod
    def backward(
        ctx: Any, grad_output: Tensor | None, grad_last: Tensor | None
    ) -> tuple[Tensor | None, ...]:
        return _backward(_run_back, ctx, grad_output, grad_last, 5)


def _run(tensors: Any, rest: tuple[Any, ...]) -> tuple[Tensor, Tensor, Tensor | None]:
    """Run on input, state and weights; the rest are lengths and so on, and the rows of the tape.

    Those beyond the valid steps are 0; without a tape, None.
    """
    lengths, resets, form, packed, reverse, taped = rest
    input, initial, *weights = (tensor.contiguous() for tensor in tensors)
    batch = _batch(input, initial, lengths, resets, packed, reverse)
    H = initial.shape[1]
    output, last = empty((*input.shape[:-1], H), initial), empty((*initial.shape,), initial)
    tape = None if taped is None else empty((taped, TAPE, H), initial)
    valid = tape
    if tape is not None and batch.lengths is not None:
        steps = int(batch.lengths.sum())
        valid = tape[:steps]
        tape[steps:] = 0
    run(cast(Weights, tuple(weights)), _words(form), batch, output, last, valid)
    return output, last, tape


def _run_back(
    grad_output: Tensor | None,
    grad_last: Tensor | None,
    output: Tensor,
    tape: Tensor,
    input: Tensor,
    initial: Tensor,
    *rest: Any,
) -> tuple[Tensor | None, ...]:
    """Give the gradients to the input, the initial state, W, U, b and c, as the operator does."""
    *weights, lengths, resets, form, packed, reverse, input_too = rest
    batch = _batch(input.contiguous(), initial.contiguous(), lengths, resets, packed, reverse)
    if batch.lengths is not None:
        tape = tape[: int(batch.lengths.sum())]
    grads = [None if grad is None else grad.contiguous() for grad in (grad_output, grad_last)]
    to = [empty((*x.shape,), x) for x in (initial, *weights)]
    to_input = empty((*input.shape,), input) if input_too else None
    run_back(
        cast(Weights, tuple(weight.contiguous() for weight in weights)),
        _words(form),
        batch,
        (output.contiguous(), tape),
        (grads[0], grads[1]),
        cast(Any, (to_input, *to)),
    )
    return to_input, *to


def _backward(
    back: Any, ctx: _Context, grad_output: Tensor | None, grad_last: Tensor | None, others: int
) -> tuple[Tensor | None, ...]:
    """Go back; `others` arguments of the forward beside the six tensors have no gradient."""
    check_backward(grad_output, grad_last)
    to_input, *rest = back(
        grad_output, grad_last, *ctx.saved_tensors, *ctx.call, ctx.needs_input_grad[0]
    )
    return (to_input if ctx.needs_input_grad[0] else None, *rest, *[None] * others)


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
        ends = checked_lengths(lengths.numpy(force=True), tuple(input.shape), packed)
    resets = None if resets is None else resets.contiguous()
    return Batch(input, initial, ends, resets, packed, reverse)


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
    rows = prod(input.shape[:-1]) if record else None
    output, last, tape = _run(tensors, (lengths, resets, form, packed, reverse, rows))
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
        *(form, packed, reverse, input_too),
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
