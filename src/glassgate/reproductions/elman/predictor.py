"""Predict the next vector of a sequence, bit by bit, and the error where each vector stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from glassgate.nn.models import State
from glassgate.reproductions.elman.sequences import Floats, Stream
from glassgate.reproductions.networks import make_network
from glassgate.train.batches import Batch
from glassgate.train.tasks import Measure


class BitPredictor(nn.Module):
    """A network of `glassgate.reproductions.networks` that predicts each bit of the next vector."""

    def __init__(self, network: str, bits: int, hidden_size: int) -> None:
        super().__init__()
        self.network = make_network(network, bits, hidden_size)
        self.readout = nn.Linear(hidden_size, bits)

    def forward(self, input: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Return the probability of a 1 for each bit of the next vector, [T, B, I], and the state.

        `input` is [T, B, I].
        """
        output, state = self.network(input, state)
        return torch.sigmoid(self.readout(output)), state


class BitPrediction(NamedTuple):
    """Predicted bits, and those that came."""

    values: Tensor  # [T, I, B]
    targets: Tensor  # [T, I, B]
    state: State | None

    def loss(self) -> Tensor:
        """Return the summed squared error."""
        return (self.values - self.targets).square().sum()

    def right(self) -> int:
        """Return the number of bits on the right side of a half."""
        return int(((self.values > 0.5) == (self.targets > 0.5)).sum())


class BitTask:
    """A sequence to learn, as `glassgate.train.fit` takes it.

    The sequence is cut into columns of equal length, which are read side by side, `steps` at a
    time, with the state carried on. An epoch is `passes` passes.
    """

    measure: Measure = "accuracy"

    def __init__(
        self,
        model: BitPredictor,
        train: Stream,
        held_out: Stream,
        columns: int,
        steps: int,
        passes: int,
    ) -> None:
        self.model = model
        self._train = bit_batches(train.vectors, columns, steps) * passes
        self._held_out = bit_batches(held_out.vectors, columns, steps)

    def batches(self, epoch: int) -> Sequence[Batch]:  # noqa: ARG002 - a sequence has one order
        """Return the stretches of all columns, in order."""
        return self._train

    def held_out(self) -> Sequence[Batch]:
        """Return the stretches of the held-out sequence."""
        return self._held_out

    def predict(self, model: nn.Module, batch: Batch, state: State | None) -> BitPrediction:
        """Predict each next vector of a stretch."""
        values, state = model(batch.inputs, state)
        return BitPrediction(values.transpose(1, 2), batch.targets, state)


def bit_batches(vectors: Floats, columns: int, steps: int) -> list[Batch]:
    """Cut a sequence [N, I] into stretches; what does not fill all columns is left out.

    Inputs are [T, B, I], targets [T, I, B].
    """
    height = (len(vectors) - 1) // columns
    starts = height * np.arange(columns)
    batches = []
    for first in range(0, height, steps):
        rows = np.arange(first, min(first + steps, height))[:, None] + starts  # (T, B)
        targets = torch.from_numpy(vectors[rows + 1]).transpose(1, 2)
        lengths = torch.full((columns,), len(rows))
        batches.append(Batch(torch.from_numpy(vectors[rows]), targets, lengths, first > 0))
    return batches


def bit_errors(model: BitPredictor, stream: Stream) -> NDArray[np.float64]:
    """Return the squared error of each bit of all vectors but the first, [N - 1, I]."""
    vectors = torch.from_numpy(stream.vectors)
    with torch.no_grad():
        values, _ = model(vectors[:-1, None])
    errors: NDArray[np.float64] = (values[:, 0] - vectors[1:]).square().double().numpy()
    return errors
