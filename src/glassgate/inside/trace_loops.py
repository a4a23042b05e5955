"""Running an LSTM or an SRN step by step, and keeping what its gates did.

On a CPU that is faster than torch's own forward with the gates read afterwards: nothing is computed
twice. What does not wait for the state is one product before the loop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from glassgate.engine.plan import Direction
from glassgate.formulation import Array
from glassgate.inside.trace_call import Call, States, directions, weights
from glassgate.inside.trace_layers import LayerTrace, LSTMGates, SRNStates, running_order
from glassgate.nn.loops import SQUASHES


def record_layers(module: nn.LSTM | nn.RNN, call: Call) -> list[list[LayerTrace]]:
    """Run every layer of a module, direction by direction, on valid steps alone."""
    found, states = [], zip(*call.state, strict=True)
    for layer in range(module.num_layers):
        ran = [_record(module, layer, way, call, next(states)) for way in directions(module)]
        found.append(ran)
        output = np.concatenate([one.hidden for one in ran], -1)  # (T, B, H or 2H)
        call = call._replace(input=torch.from_numpy(output))
    return found


def _record(
    module: nn.LSTM | nn.RNN, layer: int, way: Direction, call: Call, initial: States
) -> LayerTrace:
    """Run one direction of a layer from states [B, H]."""
    T, B, _ = call.input.shape
    W, U, b, c = weights(module, layer, way)
    order = running_order(call.ends, T, reverse=way == "reverse")
    rows, began = torch.from_numpy(order.rows), [state[order.columns] for state in initial]
    sums = torch.addmm(b + c, call.input.flatten(0, 1)[rows], W.t())  # (N, H or 4H)

    def in_time(made: Tensor) -> Array:
        """Bring rows in the order of running, [N, H], to [T, B, H]."""
        padded = made.new_zeros(T * B, made.shape[1])
        padded[rows] = made
        array: Array = padded.view(T, B, -1).numpy()
        return array

    if isinstance(module, nn.RNN):
        _run_srn(torch.split(sums, order.sizes), U.t(), began[0], SQUASHES[module.nonlinearity])
        hidden = in_time(sums)
        return SRNStates(hidden, hidden)
    states, cells = _run_lstm(sums, order.sizes, U.t(), *began)
    i, f, g, o = np.split(in_time(sums), 4, axis=-1)
    return LSTMGates(i, f, o, g, in_time(cells), in_time(states), f)


def _run_srn(
    sums: Sequence[Tensor], U: Tensor, hidden: Tensor, squash: Callable[[Tensor], Tensor]
) -> None:
    """Make states of each step's sums [n, H], in their place."""
    for step in sums:
        hidden = squash(step.addmm_(hidden[: len(step)], U))


def _run_lstm(
    sums: Tensor, sizes: list[int], U: Tensor, hidden: Tensor, cell: Tensor
) -> tuple[Tensor, Tensor]:
    """Make gates of sums [N, 4H], in their place; give states and cells, [N, H] each."""
    states, cells = sums.new_empty(2, len(sums), len(U))
    steps = (torch.split(made, sizes) for made in (sums, states, cells))
    for step, state, memory in zip(*steps, strict=True):
        n = len(step)  # of the longest sequences, which come first
        i, f, g, o = lstm_gates(step.addmm_(hidden[:n], U))
        cell = torch.mul(f, cell[:n], out=memory).addcmul_(i, g)
        hidden = torch.mul(o, cell.tanh(), out=state)
    return states, cells


def lstm_gates(sums: Tensor) -> tuple[Tensor, ...]:
    """Make gates of sums [N, 4H], in their place: input, forget, candidate, output."""
    i, f, g, o = sums.chunk(4, -1)
    sums[:, : 2 * i.shape[1]].sigmoid_()
    return i, f, g.tanh_(), o.sigmoid_()
