"""Recurrent torch modules: a call brought to one arrangement, and the module's own forward."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from glassgate.engine.layer import checked_lengths
from glassgate.engine.plan import BOTH, Direction
from glassgate.errors import BadInput
from glassgate.formulation import Formulation
from glassgate.inside.trace.states import Lengths
from glassgate.nn import GRU, GRUCell
from glassgate.nn.checks import check_dtype, check_input, time_first, under_autocast, valid_steps
from glassgate.weights import require_shape

Stacked: TypeAlias = GRU | nn.GRU | nn.LSTM | nn.RNN  # of one layer or more
Module: TypeAlias = Stacked | nn.GRUCell
STACKED = (GRU, nn.GRU, nn.LSTM, nn.RNN)
MODULES = (*STACKED, nn.GRUCell)
TORCHS = Formulation()
States: TypeAlias = tuple[Tensor, ...]  # h, or h and c; each [layers * directions, B, H]


by_a_trace: ContextVar[bool] = ContextVar("by_a_trace", default=False)
"""Whether a module is run by a trace, to be read or proved, and not by its user."""


class Call(NamedTuple):
    """What a module reads: input [T, B, I], initial states, and lengths [B] if any were given."""

    input: Tensor
    state: States
    lengths: Lengths | None

    @property
    def ends(self) -> Lengths:
        """The valid steps of each sequence, [B]."""
        T, B = self.input.shape[:2]
        return np.full(B, T) if self.lengths is None else self.lengths


def directions(module: Module) -> tuple[Direction, ...]:
    """The directions of each layer."""
    return BOTH if getattr(module, "bidirectional", False) else BOTH[:1]


def num_layers(module: Module) -> int:
    """How many layers a module has."""
    return 1 if isinstance(module, nn.GRUCell) else module.num_layers


def formulation(module: GRU | nn.GRU | nn.GRUCell) -> Formulation:
    """The form of a GRU's units."""
    return module.formulation if isinstance(module, GRU | GRUCell) else TORCHS


def weights(module: Module, layer: int, direction: Direction) -> tuple[Tensor, ...]:
    """Give W, U, b and c of a layer in a direction; missing biases are zeros."""
    end = "_reverse" if direction == "reverse" else ""
    end = "" if isinstance(module, nn.GRUCell) else f"_l{layer}{end}"
    W, U = getattr(module, f"weight_ih{end}").detach(), getattr(module, f"weight_hh{end}").detach()
    if not module.bias:
        return W, U, U.new_zeros(len(U)), U.new_zeros(len(U))
    return (
        W,
        U,
        getattr(module, f"bias_ih{end}").detach(),
        getattr(module, f"bias_hh{end}").detach(),
    )


def arranged(
    module: Module,
    input: Tensor | PackedSequence,
    state: Tensor | tuple[Tensor, Tensor] | None,
    lengths: Tensor | ArrayLike | None,
) -> Call:
    """Bring the arguments of a module to one arrangement, in the weights' dtype.

    Raises
    ------
    BadInput
        When a shape, a dtype or a device does not fit, there is no step, a length is out of range,
        or the module is an LSTM with projections.
    TypeError
        When something is no tensor, or the lengths are no integers.
    """
    if getattr(module, "proj_size", 0):
        raise BadInput(f"an LSTM to be traced must have proj_size 0, got {module.proj_size}")
    weight = weights(module, 0, "forward")[1]
    if isinstance(input, PackedSequence):
        if lengths is not None:
            raise BadInput("lengths must be left out where the input is packed, got both")
        input, lengths = pad_packed_sequence(input)
        batch_first = False
    else:
        batch_first = getattr(module, "batch_first", False)
    check_input(input, module.input_size)
    check_dtype(input, weight)
    if input.device != weight.device:
        raise BadInput(f"input must be on the network's {weight.device}, got {input.device}")
    x = time_first(input.detach(), batch_first)
    if isinstance(lengths, Tensor):
        lengths = lengths.numpy(force=True)
    ends = None if lengths is None else checked_lengths(lengths, tuple(x.shape), packed=False)
    return Call(x.to(weight.dtype), _states(module, x, input.ndim == 2, state, weight.dtype), ends)


def _states(
    module: Module,
    x: Tensor,
    alone: bool,
    state: Tensor | tuple[Tensor, Tensor] | None,
    dtype: torch.dtype,
) -> States:
    rows, batch = num_layers(module) * len(directions(module)), () if alone else (x.shape[1],)
    shape = (rows, *batch, module.hidden_size)
    count = 2 if isinstance(module, nn.LSTM) else 1
    if state is None:
        return (x.new_zeros(rows, x.shape[1], module.hidden_size, dtype=dtype),) * count
    given = state if isinstance(state, tuple) else (state,)
    if len(given) != count or not all(isinstance(one, Tensor) for one in given):
        wanted = "a pair of tensors" if count == 2 else "a tensor"
        raise TypeError(f"state must be {wanted}, got {_kinds(state)}")
    if isinstance(module, nn.GRUCell):
        given = (given[0][None],)  # of the one layer that a cell is
    for one in given:
        require_shape("state", one.shape, shape)
        if one.device != x.device:
            raise BadInput(f"state must be on the network's {x.device}, got {one.device}")
        if one.dtype != dtype and not under_autocast(x.device.type):
            raise BadInput(f"state must be {dtype}, as the weights are, got {one.dtype}")
    return tuple(one.detach().to(dtype).reshape(rows, -1, module.hidden_size) for one in given)


def _kinds(state: object) -> str:
    if isinstance(state, tuple):
        return f"a tuple of {', '.join(type(one).__name__ for one in state)}"
    return type(state).__name__


def wide(tensor: Tensor) -> Tensor:
    """Give float16 and bfloat16 as float32: NumPy has no bfloat16."""
    return tensor if tensor.dtype == torch.float64 else tensor.float()


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
