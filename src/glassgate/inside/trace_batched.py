"""Reading the gates of a module that has run: every step of a layer in one batched product.

A gate of step t depends on the input x_t and the state h_{t-1} alone. So once a network has run,
by whatever means, cuDNN included, all its gates follow from its inputs and states, and nothing has
to be recorded while it runs.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from glassgate.engine.plan import Direction
from glassgate.formulation import Array, Formulation
from glassgate.gates import Gates
from glassgate.inside.trace_call import (
    Call,
    Module,
    directions,
    formulation,
    num_layers,
    weights,
    wide,
)
from glassgate.inside.trace_layers import LayerTrace, LSTMGates, SRNStates, remembered
from glassgate.inside.trace_loops import CURVES, lstm_gates
from glassgate.inside.trace_run import one_layer, run
from glassgate.nn.loops import GATES
from glassgate.nn.steps import valid_steps


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
