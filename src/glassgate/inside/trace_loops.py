"""Running an LSTM or an SRN step by step, and keeping what its gates did.

On a CPU that is faster than torch's own forward with the gates read afterwards, but for an LSTM of
few sequences: nothing is computed twice. What does not wait for the state is one product before the
loop.
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
    found: list[list[LayerTrace]] = []
    states = zip(*call.state, strict=True)
    for layer in range(module.num_layers):
        if found:
            below = np.concatenate([one.hidden for one in found[-1]], -1)  # (T, B, H or 2H)
            call = call._replace(input=torch.from_numpy(below))
        ways = directions(module)
        found.append([_record(module, layer, way, call, next(states)) for way in ways])
    return found


def _record(
    module: nn.LSTM | nn.RNN, layer: int, way: Direction, call: Call, initial: States
) -> LayerTrace:
    """Run one direction of a layer from states [B, H]."""
    W, U, b, c = weights(module, layer, way)
    order = _Order(call, way)
    began = [state[order.columns] for state in initial]
    sums = torch.addmm(b + c, order.running(call.input), W.t())  # (N, H or 4H)
    if isinstance(module, nn.RNN):
        curve = CURVES[module.nonlinearity]
        _run_srn(torch.split(sums, order.sizes), U.t(), began[0], curve)
        hidden = order.in_time(sums)
        return SRNStates(hidden, hidden)
    states, cells = _run_lstm(sums, order.sizes, U.t(), *began)
    i, f, g, o = np.split(order.in_time(sums), 4, axis=-1)
    return LSTMGates(i, f, o, g, order.in_time(cells), order.in_time(states), f)


class _Order:
    """The valid steps of a call in the order in which one direction of a layer runs them.

    `sizes` and `columns` are those of `RunningOrder`. Where no lengths were given the steps stand
    in that order as they are, or turned round, and nothing is copied to and fro.
    """

    def __init__(self, call: Call, way: Direction) -> None:
        T, B, _ = call.input.shape
        self._T, self._B, self._reverse = T, B, way == "reverse"
        if call.lengths is None:
            self._rows, self.sizes, self.columns = None, [B] * T, np.arange(B)
        else:
            rows, self.sizes, self.columns = running_order(call.lengths, T, self._reverse)
            self._rows = torch.from_numpy(rows)

    def running(self, input: Tensor) -> Tensor:
        """Give the steps of an input [T, B, I] as they run, [N, I]."""
        if self._rows is None:
            return (input.flip(0) if self._reverse else input).flatten(0, 1)
        return input.flatten(0, 1)[self._rows]

    def in_time(self, made: Tensor) -> Array:
        """Bring what was made while running, [N, H], to [T, B, H], 0 behind the lengths."""
        H = made.shape[1]
        if self._rows is None:
            steps: Array = made.view(self._T, self._B, H).numpy()
            return steps[::-1] if self._reverse else steps
        padded = made.new_zeros(self._T * self._B, H)
        padded[self._rows] = made
        whole: Array = padded.view(self._T, self._B, H).numpy()
        return whole


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
        hidden = tanh_(state.copy_(cell)).mul_(o)
    return states, cells


def lstm_gates(sums: Tensor) -> tuple[Tensor, ...]:
    """Make gates of sums [N, 4H], in their place: input, forget, candidate, output."""
    i, f, g, o = sums.chunk(4, -1)
    sums[:, : 2 * i.shape[1]].sigmoid_()
    return i, f, tanh_(g), o.sigmoid_()


def tanh_(sums: Tensor) -> Tensor:
    """Do what torch.tanh_ does; on a CPU by NumPy, which takes a fifth of the time."""
    if sums.device.type != "cpu":
        return sums.tanh_()
    array = sums.numpy()
    np.tanh(array, out=array)
    return sums


CURVES = SQUASHES | {"tanh": tanh_}
