"""Reading the gates of torch's networks, in one batched product or in a loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from glassgate.engine.plan import Direction
from glassgate.formulation import Array, Formulation
from glassgate.gates import Gates
from glassgate.inside.networks import (
    Call,
    Module,
    States,
    directions,
    formulation,
    num_layers,
    one_layer,
    run,
    weights,
    wide,
)
from glassgate.inside.trace.states import (
    LayerTrace,
    LSTMGates,
    SRNStates,
    remembered,
    running_order,
)
from glassgate.nn.checks import valid_steps
from glassgate.nn.loops import GATES, SQUASHES


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


def read_layers(module: Module, call: Call, output: Tensor | None = None) -> list[list[LayerTrace]]:
    """Read every layer of a module, direction by direction.

    Where there are several layers, each runs by itself, by the module's own forward, since the
    module does not tell what passes between them. All in all that is one run of the module.

    Parameters
    ----------
    module
        A recurrent module.
    call
        What it reads.
    output
        What it gave, [T, B, ...], where it has run already: then its last layer does not run again.
    """
    ways, layers, input = directions(module), num_layers(module), call.input
    found = []
    for layer in range(layers):
        rows = slice(layer * len(ways), (layer + 1) * len(ways))
        part = Call(input, tuple(state[rows] for state in call.state), call.lengths)
        if output is None or layer < layers - 1:
            input, _ = run(one_layer(module, layer), part)
        else:
            input = output
        found.append(
            [
                _read(module, weights(module, layer, way), _Steps(part, i, way, hidden))
                for i, (way, hidden) in enumerate(
                    zip(ways, input.chunk(len(ways), -1), strict=True)
                )
            ]
        )
    return found


class _Steps:
    """What one direction of a layer read at each valid step, and the states it went through."""

    def __init__(self, call: Call, row: int, way: Direction, hidden: Tensor) -> None:
        """Take the layer's call, which of the states is the direction's, and its h, [T, B, H]."""
        self.lengths, self.reverse = call.ends, way == "reverse"
        self.initial = [wide(state[row]) for state in call.state]  # (B, H) each
        self.hidden = wide(hidden)
        ends = torch.from_numpy(self.lengths).to(hidden.device)
        self._valid = None if call.lengths is None else valid_steps(ends, len(hidden))
        self.input = self._rows(wide(call.input))  # (N, I)
        self.previous = self._rows(self._shifted(ends))  # (N, H)

    def _shifted(self, ends: Tensor) -> Tensor:
        """Give the state before each step, [T, B, H]."""
        first = self.initial[0][None]
        if not self.reverse:
            return torch.cat([first, self.hidden[:-1]])
        after = torch.cat([self.hidden[1:], first])
        began = torch.arange(len(after), device=ends.device)[:, None] == ends - 1  # (T, B)
        return torch.where(began[..., None], first, after)

    def _rows(self, steps: Tensor) -> Tensor:
        return steps.flatten(0, 1) if self._valid is None else steps[self._valid]

    def arrays(self, rows: Tensor, count: int = 1) -> list[Array]:
        """Give rows [N, count * H] as so many arrays [T, B, H], 0 behind the lengths."""
        T, B, H = self.hidden.shape
        if self._valid is None:
            steps = rows.reshape(T, B, rows.shape[1])
        else:
            steps = rows.new_zeros(T, B, count * H)
            steps[self._valid] = rows
        whole: Array = steps.numpy(force=True)
        return [whole[..., i * H : (i + 1) * H] for i in range(count)]


def _read(module: Module, numbers: tuple[Tensor, ...], steps: _Steps) -> LayerTrace:
    W, U, b, c = map(wide, numbers)
    if isinstance(module, nn.LSTM):
        return _read_lstm(_sums(W, U, b + c, steps), steps)
    if isinstance(module, nn.RNN):
        (candidate,) = steps.arrays(CURVES[module.nonlinearity](_sums(W, U, b + c, steps)))
        return SRNStates(candidate, steps.hidden.numpy(force=True))
    return _read_gru((W, U, b, c), formulation(module), steps)


def _sums(W: Tensor, U: Tensor, bias: Tensor, steps: _Steps) -> Tensor:
    """W x + U h + b for some rows of the weights, [N, rows]."""
    return torch.addmm(bias, steps.input, W.t()).addmm_(steps.previous, U.t())


def _read_gru(numbers: tuple[Tensor, ...], form: Formulation, steps: _Steps) -> Gates:
    W, U, b, c = numbers
    H = U.shape[1]
    rz = GATES[form.gate](_sums(W[: 2 * H], U[: 2 * H], b[: 2 * H] + c[: 2 * H], steps))
    r, z = rz.chunk(2, -1)  # (N, H) each
    if form.reset == "none":
        r.fill_(1)
    recalled = r * steps.previous if form.reset == "before" else steps.previous
    recurrent = torch.addmm(c[2 * H :], recalled, U[2 * H :].t())
    if form.reset == "after":
        recurrent *= r
    n = CURVES[form.squash](recurrent.addmm_(steps.input, W[2 * H :].t()).add_(b[2 * H :]))
    (reset, update), (candidate,) = steps.arrays(rz, 2), steps.arrays(n)
    kept = update if form.update == "keeps" else steps.arrays(1 - z)[0]
    return Gates(reset, update, candidate, steps.hidden.numpy(force=True), kept)


def _read_lstm(sums: Tensor, steps: _Steps) -> LSTMGates:
    """Make gates of sums [N, 4H]."""
    lstm_gates(sums)
    input, forget, candidate, output = steps.arrays(sums, 4)
    began = steps.initial[1].numpy(force=True)
    cell = remembered(forget, input * candidate, began, steps.lengths, steps.reverse)
    hidden: Array = steps.hidden.numpy(force=True)
    return LSTMGates(input, forget, output, candidate, cell, hidden, forget)
