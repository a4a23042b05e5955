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
from glassgate.engine import Layer, backward
from glassgate.formulation import Array
from glassgate.reference import Gradients
from glassgate.speed.problem import GRADIENTS, Problem, Results
from glassgate.speed.shapes import Work


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
ENGINE_ALONE = "engine alone"
GLASSGATE_SUM, TORCH_SUM = f"{GLASSGATE} (y * dy).sum()", f"{TORCH} (y * dy).sum()"


def contenders(work: Work) -> Mapping[str, Maker]:
    """Name those who can do a work; `glassgate` is the engine, and in training the torch module.

    On a ragged batch torch's modules get a packed sequence, packed beforehand, which is what torch
    has for it. The padded run, which computes beyond the sequences' ends, is one more contender.
    In training there is also the engine without torch, and each module with a loss written out.
    """
    glassgates, torchs = partial(module, glassgate.nn.GRU), partial(module, nn.GRU)
    if not work.training:
        at_rest = {} if work.is_step else {"glassgate.nn.GRU": glassgates}
        makers: dict[str, Maker] = {GLASSGATE: engine, **at_rest, TORCH: torchs}
    else:
        makers = {
            GLASSGATE: glassgates,
            GLASSGATE_SUM: partial(glassgates, summed=True),
            ENGINE_ALONE: engine_alone,
            TORCH: torchs,
            TORCH_SUM: partial(torchs, summed=True),
        }
    if work.ragged:
        makers[TORCH_PADDED] = partial(torchs, packed=False)
    return makers


@contextmanager
def using_threads(threads: int | None) -> Iterator[None]:
    """Give torch, and the engine, which follows, so many threads within; afterwards as before.

    With None they stay as they are. Torch's default is more than a number: once it has been told
    one, its library of matrix products no longer chooses for itself.
    """
    if threads is None:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


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


def engine_alone(problem: Problem, threads: int) -> Contender:  # noqa: ARG001 as above
    """Return a step of training without torch; the weights, which it changes, are packed anew."""
    lengths = problem.lengths if problem.work.ragged else None

    def train() -> tuple[Array, Gradients]:
        record = Layer(problem.weights).record(problem.input, problem.initial, lengths)
        return record.output, backward(problem.weights, record, problem.grad)

    def read(made: tuple[Array, Gradients]) -> Results:
        output, grads = made
        return {"output": output, **{f"grad_{name}": getattr(grads, name) for name in GRADIENTS}}

    return Contender(train, read)


def module(
    kind: Callable[[int, int], nn.Module],
    problem: Problem,
    threads: int,  # noqa: ARG001 `using_threads` has set it
    packed: bool = True,
    summed: bool = False,
) -> Contender:
    """Return a torch module; without training no parameter asks for a gradient, so none is kept.

    The gradient of sum(output * grad) is asked for by handing `grad` to the backward pass, which
    is the same number without a product and a sum that nobody measures; `summed`, by writing that
    loss out and going backward from it, as a training loop does.
    """
    network = kind(problem.work.hidden_size, problem.work.hidden_size)
    network.load_state_dict(_state(problem))
    network.requires_grad_(problem.work.training)
    batch = (_Packed if packed and problem.work.ragged else _Padded)(problem)
    initial = torch.from_numpy(problem.initial)[None]  # (1, B, H)
    if not problem.work.training:
        run = partial(network, batch.input, initial)
        return Contender(run, lambda made: {"output": batch.array(batch.values(made[0]))})

    return _trainer(network, batch, initial, summed)


def _trainer(
    network: nn.Module, batch: _Padded | _Packed, initial: Tensor, summed: bool
) -> Contender:
    wanted = (batch.leaf.requires_grad_(), *network.parameters())

    def train() -> tuple[Tensor, tuple[Tensor, ...]]:
        output = batch.values(network(batch.input, initial)[0])
        return output, torch.autograd.grad(output, wanted, batch.grad)

    def train_summed() -> tuple[Tensor, tuple[Tensor, ...]]:
        for leaf in wanted:
            leaf.grad = None
        output = batch.values(network(batch.input, initial)[0])
        torch.autograd.backward((output * batch.grad).sum())
        return output, tuple(leaf.grad for leaf in wanted if leaf.grad is not None)

    def read(made: tuple[Tensor, tuple[Tensor, ...]]) -> Results:
        output, (grad_input, *grads) = made
        arrays = [batch.array(grad_input), *(grad.numpy() for grad in grads)]
        named = {f"grad_{name}": array for name, array in zip(GRADIENTS, arrays, strict=True)}
        return {"output": batch.array(output.detach()), **named}

    return Contender(train_summed if summed else train, read)


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
