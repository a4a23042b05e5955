"""The adding problem as Bai et al. pose it: the marks may stand anywhere."""

from __future__ import annotations

import numpy as np
import torch

from glassgate.experiments.long_lags.problems import Adding
from glassgate.train.batches import Batch


class AddingAnywhere(Adding):
    """The adding problem whose two marks stand at any two steps, every pair as likely.

    All else is as in `glassgate.experiments.long_lags.problems.Adding`, which has one mark in each
    half of the sequence. So it is in the code published with Bai, Kolter & Koltun 2018.
    """

    def draw(self, T: int, size: int, random: np.random.Generator) -> Batch:
        """Make `size` sequences: inputs [T, size, 2], targets [size]."""
        values = random.random((T, size), dtype=np.float32)
        marks, columns = np.zeros_like(values), np.arange(size)
        first = random.integers(0, T, size)
        marks[first, columns] = 1
        marks[(first + random.integers(1, T, size)) % T, columns] = 1
        inputs = torch.from_numpy(np.stack([values, marks], -1))
        targets = torch.from_numpy((values * marks).sum(0))
        return Batch(inputs, targets, torch.full((size,), T))


PROBLEM = AddingAnywhere()
