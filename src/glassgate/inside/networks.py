"""The adapter: a recurrent torch module as layers, directions, weights and its own forward.

`inside.trace` and `inside.clamp` see every GRU, GRUCell, LSTM or RNN of torch.nn or glassgate.nn as
a `Network`. Whatever the layout of a module's arguments, here time is the first axis.
"""

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

from glassgate.engine.calls import Lengths, check_lengths
from glassgate.engine.plan import BOTH, Direction, LayerPlan
from glassgate.errors import BadInput
from glassgate.formulation import Formulation
from glassgate.nn import GRU, GRUCell
from glassgate.nn.checks import check_dtype, check_input, time_first, under_autocast, valid_steps
from glassgate.weights import require_shape

Stacked: TypeAlias = GRU | nn.GRU | nn.LSTM | nn.RNN  # of one layer or more
Module: TypeAlias = Stacked | nn.GRUCell
STACKED = (GRU, nn.GRU, nn.LSTM, nn.RNN)
MODULES = (*STACKED, nn.GRUCell)
PYTORCH = Formulation()
PLANS = {1: LayerPlan(), 2: LayerPlan(BOTH)}  # by the number of directions
States: TypeAlias = tuple[Tensor, ...]  # h, or h and c; each [layers * directions, B, H]


class Call(NamedTuple):
    """The arguments of a module: input [T, B, I], initial states, and lengths [B] or None."""

    input: Tensor
    state: States
    lengths: Lengths | None

    @property
    def ends(self) -> Lengths:
        """The valid steps of each sequence, [B]."""
        T, B = self.input.shape[:2]
        return np.full(B, T) if self.lengths is None else self.lengths


class Network:
    """A recurrent module as layers, directions, weights and its own forward.

    Attributes
    ----------
    module
        The module itself.
    num_layers
        The number of layers; 1 for a cell.
    directions
        Those of each layer, in the order of their weights and states.
    """

    def __init__(self, module: Module) -> None:
        self.module = module
        self._is_cell = isinstance(module, nn.GRUCell)
        self.num_layers = 1 if isinstance(module, nn.GRUCell) else module.num_layers
        self.directions = BOTH if getattr(module, "bidirectional", False) else BOTH[:1]

    @property
    def plan(self) -> tuple[LayerPlan, ...]:
        """The plan of each layer."""
        return (PLANS[len(self.directions)],) * self.num_layers

    @property
    def formulation(self) -> Formulation:
        """The form of a GRU's units."""
        return self.module.formulation if isinstance(self.module, GRU | GRUCell) else PYTORCH

    def parameter_names(self, layer: int, direction: Direction) -> list[str]:
        """Return the names of W, U and, if there are biases, b and c of a layer in a direction."""
        suffix = "_reverse" if direction == "reverse" else ""
        suffix = "" if self._is_cell else f"_l{layer}{suffix}"
        kinds = ["weight_ih", "weight_hh", *(["bias_ih", "bias_hh"] if self.module.bias else [])]
        return [kind + suffix for kind in kinds]

    def weights(self, layer: int, direction: Direction) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return W, U, b and c of a layer in a direction; zeros for missing biases."""
        names = self.parameter_names(layer, direction)
        W, U, *biases = [getattr(self.module, name).detach() for name in names]
        b, c = biases or (U.new_zeros(len(U)), U.new_zeros(len(U)))
        return W, U, b, c

    def layer(self, layer: int) -> Network:
        """Return one layer as a network with the same weights; itself if it has only one."""
        module = self.module
        if self.num_layers == 1 or isinstance(module, nn.GRUCell):
            return self
        options: dict[str, Any] = {"bias": module.bias, "bidirectional": len(self.directions) > 1}
        if isinstance(module, GRU):
            options["formulation"] = module.formulation
        if isinstance(module, nn.RNN):
            options["nonlinearity"] = module.nonlinearity
        kind: type[Stacked] = next(kind for kind in STACKED if isinstance(module, kind))
        input_size = self.weights(layer, "forward")[0].shape[1]
        single = kind(input_size, module.hidden_size, **options, device="meta")
        weights = {
            name: getattr(module, name.replace("_l0", f"_l{layer}")).detach()
            for name in single.state_dict()
        }
        single.load_state_dict(weights, assign=True)
        single.flatten_parameters()  # on a CUDA device a contiguous copy, as cuDNN needs
        return Network(single)

    def arrange(
        self,
        input: Tensor | PackedSequence,
        state: Tensor | tuple[Tensor, Tensor] | None,
        lengths: Tensor | ArrayLike | None,
    ) -> Call:
        """Convert the module's arguments to a `Call`, in the weights' dtype.

        Raises
        ------
        BadInput
            When a shape, a dtype or a device does not fit, there is no step, a length is out of
            range, or the module is an LSTM with projections.
        TypeError
            When input or state is not a tensor, or the lengths are not integers.
        """
        module = self.module
        if getattr(module, "proj_size", 0):
            raise BadInput(f"an LSTM to be traced must have proj_size 0, got {module.proj_size}")
        batch_first = getattr(module, "batch_first", False)
        if isinstance(input, PackedSequence):
            if lengths is not None:
                raise BadInput("lengths must be left out where the input is packed, got both")
            input, lengths = pad_packed_sequence(input)
            batch_first = False
        weight = getattr(module, self.parameter_names(0, "forward")[1])
        check_input(input, module.input_size)
        check_dtype(input, weight)
        if input.device != weight.device:
            raise BadInput(f"input must be on the network's {weight.device}, got {input.device}")
        x = time_first(input.detach(), batch_first)
        if isinstance(lengths, Tensor):
            lengths = lengths.numpy(force=True)
        ends = None if lengths is None else check_lengths(lengths, tuple(x.shape), packed=False)
        states = self._states(x, state, weight.dtype, batched=input.ndim == 3)
        return Call(x.to(weight.dtype), states, ends)

    def _states(
        self,
        x: Tensor,
        state: Tensor | tuple[Tensor, Tensor] | None,
        dtype: torch.dtype,
        *,
        batched: bool,
    ) -> States:
        """Return the initial states; zeros if not given."""
        B, H = x.shape[1], self.module.hidden_size
        rows, count = self.num_layers * len(self.directions), 1 + isinstance(self.module, nn.LSTM)
        if state is None:
            return (x.new_zeros(rows, B, H, dtype=dtype),) * count
        given = state if isinstance(state, tuple) else (state,)
        if len(given) != count or not all(isinstance(part, Tensor) for part in given):
            expected = "a pair of tensors" if count == 2 else "a tensor"
            raise TypeError(f"state must be {expected}, got {_type_names(state)}")
        if self._is_cell:
            given = (given[0][None],)  # a cell's state has no axis for layers
        shape = (rows, B, H) if batched else (rows, H)
        for part in given:
            if part.shape != shape:
                require_shape("state", part.shape, shape)
            if part.device != x.device:
                raise BadInput(f"state must be on the network's {x.device}, got {part.device}")
            if part.dtype != dtype and not under_autocast(x.device.type):
                raise BadInput(f"state must be {dtype}, as the weights are, got {part.dtype}")
        return tuple(part.detach().to(dtype).reshape(rows, -1, H) for part in given)

    def arrange_result(self, input: Tensor | PackedSequence, result: Any) -> tuple[Tensor, States]:
        """Convert the module's result to output [T, B, ...] and states as in `Call`."""
        if self._is_cell:
            last = result.detach().reshape(1, -1, self.module.hidden_size)
            return last, (last,)
        output, last = result
        states = tuple(state.detach() for state in (last if isinstance(last, tuple) else (last,)))
        if isinstance(input, PackedSequence):
            return pad_packed_sequence(output)[0].detach(), states
        output = output.detach()
        if input.ndim == 2:
            return output[:, None], tuple(state[:, None] for state in states)
        return output.transpose(0, 1) if self.module.batch_first else output, states

    def run(self, call: Call) -> tuple[Tensor, States]:
        """Run the module's own forward: output [T, B, ...], 0 in the padding, and last states."""
        module = self.module
        with inference(module, call.input.device):
            if isinstance(module, nn.GRUCell):
                return _run_cell(module, call)
            state = call.state if isinstance(module, nn.LSTM) else call.state[0]
            if call.lengths is not None and len(call.lengths):  # torch cannot pack an empty batch
                return _run_packed(module, call, state)
            x = call.input.transpose(0, 1) if module.batch_first else call.input
            output, last = module(x, state)
            output = output.transpose(0, 1) if module.batch_first else output
            return output, last if isinstance(last, tuple) else (last,)


def _type_names(state: object) -> str:
    if isinstance(state, tuple):
        return f"a tuple of {', '.join(type(part).__name__ for part in state)}"
    return type(state).__name__


def _run_cell(cell: nn.GRUCell, call: Call) -> tuple[Tensor, States]:
    ends = torch.from_numpy(call.ends).to(call.input.device)
    valid = valid_steps(ends, len(call.input))[..., None]  # (T, B, 1)
    output, hidden = [], call.state[0][0]
    for x, is_valid in zip(call.input, valid, strict=True):
        hidden = torch.where(is_valid, cell(x, hidden), hidden)
        output.append(hidden)
    return torch.where(valid, torch.stack(output), 0), (hidden[None],)


def _run_packed(module: Stacked, call: Call, state: Tensor | States) -> tuple[Tensor, States]:
    """Run on valid steps only; an empty sequence runs one step, which is then discarded."""
    T, ends = len(call.input), torch.from_numpy(call.ends)
    packed = pack_padded_sequence(call.input, ends.clamp(min=1), enforce_sorted=False)
    output, last = module(packed, state)
    output, _ = pad_packed_sequence(output, total_length=T)
    ends = ends.to(output.device)
    nonempty = (ends > 0)[:, None]
    pairs = zip(last if isinstance(last, tuple) else (last,), call.state, strict=True)
    states = tuple(torch.where(nonempty, after, before) for after, before in pairs)
    return torch.where(valid_steps(ends, T)[..., None], output, 0), states


run_by_trace: ContextVar[bool] = ContextVar("run_by_trace", default=False)
"""Whether a trace, and not the user, is running a module."""


@contextmanager
def eval_mode(module: nn.Module) -> Iterator[None]:
    """Put a module in eval mode, and restore the modes of all its parts on exit."""
    modes = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        yield
    finally:
        for part, training in modes:
            part.training = training


@contextmanager
def inference(module: nn.Module, device: torch.device) -> Iterator[None]:
    """Run a module for a trace, without dropout, gradients or autocast."""
    before = run_by_trace.set(True)
    try:
        with eval_mode(module), torch.no_grad(), torch.autocast(device.type, enabled=False):
            yield
    finally:
        run_by_trace.reset(before)


def widen(tensor: Tensor) -> Tensor:
    """Convert float16 and bfloat16 to float32, since NumPy has no bfloat16."""
    return tensor if tensor.dtype == torch.float64 else tensor.float()
