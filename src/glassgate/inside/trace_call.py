"""A call of a recurrent torch module, however it was arranged, brought to one arrangement."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from glassgate.engine.layer import checked_lengths
from glassgate.engine.plan import BOTH, Direction
from glassgate.errors import BadInput
from glassgate.formulation import Formulation
from glassgate.inside.trace_layers import Lengths
from glassgate.nn import GRU, GRUCell
from glassgate.nn.checks import check_dtype, check_input, time_first, under_autocast
from glassgate.weights import require_shape

Stacked: TypeAlias = GRU | nn.GRU | nn.LSTM | nn.RNN  # of one layer or more
Module: TypeAlias = Stacked | nn.GRUCell
STACKED = (GRU, nn.GRU, nn.LSTM, nn.RNN)
MODULES = (*STACKED, nn.GRUCell)
TORCHS = Formulation()
States: TypeAlias = tuple[Tensor, ...]  # h, or h and c; each [layers * directions, B, H]


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
