"""Batches as a pure function of (data, seed, epoch), and the part of one that a process takes.

Every process makes the same joined batches and takes its own columns of each, so the number of
scored targets in the joined batch is known everywhere without a message.
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

IGNORE = -100  # a target that is not scored: padding

Ids = NDArray[np.intc]


@dataclass(frozen=True)
class Batch:
    """What one step learns from.

    `inputs` are tokens [T, B], or numbers [T, B, I]. `targets` are the next tokens [T, B], or one
    class or number a sequence [B]; `IGNORE` marks those that are not scored. `lengths` [B] counts
    the valid steps of each column. `carries` says that the state at the end of the batch before is
    this batch's first state.
    """

    inputs: Tensor
    targets: Tensor
    lengths: Tensor
    carries: bool = False

    @property
    def size(self) -> int:
        """Number of columns B."""
        return self.inputs.shape[1]

    @cached_property
    def count(self) -> int:
        """Number of scored targets."""
        return int((self.targets != IGNORE).sum())

    def share(self, rank: int, world: int) -> Batch:
        """Return the columns of process `rank` of `world`.

        A process for which no column is left gets the first one with nothing scored, so that it
        still takes part in every exchange of gradients.
        """
        own = columns(self.size, rank, world)
        empty = own.stop == own.start
        taken = slice(0, 1) if empty else own
        targets = self.targets[..., taken]
        targets = torch.full_like(targets, IGNORE) if empty else targets
        return Batch(self.inputs[:, taken], targets, self.lengths[taken], self.carries)

    def to(self, device: torch.device) -> Batch:
        """Return the batch on a device."""
        return Batch(
            self.inputs.to(device), self.targets.to(device), self.lengths.to(device), self.carries
        )


def columns(size: int, rank: int, world: int) -> slice:
    """Return which of `size` columns process `rank` of `world` takes; perhaps none."""
    return slice(size * rank // world, size * (rank + 1) // world)


class Batches(Sequence[Batch]):
    """Batches that are made when they are asked for, `make(number)` for each of `numbers`."""

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
        """Return a batch, or those of a slice, not made yet."""
        numbers = self._numbers[which]
        if isinstance(numbers, range):
            return Batches(self._make, numbers)
        return self._make(numbers)


def stream(tokens: Sequence[int] | Ids, bos: int, width: int, stretch: int) -> Batches:
    """Cut one run of tokens into contiguous columns, read in stretches of `stretch` steps.

    Each column starts with `bos`; the state is carried from one stretch to the next. There are
    at most `width` of them, fewer where there are fewer tokens.
    """
    ids = np.asarray(tokens)
    height = -(-len(ids) // width)  # ceil
    columns = height * np.arange(-(-len(ids) // height))  # (B,), where each begins

    def make(number: int) -> Batch:
        steps = np.arange(number * stretch, min((number + 1) * stretch, height))
        places = steps[:, None] + columns  # (T, B)
        valid = torch.from_numpy(places < len(ids))
        said = torch.from_numpy(ids.take(places, mode="clip").astype(np.int64))
        heard = torch.from_numpy(ids.take(places - 1, mode="clip").astype(np.int64))
        heard[torch.from_numpy((places > len(ids)) | (steps[:, None] == 0))] = bos
        said[~valid] = IGNORE
        return Batch(heard, said, valid.sum(0), carries=number > 0)

    return Batches(make, range(-(-height // stretch)))


def sentences(
    sequences: Sequence[Sequence[int]] | Sequence[Ids], size: int, seed: int, epoch: int | None
) -> Batches:
    """Gather sequences, each predicting its own next token.

    A sequence of n + 1 tokens (its first and last mark included) gives n inputs and n targets.
    `epoch` decides, with `seed`, who meets whom and in which order, whatever their lengths: the
    gradient of sentences of one length pulls away from that of the language, and a model trained
    so ends several times farther from the truth. None gathers them by length.
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


def labelled(
    sequences: Sequence[Sequence[int]],
    classes: Sequence[int],
    size: int,
    seed: int,
    epoch: int | None,
) -> list[Batch]:
    """Gather sequences of like length, each with its class.

    `epoch` shuffles, with `seed`, the batches and who among equals meets whom; None does not.
    """
    batches = []
    for chosen in _by_length([len(s) for s in sequences], size, seed, epoch):
        inputs, lengths = pad_ids([sequences[i] for i in chosen])
        targets = torch.tensor([classes[i] for i in chosen])
        batches.append(Batch(inputs, targets, lengths))
    return batches


def _by_length(
    lengths: Sequence[int], size: int, seed: int, epoch: int | None
) -> list[NDArray[np.intp]]:
    """Return the members of each batch: neighbours in length, ties and batches shuffled."""
    random = None if epoch is None else np.random.default_rng([seed, epoch])
    order = np.arange(len(lengths)) if random is None else random.permutation(len(lengths))
    order = order[np.argsort(np.asarray(lengths)[order], kind="stable")]
    members = [order[start : start + size] for start in range(0, len(order), size)]
    if random is not None:
        members = [members[i] for i in random.permutation(len(members))]
    return members
