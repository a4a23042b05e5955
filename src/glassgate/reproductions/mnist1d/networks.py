"""The published networks: a GRU that reads a signal in both directions, and a CNN."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from glassgate.nn import GRU
from glassgate.reproductions.mnist1d.signals import CLASSES, POSITIONS

UNITS = 6  # in each direction
CHANNELS = 25
LABELS = {"gru": "GRU", "cnn": "CNN"}


class SignalGRU(nn.Module):
    """A GRU in both directions, and a linear layer that reads its outputs at all positions.

    `kind` makes the recurrent network: `glassgate.nn.GRU` or `torch.nn.GRU`. It has
    2 * 3 * 6 * (1 + 6 + 2) + (2 * 6 * 40 + 1) * 10 = 5,134 parameters.
    """

    def __init__(self, kind: Callable[..., nn.Module] = GRU) -> None:
        super().__init__()
        self.network = kind(1, UNITS, bidirectional=True)
        self.readout = nn.Linear(2 * UNITS * POSITIONS, CLASSES)

    def forward(self, input: Tensor) -> Tensor:
        """Return the logits [B, 10] of signals [T, B, 1]."""
        output, _ = self.network(input)  # (T, B, 2 H)
        logits: Tensor = self.readout(output.transpose(0, 1).flatten(1))
        return logits


class SignalCNN(nn.Module):
    """Three convolutions of stride 2 with rectified outputs, and a linear layer.

    It has 25 * (5 + 1) + 2 * 25 * (3 * 25 + 1) + (125 + 1) * 10 = 5,210 parameters.
    """

    def __init__(self) -> None:
        super().__init__()
        sizes = [(1, 5), (CHANNELS, 3), (CHANNELS, 3)]  # channels in, positions that a kernel spans
        self.convolutions = nn.ModuleList(
            nn.Conv1d(channels, CHANNELS, kernel, stride=2, padding=1) for channels, kernel in sizes
        )
        self.readout = nn.Linear(5 * CHANNELS, CLASSES)  # 40 positions, then 19, 10 and 5

    def forward(self, input: Tensor) -> Tensor:
        """Return the logits [B, 10] of signals [T, B, 1]."""
        read = input.permute(1, 2, 0)  # (B, 1, T)
        for convolution in self.convolutions:
            read = convolution(read).relu()  # (B, 25, T')
        logits: Tensor = self.readout(read.flatten(1))
        return logits


NETWORKS: Mapping[str, Callable[[], nn.Module]] = {"gru": SignalGRU, "cnn": SignalCNN}


def make_network(make: Callable[..., nn.Module], seed: int, *arguments: Any) -> nn.Module:
    """Return a network before training, a function of the seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make(*arguments)
