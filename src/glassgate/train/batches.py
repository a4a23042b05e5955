"""Batches as a pure function of data, seed and epoch, and each process's share of a batch.

Every process makes the same joined batches and takes its own columns of each, so that every process
knows the number of scored targets in the joined batch without communication.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import overload

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from glassgate.nn.ragged import pad_ids

IGNORE = -100  # the target where nothing is scored, such as padding

Ids = NDArray[np.intc]


@dataclass(frozen=True)
class Batch:
    """The sequences of one training step.

    `inputs` are tokens [T, B], or numbers [T, B, I]. `targets` are the next tokens [T, B], or one
    class or number for each sequence [B]; `IGNORE` marks those that are not scored. `lengths` [B]
    is the number of valid steps of each column. If `carries` is true, the initial state of this
    batch is the final state of the previous one.
    """

    inputs: Tensor
    targets: Tensor
    lengths: Tensor
    carries: bool = False

    @property
    def size(self) -> int:
        """The number of columns B."""
        return self.inputs.shape[1]

    @cached_property
    def count(self) -> int:
        """The number of scored targets."""
        return int((self.targets != IGNORE).sum())

    def share(self, rank: int, world: int) -> Batch:
        """Return the columns of process `rank` of `world`.

        A process with no column of its own gets the first one, with nothing scored, so that it
        takes part in every exchange of gradients.
        """
        own = columns(self.size, rank, world)
        empty = own.stop == own.start
        share = slice(0, 1) if empty else own
        targets = self.targets[..., share]
        targets = torch.full_like(targets, IGNORE) if empty else targets
        return Batch(self.inputs[:, share], targets, self.lengths[share], self.carries)

    def to(self, device: torch.device) -> Batch:
        """Return the batch on a device."""
        return Batch(
            self.inputs.to(device), self.targets.to(device), self.lengths.to(device), self.carries
        )


def columns(size: int, rank: int, world: int) -> slice:
    """Return which of `size` columns process `rank` of `world` takes; it may be none."""
    return slice(size * rank // world, size * (rank + 1) // world)


class Batches(Sequence[Batch]):
    """Batches made on access: `make(number)` for each of `numbers`."""

    def __init__(self, make: Callable[[int], Batch], numbers: range) -> None:
        self._make, self._numbers = make, numbers

    def __len__(self) -> int:
        """Return the number of batches."""
        return len(self._numbers)

    @overload
    def __getitem__(self, which: int) -> Batch: ...
    @overload
    def __getitem__(self, which: slice) -> Batches: ...
    def __getitem__(self, which: int | slice) -> Batch | Batches:
        """Return a batch, or a slice of the batches, which are made on access."""
        numbers = self._numbers[which]
        if isinstance(numbers, range):
            return Batches(self._make, numbers)
        return self._make(numbers)


def stream_batches(tokens: Sequence[int] | Ids, bos: int, width: int, stretch: int) -> Batches:
    """Split a sequence of tokens into at most `width` columns, and these into batches of steps.

    Each column is a contiguous part of the sequence and starts with `bos`. A batch holds up to
    `stretch` steps of every column, and the state is carried from one batch to the next. There
    are fewer columns if there are fewer tokens.
    """
    ids = np.asarray(tokens)
    height = -(-len(ids) // width)  # ceil
    columns = height * np.arange(-(-len(ids) // height))  # (B,), the first token of each

    def make(number: int) -> Batch:
        steps = np.arange(number * stretch, min((number + 1) * stretch, height))
        positions = steps[:, None] + columns  # (T, B)
        valid = torch.from_numpy(positions < len(ids))
        inputs = torch.from_numpy(ids.take(positions - 1, mode="clip").astype(np.int64))
        inputs[torch.from_numpy((positions > len(ids)) | (steps[:, None] == 0))] = bos
        targets = torch.from_numpy(ids.take(positions, mode="clip").astype(np.int64))
        targets[~valid] = IGNORE
        return Batch(inputs, targets, valid.sum(0), carries=number > 0)

    return Batches(make, range(-(-height // stretch)))


def sentence_batches(
    sequences: Sequence[Sequence[int]] | Sequence[Ids], size: int, seed: int, epoch: int | None
) -> Batches:
    """Group sequences into batches in which each token's target is the next token.

    A sequence of n + 1 tokens, `<bos>` and `<eos>` included, gives n inputs and n targets. `seed`
    and `epoch` shuffle the sequences without regard to length: the gradient of sentences of one
    length is biased, and a model trained on batches of like length ends several times farther from
    the distribution of the language. Without an epoch, sequences are grouped by length.
    """
    if epoch is None:
        order = np.argsort([len(sequence) for sequence in sequences], kind="stable")
    else:
        order = np.random.default_rng([seed, epoch]).permutation(len(sequences))

    def make(number: int) -> Batch:
        members = order[number * size : (number + 1) * size]
        inputs, lengths = pad_ids([sequences[i][:-1] for i in members])
        targets, _ = pad_ids([sequences[i][1:] for i in members], fill=IGNORE)
        return Batch(inputs, targets, lengths)

    return Batches(make, range(-(-len(order) // size)))


def labelled_batches(
    sequences: Sequence[Sequence[int]],
    classes: Sequence[int],
    size: int,
    seed: int,
    epoch: int | None,
) -> list[Batch]:
    """Group sequences of similar length into batches, each sequence with its class.

    `seed` and `epoch` shuffle the batches, and sequences of equal length among themselves. Without
    an epoch, nothing is shuffled.
    """
    batches = []
    for chosen in _group_by_length([len(s) for s in sequences], size, seed, epoch):
        inputs, lengths = pad_ids([sequences[i] for i in chosen])
        targets = torch.tensor([classes[i] for i in chosen])
        batches.append(Batch(inputs, targets, lengths))
    return batches


def _group_by_length(
    lengths: Sequence[int], size: int, seed: int, epoch: int | None
) -> list[NDArray[np.intp]]:
    """Return the indices of each batch: neighbours in length, with ties and batches shuffled."""
    random = None if epoch is None else np.random.default_rng([seed, epoch])
    order = np.arange(len(lengths)) if random is None else random.permutation(len(lengths))
    order = order[np.argsort(np.asarray(lengths)[order], kind="stable")]
    members = [order[start : start + size] for start in range(0, len(order), size)]
    if random is not None:
        members = [members[i] for i in random.permutation(len(members))]
    return members
