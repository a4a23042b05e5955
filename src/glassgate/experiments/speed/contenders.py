"""Glassgate and torch, ready to do a work; other rivals are in `benchmarks/`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

import glassgate.nn
from glassgate.engine import Layer, set_threads
from glassgate.engine import threads as engine_threads
from glassgate.experiments.speed.problem import Problem, Results
from glassgate.experiments.speed.shapes import Work
from glassgate.formulation import Array


class Contender(NamedTuple):
    """Who can do a work: `call` is what is timed, `read` finds the results in what it returned.

    `keeps` holds what `call` only points to, so that it lives as long. `timed` is for those who
    run in another process: the seconds that so many calls take, by a clock that stands there.
    """

    call: Callable[[], Any]
    read: Callable[[Any], Results]
    keeps: object = None
    timed: Callable[[int], float] | None = None


Maker: TypeAlias = Callable[[Problem, int], Contender]  # from a problem and a number of threads

GLASSGATE, TORCH, TORCH_PADDED = "glassgate", "torch.nn.GRU", "torch.nn.GRU padded"


def contenders(work: Work) -> Mapping[str, Maker]:
    """Name those who can do a work; `glassgate` is the engine, and in training the torch module.

    On a ragged batch torch's modules get a packed sequence, packed beforehand, which is what torch
    has for it. The padded run, which computes beyond the sequences' ends, is one more contender.
    """
    ours = {GLASSGATE: partial(module, glassgate.nn.GRU)}
    if not work.training:
        ours = {GLASSGATE: engine} | ({} if work.is_step else {"glassgate.nn.GRU": ours[GLASSGATE]})
    torchs = {TORCH: partial(module, nn.GRU)}
    if work.ragged:
        torchs[TORCH_PADDED] = partial(module, nn.GRU, packed=False)
    return ours | torchs


@contextmanager
def using_threads(threads: int) -> Iterator[None]:
    """Give torch and the engine so many threads within, and afterwards what they had."""
    before = torch.get_num_threads(), engine_threads()
    torch.set_num_threads(threads)
    set_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before[0])
        set_threads(before[1])


def engine(problem: Problem, threads: int) -> Contender:  # noqa: ARG001 `using_threads` has set it
    """Return the engine: one step into an array of the caller's, or a whole sequence."""
    layer = Layer(problem.weights)
    if problem.work.is_step:
        out = np.empty_like(problem.initial)
        step = partial(layer.step, problem.input[0], problem.initial, out)
        return Contender(step, lambda _: {"output": out[None]})
    lengths = problem.lengths if problem.work.ragged else None
    run = partial(layer.sequence, problem.input, problem.initial, lengths)
    return Contender(run, lambda made: {"output": made[0]})


def module(
    kind: Callable[[int, int], nn.Module],
    problem: Problem,
    threads: int,  # noqa: ARG001 `using_threads` has set it
    packed: bool = True,
) -> Contender:
    """Return a torch module; without training no parameter asks for a gradient, so none is kept.

    The gradient of sum(output * grad) is asked for by handing `grad` to the backward pass, which
    is the same number without a product and a sum that nobody measures.
    """
    network = kind(problem.work.hidden_size, problem.work.hidden_size)
    network.load_state_dict(_state(problem))
    network.requires_grad_(problem.work.training)
    batch = (_Packed if packed and problem.work.ragged else _Padded)(problem)
    initial = torch.from_numpy(problem.initial)[None]  # (1, B, H)
    if not problem.work.training:
        run = partial(network, batch.input, initial)
        return Contender(run, lambda made: {"output": batch.array(batch.values(made[0]))})

    names = ("input", "weight_input", "weight_hidden", "bias_input", "bias_hidden")
    wanted = (batch.leaf.requires_grad_(), *network.parameters())

    def train() -> tuple[Tensor, tuple[Tensor, ...]]:
        output = batch.values(network(batch.input, initial)[0])
        return output, torch.autograd.grad(output, wanted, batch.grad)

    def read(made: tuple[Tensor, tuple[Tensor, ...]]) -> Results:
        output, (grad_input, *grads) = made
        arrays = [batch.array(grad_input), *(grad.numpy() for grad in grads)]
        named = {f"grad_{name}": array for name, array in zip(names, arrays, strict=True)}
        return {"output": batch.array(output.detach()), **named}

    return Contender(train, read)


def _state(problem: Problem) -> dict[str, Tensor]:
    weights = problem.weights
    arrays = {
        "weight_ih_l0": weights.weight_input,
        "weight_hh_l0": weights.weight_hidden,
        "bias_ih_l0": weights.bias_input,
        "bias_hh_l0": weights.bias_hidden,
    }
    return {name: torch.tensor(array) for name, array in arrays.items()}


class _Padded:
    """A batch as one tensor [T, B, I]."""

    def __init__(self, problem: Problem) -> None:
        self.input = self.leaf = torch.from_numpy(problem.input.copy())
        self.grad = torch.from_numpy(problem.grad)

    def values(self, output: Tensor) -> Tensor:
        """Take the tensor out of what the module returns."""
        return output

    def array(self, values: Tensor) -> Array:
        """Arrange such a tensor as [T, B, H]."""
        return values.numpy()


class _Packed:
    """A ragged batch as torch's `PackedSequence`, whose data is [N, I] for N valid steps."""

    def __init__(self, problem: Problem) -> None:
        lengths = torch.from_numpy(problem.lengths)
        self._steps = problem.work.steps
        self._pack = partial(pack_padded_sequence, lengths=lengths, enforce_sorted=False)
        self.input = self._pack(torch.from_numpy(problem.input))
        self.leaf = self.input.data
        self.grad = self._pack(torch.from_numpy(problem.grad)).data

    def values(self, output: PackedSequence) -> Tensor:
        """Take the tensor out of what the module returns."""
        return output.data

    def array(self, values: Tensor) -> Array:
        """Arrange such a tensor as [T, B, H]."""
        like = self.input._replace(data=values)
        padded: Array = pad_packed_sequence(like, total_length=self._steps)[0].numpy()
        return padded
