"""The contenders: Glassgate and torch, set up for a workload; more are in `benchmarks/`."""

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
from glassgate.speed.workloads import Workload


class Contender(NamedTuple):
    """A program set up for a workload.

    Attributes
    ----------
    call
        What is timed.
    read
        Extracts the results from what `call` returned.
    keeps
        Keeps objects alive that `call` only points to.
    timed
        Only for a program in another process: takes a number of calls and returns the seconds
        that they took, measured in that process.
    """

    call: Callable[[], Any]
    read: Callable[[Any], Results]
    keeps: object = None
    timed: Callable[[int], float] | None = None


Maker: TypeAlias = Callable[[Problem, int], Contender]
"""Sets up a contender from a problem and a number of threads."""

GLASSGATE, TORCH, TORCH_PADDED = "glassgate", "torch.nn.GRU", "torch.nn.GRU padded"
ENGINE_ALONE = "engine alone"
GLASSGATE_SUM, TORCH_SUM = f"{GLASSGATE} (y * dy).sum()", f"{TORCH} (y * dy).sum()"


def contenders_for(workload: Workload) -> Mapping[str, Maker]:
    """Return the contenders that can run a workload, by name.

    `glassgate` is the engine or, in training, the torch module. On a ragged batch torch's modules
    get a packed sequence, packed beforehand; a run over the padded batch is another contender. In
    training two more variants take part: the engine without torch, and each module with its loss
    written out.
    """
    own_module, torch_module = partial(module, glassgate.nn.GRU), partial(module, nn.GRU)
    if not workload.training:
        inference = {} if workload.is_step else {"glassgate.nn.GRU": own_module}
        makers: dict[str, Maker] = {GLASSGATE: engine, **inference, TORCH: torch_module}
    else:
        makers = {
            GLASSGATE: own_module,
            GLASSGATE_SUM: partial(own_module, summed=True),
            ENGINE_ALONE: engine_alone,
            TORCH: torch_module,
            TORCH_SUM: partial(torch_module, summed=True),
        }
    if workload.ragged:
        makers[TORCH_PADDED] = partial(torch_module, packed=False)
    return makers


@contextmanager
def using_threads(threads: int | None) -> Iterator[None]:
    """Set the number of threads of torch, which the engine follows, within a context.

    None changes nothing. Torch's default is more than a number: once it is set, even to the same
    number, torch's BLAS library no longer chooses the number of threads for each product.
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


def engine(problem: Problem, threads: int) -> Contender:  # noqa: ARG001 set by `using_threads`
    """Set up the engine: one step into a given array, or a whole sequence."""
    layer = Layer(problem.weights)
    if problem.workload.is_step:
        out = np.empty_like(problem.initial)
        step = partial(layer.step, problem.input[0], problem.initial, out)
        return Contender(step, lambda _: {"output": out[None]})
    lengths = problem.lengths if problem.workload.ragged else None
    run = partial(layer.sequence, problem.input, problem.initial, lengths)
    return Contender(run, lambda returned: {"output": returned[0]})


def engine_alone(problem: Problem, threads: int) -> Contender:  # noqa: ARG001 as above
    """Set up a training step without torch; since training changes the weights, each packs them."""
    lengths = problem.lengths if problem.workload.ragged else None

    def train() -> tuple[Array, Gradients]:
        record = Layer(problem.weights).record(problem.input, problem.initial, lengths)
        return record.output, backward(problem.weights, record, problem.grad)

    def read(returned: tuple[Array, Gradients]) -> Results:
        output, grads = returned
        return {"output": output, **{f"grad_{name}": getattr(grads, name) for name in GRADIENTS}}

    return Contender(train, read)


def module(
    kind: Callable[[int, int], nn.Module],
    problem: Problem,
    threads: int,  # noqa: ARG001 set by `using_threads`
    packed: bool = True,
    summed: bool = False,
) -> Contender:
    """Set up a torch module; for inference its parameters require no gradient.

    In training the gradient of sum(output * grad) is computed by passing `grad` to the backward
    pass, which leaves the loss itself out of the measured time. With `summed` the loss is written
    out and differentiated, as in a training loop.
    """
    network = kind(problem.workload.hidden_size, problem.workload.hidden_size)
    network.load_state_dict(_state(problem))
    network.requires_grad_(problem.workload.training)
    batch = (_Packed if packed and problem.workload.ragged else _Padded)(problem)
    initial = torch.from_numpy(problem.initial)[None]  # (1, B, H)
    if not problem.workload.training:
        run = partial(network, batch.input, initial)
        return Contender(run, lambda returned: {"output": batch.array(batch.values(returned[0]))})

    return _trainer(network, batch, initial, summed)


def _trainer(
    network: nn.Module, batch: _Padded | _Packed, initial: Tensor, summed: bool
) -> Contender:
    leaves = (batch.leaf.requires_grad_(), *network.parameters())

    def train() -> tuple[Tensor, tuple[Tensor, ...]]:
        output = batch.values(network(batch.input, initial)[0])
        return output, torch.autograd.grad(output, leaves, batch.grad)

    def train_summed() -> tuple[Tensor, tuple[Tensor, ...]]:
        for leaf in leaves:
            leaf.grad = None
        output = batch.values(network(batch.input, initial)[0])
        torch.autograd.backward((output * batch.grad).sum())
        return output, tuple(leaf.grad for leaf in leaves if leaf.grad is not None)

    def read(returned: tuple[Tensor, tuple[Tensor, ...]]) -> Results:
        output, (grad_input, *grads) = returned
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
        """Return the tensor in the module's output."""
        return output

    def array(self, values: Tensor) -> Array:
        """Return such a tensor as an array [T, B, H]."""
        return values.numpy()


class _Packed:
    """A ragged batch as torch's `PackedSequence`, whose data is [N, I] for N valid steps."""

    def __init__(self, problem: Problem) -> None:
        lengths = torch.from_numpy(problem.lengths)
        self._steps = problem.workload.steps
        self._pack = partial(pack_padded_sequence, lengths=lengths, enforce_sorted=False)
        self.input = self._pack(torch.from_numpy(problem.input))
        self.leaf = self.input.data
        self.grad = self._pack(torch.from_numpy(problem.grad)).data

    def values(self, output: PackedSequence) -> Tensor:
        """Return the tensor in the module's output."""
        return output.data

    def array(self, values: Tensor) -> Array:
        """Return such a tensor as an array [T, B, H]."""
        like = self.input._replace(data=values)
        padded: Array = pad_packed_sequence(like, total_length=self._steps)[0].numpy()
        return padded
