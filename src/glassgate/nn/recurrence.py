"""A gated recurrent layer along a sequence, on whatever runs best where the tensors lie.

`sequence` is the whole interface: CPU tensors go to the native engine (`glassgate.nn.native`), all
others to torch's own operations (`glassgate.nn.batched`).
"""

import torch
from torch import Tensor

from glassgate.errors import BadInput
from glassgate.formulation import Formulation
from glassgate.nn import loops
from glassgate.nn.batched import batched
from glassgate.nn.checks import under_autocast
from glassgate.nn.native import PLAIN, native_sequence, only_computes, run_plain
from glassgate.weights import require_shape

NATIVE = ("cpu", "meta")  # of the meta device there are shapes alone


def sequence(
    input: Tensor,
    hidden: Tensor,
    weight_input: Tensor,
    weight_hidden: Tensor,
    bias_input: Tensor,
    bias_hidden: Tensor,
    formulation: Formulation,
    lengths: Tensor | None = None,
    resets: Tensor | None = None,
    *,
    packed: bool = False,
    reverse: bool = False,
) -> tuple[Tensor, Tensor]:
    """Run one layer in one direction along a batch of sequences.

    Differentiable once, with respect to every tensor of floats.
    Under autocast the recurrence runs in the weights' own dtype: a state rounded to the 8 bits of
    bfloat16 at every step would lose what a unit is there to remember.

    Parameters
    ----------
    input
        [T, B, I], at least one step; [N, I] if `packed`.
    hidden
        The state before the first step, [B, H].
    weight_input, weight_hidden, bias_input, bias_hidden
        [3H, I], [3H, H], [3H], [3H], in the order reset, update, candidate.
    formulation
        The form of the unit.
    lengths
        Valid steps of each sequence, 0..T, [B] integers; all if not given. What stands behind them
        is never read. On the CPU the work grows with their sum.
    resets
        [T, B] booleans: True where the state is zeroed before the step.
    packed
        Whether the steps lie as in a `PackedSequence`; `lengths` are needed and do not increase.
    reverse
        Whether to run from each sequence's last valid step to its first.

    Returns
    -------
    output
        The state after each step, [T, B, H] or [N, H]; 0 behind the lengths.
    last
        Each sequence's state after the last step taken, [B, H]; `hidden` where the length is 0.

    Raises
    ------
    BadInput
        When a shape does not fit, a length is out of range (told on the CPU alone), or the tensors
        lie on several devices.
    TypeError
        When the tensors are neither all float32 nor all float64, the lengths no integers, or the
        resets no booleans.
    RuntimeError
        In the backward pass, when a second derivative is prepared (``create_graph=True``), and
        where derivatives are asked for in forward mode.
    """
    if torch.autograd.forward_ad._current_level >= 0:
        raise RuntimeError(
            "the gated recurrence has no derivatives in forward mode, got dual level"
        )
    device, dtype = input.device.type, weight_hidden.dtype
    weights = (weight_input, weight_hidden, bias_input, bias_hidden)
    if under_autocast(device):
        with torch.autocast(device, enabled=False):
            return sequence(
                *(input.to(dtype), hidden.to(dtype), *weights, formulation, lengths, resets),
                packed=packed,
                reverse=reverse,
            )
    _check(input, hidden, weights, packed)
    if packed and lengths is None:
        raise BadInput("lengths must be given with packed input, got none")
    ends = None if lengths is None else checked_lengths(lengths, hidden)
    _check_resets(resets, None if packed else input.shape[:2])
    if device not in NATIVE:
        return batched(input, hidden, weights, formulation, ends, resets, packed, reverse)
    form = formulation
    words = f"{form.update} {form.reset} {form.gate} {form.squash}"
    tensors = (input, hidden, *weights)
    if device == "cpu" and only_computes() and PLAIN.issuperset(map(type, tensors)):
        return run_plain(input, hidden, weights, ends, resets, words, packed, reverse)
    record = torch.is_grad_enabled() and any(x.requires_grad for x in tensors)
    output, last, _ = native_sequence(*tensors, ends, resets, words, packed, reverse, record)
    return output, last


def _check(input: Tensor, hidden: Tensor, weights: loops.Weights, packed: bool) -> None:
    weight_input, weight_hidden, bias_input, bias_hidden = weights
    input_size, H = weight_input.shape[-1], weight_hidden.shape[-1]
    require_shape("weight_hidden", weight_hidden.shape, (3 * H, H))
    require_shape("weight_input", weight_input.shape, (3 * H, input_size))
    require_shape("bias_input", bias_input.shape, (3 * H,))
    require_shape("bias_hidden", bias_hidden.shape, (3 * H,))
    require_shape("input", input.shape, (*(("N",) if packed else ("T", "B")), input_size))
    require_shape("hidden", hidden.shape, ("B" if packed else input.shape[1], H))
    dtypes = {x.dtype for x in (input, hidden, *weights)}
    if len(dtypes) > 1 or not dtypes <= {torch.float32, torch.float64}:
        raise TypeError(
            "input, hidden and weights must be all float32 or all float64, got "
            f"input {input.dtype}, hidden {hidden.dtype}, weights {weight_hidden.dtype}"
        )
    if len({x.device for x in (input, hidden, *weights)}) > 1:
        raise BadInput(
            "input, hidden and weights must be on one device, got "
            f"input {input.device}, hidden {hidden.device}, weights {weight_hidden.device}"
        )


def checked_lengths(lengths: Tensor, hidden: Tensor) -> Tensor:
    """Give lengths [B] as int64 where the states [B, H] are; refuse what are no integers."""
    if lengths.is_floating_point() or lengths.is_complex() or lengths.dtype == torch.bool:
        raise TypeError(f"lengths must be integers, got {lengths.dtype}")
    require_shape("lengths", lengths.shape, (hidden.shape[0],))
    return lengths.to(hidden.device, torch.int64)


def _check_resets(resets: Tensor | None, shape: torch.Size | None) -> None:
    if resets is None:
        return
    if resets.dtype != torch.bool:
        raise TypeError(f"resets must be bool, got {resets.dtype}")
    require_shape("resets", resets.shape, ("T", "B") if shape is None else shape)
