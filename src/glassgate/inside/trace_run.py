"""Running a recurrent torch module, whole or a layer of it, by its own forward."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from glassgate.inside.trace_call import STACKED, Call, Module, Stacked, States, directions, weights
from glassgate.nn import GRU
from glassgate.nn.steps import valid_steps


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Run a module without dropout; afterwards the modes of all its parts are what they were."""
    modes = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        yield
    finally:
        for part, training in modes:
            part.training = training


by_a_trace: ContextVar[bool] = ContextVar("by_a_trace", default=False)
"""Whether a module is run by a trace, to be read or proved, and not by its user."""


@contextmanager
def quiet(module: nn.Module, device: torch.device) -> Iterator[None]:
    """Run a module without dropout, gradients and autocast; afterwards its mode is what it was."""
    before = by_a_trace.set(True)
    try:
        with evaluating(module), torch.no_grad(), torch.autocast(device.type, enabled=False):
            yield
    finally:
        by_a_trace.reset(before)


def run(module: Module, call: Call) -> tuple[Tensor, States]:
    """Run a module by its own forward: output [T, B, ...], 0 behind the lengths; last states."""
    with quiet(module, call.input.device):
        if isinstance(module, nn.GRUCell):
            return _run_cell(module, call)
        state = call.state if isinstance(module, nn.LSTM) else call.state[0]
        if call.lengths is not None and len(call.lengths):  # torch packs no batch of none
            return _run_packed(module, call, state)
        x = call.input.transpose(0, 1) if module.batch_first else call.input
        output, last = module(x, state)
        output = output.transpose(0, 1) if module.batch_first else output
        return output, last if isinstance(last, tuple) else (last,)


def _run_cell(cell: nn.GRUCell, call: Call) -> tuple[Tensor, States]:
    ends = torch.from_numpy(call.ends).to(call.input.device)
    valid = valid_steps(ends, len(call.input))[..., None]  # (T, B, 1)
    output, hidden = [], call.state[0][0]
    for x, there in zip(call.input, valid, strict=True):
        hidden = torch.where(there, cell(x, hidden), hidden)
        output.append(hidden)
    return torch.where(valid, torch.stack(output), 0), (hidden[None],)


def _run_packed(module: Stacked, call: Call, state: Tensor | States) -> tuple[Tensor, States]:
    """Run on valid steps alone; torch knows no sequence without one, so it gets one to drop."""
    T, ends = len(call.input), torch.from_numpy(call.ends)
    packed = pack_padded_sequence(call.input, ends.clamp(min=1), enforce_sorted=False)
    output, last = module(packed, state)
    output, _ = pad_packed_sequence(output, total_length=T)
    ends = ends.to(output.device)
    there = (ends > 0)[:, None]
    pairs = zip(last if isinstance(last, tuple) else (last,), call.state, strict=True)
    states = tuple(torch.where(there, after, before) for after, before in pairs)
    return torch.where(valid_steps(ends, T)[..., None], output, 0), states


def one_layer(module: Module, layer: int) -> Module:
    """Give one layer of a module as a module over the same weights; itself where it has one."""
    if isinstance(module, nn.GRUCell) or module.num_layers == 1:
        return module
    options: dict[str, Any] = {"bias": module.bias, "bidirectional": len(directions(module)) > 1}
    if isinstance(module, GRU):
        options["formulation"] = module.formulation
    if isinstance(module, nn.RNN):
        options["nonlinearity"] = module.nonlinearity
    kind: type[Stacked] = next(kind for kind in STACKED if isinstance(module, kind))
    sizes = weights(module, layer, "forward")[0].shape[1], module.hidden_size
    one = kind(*sizes, **options, device="meta")
    own = {name: getattr(module, name.replace("_l0", f"_l{layer}")) for name in one.state_dict()}
    one.load_state_dict({name: weight.detach() for name, weight in own.items()}, assign=True)
    one.flatten_parameters()  # on a CUDA device into a copy, which is how cuDNN wants them
    return one
