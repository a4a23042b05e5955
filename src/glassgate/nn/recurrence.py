"""A gated recurrent layer along a sequence, in as few torch calls as it takes.

`sequence` is the whole interface. The equations are those of `glassgate.reference`; what differs
is the order of the work. All that does not wait for the previous state is done for all steps at
once: the input's product before the loop, the slopes of the gates and the weights' gradients
around it. In the loop remain one matrix product and a few passes a step, written in place.
"""

from typing import Protocol

import torch
from torch import Tensor

from glassgate.formulation import Formulation
from glassgate.nn import loops
from glassgate.weights import require_shape

STRETCH = 16  # steps that share one tape when nothing has to be remembered


def sequence(
    input: Tensor,
    hidden: Tensor,
    weight_input: Tensor,
    weight_hidden: Tensor,
    bias_input: Tensor,
    bias_hidden: Tensor,
    formulation: Formulation,
) -> Tensor:
    """Run one layer in one direction along a sequence.

    Differentiable once, with respect to every tensor.
    Under autocast the recurrence runs in the weights' own dtype: a state rounded to the 8 bits of
    bfloat16 at every step would lose what a unit is there to remember.

    Parameters
    ----------
    input
        [T, B, I], at least one step.
    hidden
        The state before the first step, [B, H].
    weight_input, weight_hidden, bias_input, bias_hidden
        [3H, I], [3H, H], [3H], [3H], in the order reset, update, candidate.
    formulation
        The form of the unit.

    Returns
    -------
    Tensor
        The state after each step, [T, B, H].

    Raises
    ------
    BadInput
        When a shape does not fit.
    TypeError
        When the tensors are neither all float32 nor all float64.
    RuntimeError
        In the backward pass, when a second derivative is prepared (``create_graph=True``).
    """
    device, dtype = input.device.type, weight_hidden.dtype
    weights = (weight_input, weight_hidden, bias_input, bias_hidden)
    if torch.is_autocast_enabled(device):
        with torch.autocast(device, enabled=False):
            return sequence(input.to(dtype), hidden.to(dtype), *weights, formulation)
    _check(input, hidden, weights)
    if torch.is_grad_enabled() and any(x.requires_grad for x in (input, hidden, *weights)):
        output: Tensor = _Sequence.apply(  # type: ignore[no-untyped-call]  # torch leaves it bare
            input, hidden, *weights, formulation
        )
        return output
    return _without_tape(input, hidden, weights, formulation)


def _check(input: Tensor, hidden: Tensor, weights: loops.Weights) -> None:
    weight_input, weight_hidden, bias_input, bias_hidden = weights
    input_size, H = weight_input.shape[-1], weight_hidden.shape[-1]
    require_shape("weight_hidden", weight_hidden.shape, (3 * H, H))
    require_shape("weight_input", weight_input.shape, (3 * H, input_size))
    require_shape("bias_input", bias_input.shape, (3 * H,))
    require_shape("bias_hidden", bias_hidden.shape, (3 * H,))
    require_shape("input", input.shape, ("T", "B", input_size))
    require_shape("hidden", hidden.shape, (input.shape[1], H))
    dtypes = {x.dtype for x in (input, hidden, *weights)}
    if len(dtypes) > 1 or not dtypes <= {torch.float32, torch.float64}:
        raise TypeError(
            "input, hidden and weights must be all float32 or all float64, got "
            f"input {input.dtype}, hidden {hidden.dtype}, weights {weight_hidden.dtype}"
        )


def _without_tape(
    input: Tensor, hidden: Tensor, weights: loops.Weights, formulation: Formulation
) -> Tensor:
    """Run in stretches; the gates of one are forgotten when the next begins."""
    output = hidden.new_empty(*input.shape[:2], hidden.shape[1])  # (T, B, H)
    for x, states in zip(torch.split(input, STRETCH), torch.split(output, STRETCH), strict=True):
        _forward(x, hidden, weights, formulation, states)
        hidden = states[-1]
    return output


def _forward(
    input: Tensor, hidden: Tensor, weights: loops.Weights, formulation: Formulation, output: Tensor
) -> loops.Tape:
    """Fill `output` [T, B, H] and give the tape."""
    tape = loops.input_sums(input, weights, formulation)
    loops.FORWARD[formulation.reset](tape, hidden, weights[1], formulation, output)
    return tape


class _Context(Protocol):
    """What autograd hands from forward to backward."""

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

    grads = loops.slopes(tape, previous, formulation)  # and in the loop the gradients themselves
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
        *(grad_input, grad_hidden, grad_weight_input, grad_weight_hidden),
        *(grad_bias[-3 * H :], grad_bias_hidden, None),
    )
