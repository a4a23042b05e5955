"""Tracing recurrent torch modules: a call of theirs, or one that they have just answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from glassgate.engine.layer import Layer
from glassgate.engine.plan import Direction, LayerPlan
from glassgate.errors import BadInput
from glassgate.formulation import Array
from glassgate.inside.networks import (
    Call,
    Module,
    States,
    arranged,
    directions,
    formulation,
    num_layers,
    run,
    weights,
    wide,
)
from glassgate.inside.trace.engine import trace_layers
from glassgate.inside.trace.gates import read_layers, record_layers
from glassgate.inside.trace.result import Own, Trace
from glassgate.inside.trace.states import State
from glassgate.nn import GRU
from glassgate.weights import GRUWeights

MANY = 16  # sequences, from which on a loop takes less time than to run and then to read


def trace_module(
    module: Module,
    input: Tensor | PackedSequence,
    state: Tensor | tuple[Tensor, Tensor] | None,
    lengths: Tensor | ArrayLike | None,
) -> Trace[Any]:
    """Trace a recurrent module; arguments and errors are those of `glassgate.trace`."""
    call = arranged(module, input, state, lengths)
    if module._forward_pre_hooks:  # a clamp or a norm of the weights, which a forward brings about
        run(module, Call(call.input[:1], call.state, None))
    return _traced(module, call, lambda: _in_numpy(*run(module, call)))


def trace_answer(module: Module, arguments: Mapping[str, Any], answer: Any) -> Trace[Any]:
    """Trace what a module has just been asked for, by the names of its arguments, and answered.

    Raises
    ------
    BadInput
        Where no trace could show what happened: dropout between layers in training, or resets.
    """
    if module.training and num_layers(module) > 1 and getattr(module, "dropout", False):
        raise BadInput("a traced module must be in eval mode, got one that drops between layers")
    if arguments.get("resets") is not None:
        raise BadInput("resets must be left out of a traced call, got some")
    input = next(iter(arguments.values()))
    steps = input[None] if isinstance(module, nn.GRUCell) else input
    call = arranged(module, steps, arguments.get("hx"), arguments.get("lengths"))
    output, last = _answered(module, input, answer)
    own = _in_numpy(output, last)
    return _traced(module, call, lambda: own, output.clone())  # the model may write over its own


def _traced(module: Module, call: Call, own: Own, output: Tensor | None = None) -> Trace[Any]:
    """Run on a CPU and write down what the gates do; elsewhere read what they must have done.

    They are read, too, where one layer of torch's has run already: its states are known, and
    another run would round in another way. A GRU of ours gives the same bits again. An LSTM of few
    sequences, too: what a loop of torch's operations costs a step is more than its numbers do.
    """
    plan = [LayerPlan(directions(module))] * num_layers(module)
    device, dtype = call.input.device.type, call.input.dtype
    known = output is not None and len(plan) == 1 and not isinstance(module, GRU)
    recordable = device == "cpu" and dtype in (torch.float32, torch.float64) and not known
    if isinstance(module, GRU | nn.GRU) and recordable:
        ways, (state,) = directions(module), call.state
        layers = [[_engine(module, layer, way) for way in ways] for layer in range(len(plan))]
        began = state.numpy().copy()
        return trace_layers(layers, plan, call.input.numpy(), began, call.lengths, own)
    initial = tuple(wide(state).numpy(force=True).copy() for state in call.state)
    with torch.no_grad(), torch.autocast(device, enabled=False):
        few = isinstance(module, nn.LSTM) and call.input.shape[1] < MANY
        if isinstance(module, nn.LSTM | nn.RNN) and recordable and not few:
            read = record_layers(module, call)
        else:
            read = read_layers(module, call, None if recordable else output)
    return Trace(read, plan, initial, call.ends, own)


def _engine(module: GRU | nn.GRU, layer: int, way: Direction) -> Layer:
    W, U, b, c = (weight.numpy() for weight in weights(module, layer, way))
    return Layer(GRUWeights(W, U, b, c, formulation(module)))


def _answered(module: Module, input: Tensor | PackedSequence, answer: Any) -> tuple[Tensor, States]:
    """Arrange an answer as output [T, B, ...] and last states [layers * directions, B, H]."""
    if isinstance(module, nn.GRUCell):
        last = answer.detach().reshape(1, -1, module.hidden_size)
        return last, (last,)
    output, last = answer
    states = tuple(state.detach() for state in (last if isinstance(last, tuple) else (last,)))
    if isinstance(input, PackedSequence):
        return pad_packed_sequence(output)[0].detach(), states
    output = output.detach()
    if input.ndim == 2:
        return output[:, None], tuple(state[:, None] for state in states)
    return output.transpose(0, 1) if module.batch_first else output, states


def _in_numpy(output: Tensor, last: States) -> tuple[Array, State]:
    """Copy what a module made to NumPy."""
    copies = [wide(tensor).numpy(force=True).copy() for tensor in (output, *last)]
    return copies[0], tuple(copies[1:])
