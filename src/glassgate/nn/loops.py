"""The recurrence in torch operations, step by step, forward and backward over one tape.

The tape holds the candidate n of each step, [T, B, H], as its own array, since tanh is fastest on
contiguous memory, and the gates in the order in which one product writes them::

    reset = "after"     m  r  z     [T, B, 3H]; m = U_n h + c_n
    reset = "before"       r  z     [T, B, 2H]
    reset = "none"         r  z     [T, B, 2H]; r is not used

The gradients are concatenated, n last, [T, B, 4H or 3H]: each is the gradient to the state times a
slope that is computed for all steps before the loop.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import torch
from torch import Tensor
from torch.nn import functional as F

from glassgate.formulation import Formulation

Weights: TypeAlias = tuple[Tensor, Tensor, Tensor, Tensor]  # W (3H, I), U (3H, H), b, c (3H,)
Tape: TypeAlias = tuple[Tensor, Tensor]  # the gates (T, B, 2H or 3H), the candidate (T, B, H)

# Each curve, in place.
GATES: dict[str, Callable[[Tensor], Tensor]] = {
    "sigmoid": torch.sigmoid_,
    "hard_sigmoid_fifth": lambda x: x.mul_(0.2).add_(0.5).clamp_(0, 1),
    "hard_sigmoid_sixth": lambda x: F.hardsigmoid(x, inplace=True),
}
SQUASHES: dict[str, Callable[[Tensor], Tensor]] = {
    "tanh": torch.tanh_,
    "relu": torch.relu_,
    "linear": lambda x: x,
}
# The gradient to a curve's argument, from that to its value y.
GATES_BACK: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "sigmoid": torch.ops.aten.sigmoid_backward,
    "hard_sigmoid_fifth": lambda grad, y: grad * ((y > 0) & (y < 1)) * 0.2,
    "hard_sigmoid_sixth": lambda grad, y: grad * ((y > 0) & (y < 1)) / 6,
}
SQUASHES_BACK: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "tanh": torch.ops.aten.tanh_backward,
    "relu": lambda grad, y: grad * (y > 0),
    "linear": lambda grad, _: grad,
}


def candidate_first(rows: Tensor) -> Tensor:
    """Reorder rows from reset, update, candidate to candidate, reset, update."""
    H = len(rows) // 3
    return torch.cat([rows[2 * H :], rows[: 2 * H]])


def candidate_last(rows: Tensor) -> Tensor:
    """Reorder rows from candidate, reset, update to reset, update, candidate."""
    H = len(rows) // 3
    return torch.cat([rows[H:], rows[:H]])


def input_sums(input: Tensor, weights: Weights, formulation: Formulation) -> Tape:
    """Begin a tape with the terms that do not depend on the state: W x and the biases."""
    W, U, b, c = weights
    (T, B, _), H = input.shape, U.shape[1]
    after, rows = formulation.reset == "after", input.flatten(0, 1)  # (T B, I)
    gates, n = input.new_empty(T, B, 3 * H if after else 2 * H), input.new_empty(T, B, H)
    if after:
        gates[..., :H] = c[2 * H :]
    bias_n = b[2 * H :] if after else b[2 * H :] + c[2 * H :]
    bias_rz = b[: 2 * H] + c[: 2 * H]
    torch.addmm(bias_rz, rows, W[: 2 * H].t(), out=gates.flatten(0, 1)[:, -2 * H :])
    torch.addmm(bias_n, rows, W[2 * H :].t(), out=n.flatten(0, 1))
    return gates, n


def _forward_after(
    tape: Tape, hidden: Tensor, U: Tensor, formulation: Formulation, output: Tensor
) -> None:
    H, gate, squash = len(U) // 3, GATES[formulation.gate], SQUASHES[formulation.squash]
    U_mrz = candidate_first(U).t()  # (H, 3H)
    mrz, rz, n = tape[0].unbind(), tape[0][..., H:].unbind(), tape[1].unbind()
    m, r, z = (block.unbind() for block in tape[0].chunk(3, -1))
    for t, new in enumerate(output.unbind()):
        mrz[t].addmm_(hidden, U_mrz)
        gate(rz[t])
        squash(n[t].addcmul_(r[t], m[t]))
        hidden = _blend(formulation, z[t], hidden, n[t], new)


def _forward_before(
    tape: Tape, hidden: Tensor, U: Tensor, formulation: Formulation, output: Tensor
) -> None:
    H, gate, squash = len(U) // 3, GATES[formulation.gate], SQUASHES[formulation.squash]
    U_rz, U_n = U[: 2 * H].t(), U[2 * H :].t()  # (H, 2H), (H, H)
    rz, n = tape[0].unbind(), tape[1].unbind()
    r, z = (block.unbind() for block in tape[0].chunk(2, -1))
    for t, new in enumerate(output.unbind()):
        gate(rz[t].addmm_(hidden, U_rz))
        squash(n[t].addmm_(r[t] * hidden, U_n))
        hidden = _blend(formulation, z[t], hidden, n[t], new)


def _forward_none(
    tape: Tape, hidden: Tensor, U: Tensor, formulation: Formulation, output: Tensor
) -> None:
    H, gate, squash = len(U) // 3, GATES[formulation.gate], SQUASHES[formulation.squash]
    U_z, U_n = U[H : 2 * H].t(), U[2 * H :].t()  # (H, H)
    z, n = tape[0][..., H:].unbind(), tape[1].unbind()
    for t, new in enumerate(output.unbind()):
        gate(z[t].addmm_(hidden, U_z))
        squash(n[t].addmm_(hidden, U_n))
        hidden = _blend(formulation, z[t], hidden, n[t], new)


def _blend(formulation: Formulation, z: Tensor, hidden: Tensor, n: Tensor, new: Tensor) -> Tensor:
    """Write the new state to `new`: the previous state and the candidate, blended by z."""
    if formulation.update == "keeps":
        return torch.lerp(n, hidden, z, out=new)
    return torch.lerp(hidden, n, z, out=new)


def slopes(tape: Tape, previous: Tensor, formulation: Formulation) -> Tensor:
    """Return the gradients to all sums for a gradient of 1 to h_t, [T, B, 3H or 4H].

    With reset = "before", the slope of r is for a gradient of 1 to r * h.
    """
    H = previous.shape[-1]
    gate_back, squash_back = GATES_BACK[formulation.gate], SQUASHES_BACK[formulation.squash]
    gates, n = tape
    r, z = gates[..., -2 * H :].chunk(2, -1)  # each (T, B, H)
    if formulation.update == "keeps":
        slope_z, slope_n = gate_back(previous - n, z), squash_back(1 - z, n)
    else:
        slope_z, slope_n = gate_back(n - previous, z), squash_back(z, n)
    match formulation.reset:
        case "after":
            slope_r = gate_back(slope_n * gates[..., :H], r)
            return torch.cat([slope_n * r, slope_r, slope_z, slope_n], -1)
        case "before":
            return torch.cat([gate_back(previous, r), slope_z, slope_n], -1)
        case "none":
            return torch.cat([torch.zeros_like(r), slope_z, slope_n], -1)


def _backward_after(
    grads: Tensor, tape: Tape, grad_output: Tensor, U: Tensor, formulation: Formulation
) -> Tensor:
    H = len(U) // 3
    kept, direct = _kept_shares(tape, H, formulation), _direct_grads(grad_output)
    return _walk_back(grads, grads[..., : 3 * H], kept, direct, candidate_first(U), grad_output[-1])


def _backward_none(
    grads: Tensor, tape: Tape, grad_output: Tensor, U: Tensor, formulation: Formulation
) -> Tensor:
    H = len(U) // 3
    kept, direct = _kept_shares(tape, H, formulation), _direct_grads(grad_output)
    return _walk_back(grads[..., H:], grads[..., H:], kept, direct, U[H:], grad_output[-1])


def _walk_back(
    grads: Tensor,
    grads_past: Tensor,
    kept: Sequence[Tensor],
    direct: Sequence[Tensor],
    U: Tensor,
    grad: Tensor,
) -> Tensor:
    """Multiply each step's slopes by its state's gradient, and carry that back through U and k."""
    blocks, past = _split_blocks(grads, U.shape[1]), grads_past.unbind()
    for t in reversed(range(len(blocks))):
        blocks[t].mul_(grad[:, None])  # (B, 2 or 4, H)
        grad = torch.addcmul(direct[t], grad, kept[t]).addmm_(past[t], U)
    return grad


def _backward_before(
    grads: Tensor, tape: Tape, grad_output: Tensor, U: Tensor, formulation: Formulation
) -> Tensor:
    H = len(U) // 3
    kept, direct = _kept_shares(tape, H, formulation), _direct_grads(grad_output)
    U_rz, U_n = U[: 2 * H], U[2 * H :]
    zn, rz = _split_blocks(grads[..., H:], H), grads[..., : 2 * H].unbind()
    grad_r, grad_n = grads[..., :H].unbind(), grads[..., 2 * H :].unbind()
    r, grad = tape[0][..., :H].unbind(), grad_output[-1]
    for t in reversed(range(len(r))):
        zn[t].mul_(grad[:, None])  # (B, 2, H)
        recalled = grad_n[t] @ U_n  # the gradient to r * h, (B, H)
        grad_r[t].mul_(recalled)
        grad = torch.addcmul(direct[t], grad, kept[t]).addcmul_(recalled, r[t])
        grad.addmm_(rz[t], U_rz)
    return grad


def _split_blocks(grads: Tensor, H: int) -> tuple[Tensor, ...]:
    """Split the columns of each step into blocks of H, (B, 2 or 4, H)."""
    T, B, columns = grads.shape
    return grads.view(T, B, columns // H, H).unbind()


def _kept_shares(tape: Tape, H: int, formulation: Formulation) -> tuple[Tensor, ...]:
    z = tape[0][..., -H:]
    return (z if formulation.update == "keeps" else 1 - z).unbind()


def _direct_grads(grad_output: Tensor) -> tuple[Tensor, ...]:
    """Return the gradient to each step's previous state as an output; the initial state is none."""
    return (torch.zeros_like(grad_output[0]), *grad_output[:-1].unbind())


FORWARD: dict[str, Callable[[Tape, Tensor, Tensor, Formulation, Tensor], None]] = {
    "after": _forward_after,
    "before": _forward_before,
    "none": _forward_none,
}
BACKWARD: dict[str, Callable[[Tensor, Tape, Tensor, Tensor, Formulation], Tensor]] = {
    "after": _backward_after,
    "before": _backward_before,
    "none": _backward_none,
}


def gates_of(
    input: Tensor,
    hidden: Tensor,
    weights: Weights,
    formulation: Formulation,
    squash: Callable[[Tensor], Tensor],
) -> tuple[Tensor, Tensor]:
    """Compute the gates of all steps at once, from known previous states.

    Parameters
    ----------
    input, hidden
        Each step's input, [N, I], and the state before it, [N, H].
    weights, formulation
        Those of the layer.
    squash
        The candidate's curve, in place: one of `SQUASHES`, or a faster equivalent.

    Returns
    -------
    gates
        Reset and update, concatenated, [N, 2H]; reset is 1 if the formulation has none.
    candidate
        [N, H].
    """
    W, U, b, c = weights
    H = U.shape[1]
    rz = torch.addmm(b[: 2 * H] + c[: 2 * H], input, W[: 2 * H].t())  # (N, 2H)
    GATES[formulation.gate](rz.addmm_(hidden, U[: 2 * H].t()))
    r = rz[:, :H]
    if formulation.reset == "none":
        r.fill_(1)
    recalled = r * hidden if formulation.reset == "before" else hidden
    n = torch.addmm(c[2 * H :], recalled, U[2 * H :].t())  # (N, H)
    if formulation.reset == "after":
        n *= r
    return rz, squash(n.addmm_(input, W[2 * H :].t()).add_(b[2 * H :]))
