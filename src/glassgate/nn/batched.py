"""The recurrence in as few torch calls as possible, on any device that torch supports.

`run_batched` runs where the native engine does not. In every form, it computes what
`glassgate.nn.recurrence.sequence` describes with a few calls per step. Everything that does not
depend on the previous state is computed for all steps at once: the input's product before the loop,
the slopes and the weights' gradients outside it. Each step of the loop is one matrix product and a
few in-place operations.
"""

from itertools import pairwise
from typing import Protocol

import torch
from torch import Tensor

from glassgate.formulation import Formulation
from glassgate.nn import loops
from glassgate.nn.checks import valid_steps

STEPS_PER_TAPE = 16  # without a backward pass


def run_batched(
    input: Tensor,
    hidden: Tensor,
    weights: loops.Weights,
    formulation: Formulation,
    lengths: Tensor | None,
    resets: Tensor | None,
    packed: bool,
    reverse: bool,
) -> tuple[Tensor, Tensor]:
    """Run one layer in one direction; results in the padding are discarded.

    Takes at least one step, and arguments that the caller has checked.
    """
    if packed:
        assert lengths is not None
        valid = valid_steps(lengths, int(lengths.max()))
        input = input.new_zeros(*valid.shape, input.shape[1]).index_put((valid,), input)
    T, B, _ = input.shape
    if lengths is None:
        ends = torch.full((B,), T, device=input.device)
    else:
        ends = lengths
        input = torch.where(valid_steps(ends, T)[..., None], input, 0)
    if reverse:
        input, resets = (
            _reverse_steps(input, ends),
            None if resets is None else _reverse_steps(resets, ends),
        )
    output = _run_between_resets(input, hidden, weights, formulation, resets)
    columns = torch.arange(B, device=input.device)
    last = torch.cat([hidden[None], output])[ends, columns]  # (B, H)
    if reverse:
        output = _reverse_steps(output, ends)
    if packed:
        return output[valid], last
    if lengths is not None:
        output = torch.where(valid_steps(ends, T)[..., None], output, 0)
    return output, last


def _reverse_steps(steps: Tensor, lengths: Tensor) -> Tensor:
    """Reverse each column's valid steps, [T, B, ...]; the padding stays."""
    T = len(steps)
    time = torch.arange(T, device=steps.device)[:, None]
    source = torch.where(valid_steps(lengths, T), lengths - 1 - time, time)  # (T, B)
    return steps[source, torch.arange(len(lengths), device=steps.device)]


def _run_between_resets(
    input: Tensor,
    hidden: Tensor,
    weights: loops.Weights,
    formulation: Formulation,
    resets: Tensor | None,
) -> Tensor:
    """Run stretch by stretch; each begins at a step where some column is reset."""
    if resets is None:
        return _run_stretch(input, hidden, weights, formulation)
    starts = sorted({0, *resets.any(1).nonzero().flatten().tolist()})
    outputs = []
    for start, end in pairwise([*starts, len(input)]):
        hidden = torch.where(resets[start][:, None], 0, hidden)
        outputs.append(_run_stretch(input[start:end], hidden, weights, formulation))
        hidden = outputs[-1][-1]
    return torch.cat(outputs)


def _run_stretch(
    input: Tensor, hidden: Tensor, weights: loops.Weights, formulation: Formulation
) -> Tensor:
    if torch.is_grad_enabled() and any(x.requires_grad for x in (input, hidden, *weights)):
        output: Tensor = _Sequence.apply(  # type: ignore[no-untyped-call]
            input, hidden, *weights, formulation
        )
        return output
    return _run_without_tape(input, hidden, weights, formulation)


def _run_without_tape(
    input: Tensor, hidden: Tensor, weights: loops.Weights, formulation: Formulation
) -> Tensor:
    """Run in short stretches, so that the tape of only one is in memory."""
    output = hidden.new_empty(*input.shape[:2], hidden.shape[1])  # (T, B, H)
    for x, states in zip(
        torch.split(input, STEPS_PER_TAPE), torch.split(output, STEPS_PER_TAPE), strict=True
    ):
        _forward(x, hidden, weights, formulation, states)
        hidden = states[-1]
    return output


def _forward(
    input: Tensor, hidden: Tensor, weights: loops.Weights, formulation: Formulation, output: Tensor
) -> loops.Tape:
    """Fill `output` [T, B, H] and return the tape."""
    tape = loops.input_sums(input, weights, formulation)
    loops.FORWARD[formulation.reset](tape, hidden, weights[1], formulation, output)
    return tape


class _Context(Protocol):
    """The part of autograd's context that the backward pass uses."""

    formulation: Formulation
    needs_input_grad: tuple[bool, ...]
    saved_tensors: tuple[Tensor, ...]

    def save_for_backward(self, *tensors: Tensor) -> None: ...


class _Sequence(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: _Context,
        input: Tensor,
        hidden: Tensor,
        weight_input: Tensor,
        weight_hidden: Tensor,
        bias_input: Tensor,
        bias_hidden: Tensor,
        formulation: Formulation,
    ) -> Tensor:
        weights = (weight_input, weight_hidden, bias_input, bias_hidden)
        output = hidden.new_empty(*input.shape[:2], hidden.shape[1])  # (T, B, H)
        tape = _forward(input, hidden, weights, formulation, output)
        ctx.save_for_backward(input, hidden, weight_input, weight_hidden, *tape, output)
        ctx.formulation = formulation
        return output

    @staticmethod
    def backward(ctx: _Context, grad_output: Tensor) -> tuple[Tensor | None, ...]:
        if torch.is_grad_enabled():  # autograd records this backward: create_graph=True
            raise RuntimeError(
                "the gated recurrence can be differentiated once, got create_graph=True"
            )
        with torch.autocast(grad_output.device.type, enabled=False):
            return _backward(ctx, grad_output)


def _backward(ctx: _Context, grad_output: Tensor) -> tuple[Tensor | None, ...]:
    input, hidden, weight_input, weight_hidden, gates, candidate, output = ctx.saved_tensors
    tape, formulation = (gates, candidate), ctx.formulation
    H = output.shape[2]
    previous = torch.cat([hidden[None], output[:-1]])  # (T, B, H)

    grads = loops.slopes(tape, previous, formulation)  # the loop multiplies them into gradients
    grad_hidden = loops.BACKWARD[formulation.reset](
        grads, tape, grad_output, weight_hidden, formulation
    )

    grads, previous, rows = grads.flatten(0, 1), previous.flatten(0, 1), input.flatten(0, 1)
    grad_sums = grads[:, -3 * H :]  # to W x + b, (T B, 3H)
    grad_input = (grad_sums @ weight_input).view_as(input) if ctx.needs_input_grad[0] else None
    grad_weight_input = grad_sums.t() @ rows
    grad_bias = grads.sum(0)
    match formulation.reset:
        case "after":
            grad_weight_hidden = loops.candidate_last(grads[:, : 3 * H].t() @ previous)
            grad_bias_hidden = loops.candidate_last(grad_bias[: 3 * H])
        case "before":
            recalled = gates.flatten(0, 1)[:, :H] * previous  # r * h
            grad_weight_hidden = torch.cat(
                [grads[:, : 2 * H].t() @ previous, grads[:, 2 * H :].t() @ recalled]
            )
            grad_bias_hidden = grad_bias.clone()
        case "none":
            grad_weight_hidden = grads.t() @ previous
            grad_bias_hidden = grad_bias.clone()
    return (
        grad_input,
        grad_hidden,
        grad_weight_input,
        grad_weight_hidden,
        grad_bias[-3 * H :],
        grad_bias_hidden,
        None,
    )
