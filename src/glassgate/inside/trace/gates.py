"""Compute the gates of a torch module after its own forward, all steps in one batched product.

A gate depends only on x_t and h_{t-1}, so once all states are known, so are all gates.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from glassgate.engine.plan import Direction
from glassgate.formulation import Array
from glassgate.gates import Gates
from glassgate.inside.networks import Call, Network, widen
from glassgate.inside.trace.states import LayerTrace, LSTMGates, SRNStates, carry_memory
from glassgate.nn.checks import valid_steps
from glassgate.nn.loops import SQUASHES, gates_of


def lstm_gates(sums: Tensor) -> tuple[Tensor, ...]:
    """Turn sums [N, 4H] into gates, in place: input, forget, candidate, output."""
    i, f, g, o = sums.chunk(4, -1)
    sums[:, : 2 * i.shape[1]].sigmoid_()
    return i, f, tanh_(g), o.sigmoid_()


def tanh_(sums: Tensor) -> Tensor:
    """Apply tanh in place; on a CPU by NumPy, in a fifth of torch's time."""
    if sums.device.type != "cpu":
        return sums.tanh_()
    array = sums.numpy()
    np.tanh(array, out=array)
    return sums


CURVES = SQUASHES | {"tanh": tanh_}


def read_layers(
    network: Network, call: Call, output: Tensor | None = None
) -> list[list[LayerTrace]]:
    """Read every layer of a network, direction by direction.

    Each of several layers runs as a module of its own, since the whole module does not return the
    outputs of inner layers. Together they cost one run of the module.

    Parameters
    ----------
    network
        A recurrent module.
    call
        Its arguments.
    output
        Its output, [T, B, ...], if known: then the last layer does not run again.
    """
    ways, input = network.directions, call.input
    layers: list[list[LayerTrace]] = []
    for layer in range(network.num_layers):
        rows = slice(layer * len(ways), (layer + 1) * len(ways))
        reads = Call(input, tuple(state[rows] for state in call.state), call.lengths)
        if output is None or layer < network.num_layers - 1:
            input, _ = network.layer(layer).run(reads)
        else:
            input = output
        steps = [
            _Steps(reads, row, way, hidden)
            for row, (way, hidden) in enumerate(zip(ways, input.chunk(len(ways), -1), strict=True))
        ]
        layers.append(
            [
                _read_direction(network, network.weights(layer, way), direction)
                for way, direction in zip(ways, steps, strict=True)
            ]
        )
    return layers


class _Steps:
    """The inputs and states of one direction of a layer at each valid step."""

    def __init__(self, call: Call, row: int, way: Direction, hidden: Tensor) -> None:
        """Use the layer's call, the row of the direction's state, and its h, [T, B, H]."""
        self.lengths, self.reverse = call.ends, way == "reverse"
        self.initial = [widen(state[row]) for state in call.state]  # (B, H) each
        self.hidden = widen(hidden)
        ends = torch.from_numpy(self.lengths).to(hidden.device)
        self._valid = None if call.lengths is None else valid_steps(ends, len(hidden))
        self.input = self._rows(widen(call.input))  # (N, I)
        self.previous = self._rows(self._previous_states(ends))  # (N, H)

    def _previous_states(self, ends: Tensor) -> Tensor:
        """Return the state before each step, [T, B, H]."""
        first = self.initial[0][None]
        if not self.reverse:
            return torch.cat([first, self.hidden[:-1]])
        after = torch.cat([self.hidden[1:], first])
        is_first = torch.arange(len(after), device=ends.device)[:, None] == ends - 1  # (T, B)
        return torch.where(is_first[..., None], first, after)

    def _rows(self, steps: Tensor) -> Tensor:
        return steps.flatten(0, 1) if self._valid is None else steps[self._valid]

    def arrays(self, rows: Tensor, count: int = 1) -> list[Array]:
        """Split rows [N, count * H] into `count` arrays [T, B, H], 0 in the padding."""
        T, B, H = self.hidden.shape
        if self._valid is None:
            steps = rows.reshape(T, B, rows.shape[1])
        else:
            steps = rows.new_zeros(T, B, count * H)
            steps[self._valid] = rows
        whole: Array = steps.numpy(force=True)
        return [whole[..., i * H : (i + 1) * H] for i in range(count)]


def _read_direction(network: Network, weights: tuple[Tensor, ...], steps: _Steps) -> LayerTrace:
    W, U, b, c = map(widen, weights)
    module, hidden = network.module, steps.hidden.numpy(force=True)
    if isinstance(module, nn.LSTM):
        return _read_lstm(_weighted_sums(W, U, b + c, steps), steps)
    if isinstance(module, nn.RNN):
        (candidate,) = steps.arrays(CURVES[module.nonlinearity](_weighted_sums(W, U, b + c, steps)))
        return SRNStates(candidate, hidden)
    form = network.formulation
    rz, n = gates_of(steps.input, steps.previous, (W, U, b, c), form, CURVES[form.squash])
    (reset, update), (candidate,) = steps.arrays(rz, 2), steps.arrays(n)
    kept = update if form.update == "keeps" else steps.arrays(1 - rz[:, U.shape[1] :])[0]
    return Gates(reset, update, candidate, hidden, kept)


def _weighted_sums(W: Tensor, U: Tensor, bias: Tensor, steps: _Steps) -> Tensor:
    """Compute W x + U h + bias, [N, rows of W]."""
    return torch.addmm(bias, steps.input, W.t()).addmm_(steps.previous, U.t())


def _read_lstm(sums: Tensor, steps: _Steps) -> LSTMGates:
    """Turn sums [N, 4H] into gates, and rebuild the cell from them."""
    lstm_gates(sums)
    input, forget, candidate, output = steps.arrays(sums, 4)
    initial = steps.initial[1].numpy(force=True)
    cell = carry_memory(forget, input * candidate, initial, steps.lengths, steps.reverse)
    hidden: Array = steps.hidden.numpy(force=True)
    return LSTMGates(input, forget, output, candidate, cell, hidden, forget)
