"""Trace recurrent torch modules: on the CPU, gates are recorded while the network runs.

A GRU runs on the native engine, an LSTM or SRN in a loop of torch operations. Where this is not
possible or takes longer, `inside.trace.gates` computes the gates after the module's own forward.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from glassgate.engine.calls import Batch, form_words, read_gates, run, running_order
from glassgate.engine.plan import Direction
from glassgate.errors import BadInput
from glassgate.formulation import Array
from glassgate.gates import Gates
from glassgate.inside.networks import Call, Module, Network, States, widen
from glassgate.inside.trace.gates import CURVES, lstm_gates, read_layers, tanh_
from glassgate.inside.trace.result import NetworkStates, Trace
from glassgate.inside.trace.states import LayerTrace, LSTMGates, SRNStates, State
from glassgate.nn import GRU
from glassgate.nn.loops import Weights

LOOP_FROM_BATCH = 16  # from here on an LSTM's loop beats computing the gates afterwards


def trace_module(
    module: Module,
    input: Tensor | PackedSequence,
    state: Tensor | tuple[Tensor, Tensor] | None,
    lengths: Tensor | ArrayLike | None,
) -> Trace[Any]:
    """Trace a recurrent module; arguments and errors are those of `glassgate.trace`."""
    network = Network(module)
    call = network.arrange(input, state, lengths)
    if module._forward_pre_hooks:  # such as a clamp or weight norm, which set the weights
        network.run(Call(call.input[:1], call.state, None))
    return _trace(network, call, lambda: _to_numpy(*network.run(call)))


def trace_call(module: Module, arguments: Mapping[str, Any], result: Any) -> Trace[Any]:
    """Trace a call of a module from its arguments by name and its result.

    Raises
    ------
    BadInput
        When its gates cannot be computed: with dropout between layers in training, or resets.
    """
    network = Network(module)
    if module.training and network.num_layers > 1 and getattr(module, "dropout", False):
        raise BadInput("a traced module must be in eval mode, got one with dropout between layers")
    if arguments.get("resets") is not None:
        raise BadInput("resets must be left out of a traced call, got some")
    input = next(iter(arguments.values()))
    steps = input[None] if isinstance(module, nn.GRUCell) else input
    call = network.arrange(steps, arguments.get("hx"), arguments.get("lengths"))
    output, last = network.arrange_result(input, result)
    copies = _to_numpy(output, last)
    return _trace(network, call, lambda: copies, output.clone())  # the model may overwrite it


def _trace(
    network: Network, call: Call, run_network: NetworkStates, output: Tensor | None = None
) -> Trace[Any]:
    """Record the gates if that is exact and fast; otherwise compute them from the module's states.

    They are computed for a one-layer torch module that has already run: its states are known, and
    another run would round differently, while `glassgate.nn.GRU` gives the same bits again. They
    are also computed for an LSTM with few sequences, for which a loop's overhead per step costs
    more than its arithmetic.
    """
    module, device, dtype = network.module, call.input.device.type, call.input.dtype
    is_known = output is not None and network.num_layers == 1 and not isinstance(module, GRU)
    recordable = device == "cpu" and dtype in (torch.float32, torch.float64) and not is_known
    is_small_lstm = isinstance(module, nn.LSTM) and call.input.shape[1] < LOOP_FROM_BATCH
    initial = tuple(widen(state).numpy(force=True).copy() for state in call.state)
    with torch.no_grad(), torch.autocast(device, enabled=False):
        if recordable and not is_small_lstm and not isinstance(module, nn.GRUCell):
            layers = record_layers(network, call)
        else:
            layers = read_layers(network, call, None if recordable else output)
    return Trace(layers, network.plan, initial, call.ends, run_network)


def _to_numpy(output: Tensor, last: States) -> tuple[Array, State]:
    """Copy a module's output and last states to NumPy."""
    copies = [widen(tensor).numpy(force=True).copy() for tensor in (output, *last)]
    return copies[0], tuple(copies[1:])


def record_layers(network: Network, call: Call) -> list[list[LayerTrace]]:
    """Run every layer, direction by direction, on valid steps only, and record the gates."""
    layers: list[list[LayerTrace]] = []
    states = zip(*call.state, strict=True)
    for layer in range(network.num_layers):
        if layers:
            outputs = [traced.hidden for traced in layers[-1]]
            input = outputs[0] if len(outputs) == 1 else np.concatenate(outputs, -1)
            call = call._replace(input=torch.from_numpy(input))  # (T, B, H or 2H)
        layers.append(
            [
                _record_direction(network, layer, way, call, next(states))
                for way in network.directions
            ]
        )
    return layers


def _record_direction(
    network: Network, layer: int, way: Direction, call: Call, initial: States
) -> LayerTrace:
    """Run one direction of a layer from states [B, H]."""
    module, weights = network.module, network.weights(layer, way)
    if isinstance(module, nn.RNN):
        return _record_srn(weights, CURVES[module.nonlinearity], _Order(call, way), *initial)
    if isinstance(module, nn.LSTM):
        return _record_lstm(weights, _Order(call, way), *initial)
    return _record_gru(network, weights, call, way, *initial)


def _record_gru(
    network: Network, weights: Weights, call: Call, way: Direction, hidden: Tensor
) -> Gates:
    """Run on the engine, which records the gates on the tape for the backward pass."""
    W, U, b, c = (weight.contiguous().numpy() for weight in weights)
    input, initial = call.input.contiguous().numpy(), hidden.contiguous().numpy()
    batch = Batch(input, initial, call.lengths, reverse=way == "reverse")
    form = network.formulation
    recorded = run((W, U, b, c), form_words(form), batch, rows=batch.tokens)
    return Gates(*read_gates(form, batch, recorded))


class _Order:
    """The running order of a call's valid steps in one direction of a layer.

    `sizes` and `columns` are those of `RunningOrder`. Without lengths the steps run in the order in
    which they are stored, or in reverse, and nothing is copied.
    """

    def __init__(self, call: Call, way: Direction) -> None:
        self._steps = call.input  # (T, B, I)
        T, B, _ = call.input.shape
        self._reverse = way == "reverse"
        if call.lengths is None:
            self._rows, self.sizes, self.columns = None, [B] * T, np.arange(B)
        else:
            rows, self.sizes, self.columns = running_order(call.lengths, T, self._reverse)
            self._rows = torch.from_numpy(rows)

    def input(self) -> Tensor:
        """Return the input of each step in running order, [N, I]."""
        if self._rows is None:
            return (self._steps.flip(0) if self._reverse else self._steps).flatten(0, 1)
        return self._steps.flatten(0, 1)[self._rows]

    def to_time_order(self, rows: Tensor) -> Array:
        """Rearrange rows [N, H] from running order to [T, B, H], 0 in the padding."""
        (T, B, _), H = self._steps.shape, rows.shape[1]
        if self._rows is None:
            steps: Array = rows.view(T, B, H).numpy()
            return steps[::-1] if self._reverse else steps
        padded = rows.new_zeros(T * B, H)
        padded[self._rows] = rows
        whole: Array = padded.view(T, B, H).numpy()
        return whole


def _record_srn(
    weights: Weights, squash: Callable[[Tensor], Tensor], order: _Order, hidden: Tensor
) -> SRNStates:
    W, U, b, c = weights
    sums, U = torch.addmm(b + c, order.input(), W.t()), U.t()  # (N, H), (H, H)
    hidden = hidden[order.columns]
    for step in torch.split(sums, order.sizes):  # (n, H), overwritten by the states
        hidden = squash(step.addmm_(hidden[: len(step)], U))
    states = order.to_time_order(sums)
    return SRNStates(states, states)


def _record_lstm(weights: Weights, order: _Order, hidden: Tensor, cell: Tensor) -> LSTMGates:
    W, U, b, c = weights
    sums = torch.addmm(b + c, order.input(), W.t())  # (N, 4H)
    hidden, cell = hidden[order.columns], cell[order.columns]
    states, cells = _run_lstm(sums, order.sizes, U.t(), hidden, cell)
    i, f, g, o = np.split(order.to_time_order(sums), 4, axis=-1)
    return LSTMGates(i, f, o, g, order.to_time_order(cells), order.to_time_order(states), f)


def _run_lstm(
    sums: Tensor, sizes: list[int], U: Tensor, hidden: Tensor, cell: Tensor
) -> tuple[Tensor, Tensor]:
    """Turn sums [N, 4H] into gates, in place; return states and cells, [N, H] each."""
    states, cells = sums.new_empty(2, len(sums), len(U))
    steps = (torch.split(rows, sizes) for rows in (sums, states, cells))
    for step, state, memory in zip(*steps, strict=True):
        n = len(step)  # the n longest sequences come first
        i, f, g, o = lstm_gates(step.addmm_(hidden[:n], U))
        cell = torch.mul(f, cell[:n], out=memory).addcmul_(i, g)
        hidden = tanh_(state.copy_(cell)).mul_(o)
    return states, cells
