"""Copying memory as Bai et al. pose it: a step reads one number."""

from __future__ import annotations

import numpy as np
import torch

from glassgate.experiments.long_lags.problems import Copying
from glassgate.train.batches import Batch


class DigitCopying(Copying):
    """Copying memory whose symbols are read as the numbers 1 to 8.

    So it is in the code published with Bai, Kolter & Koltun 2018: a step reads one number, which is
    a symbol, 0 for a blank, or 9 at the last eleven steps, the first of which is the cue; and
    answers are chosen from all ten. All else is as in
    `glassgate.experiments.long_lags.problems.Copying`, also what a network reaches that ignores
    the input.
    """

    inputs, outputs = 1, 10
    BLANK, CUE = 0, 9

    def draw(self, T: int, size: int, random: np.random.Generator) -> Batch:
        """Make `size` sequences: inputs [T + 20, size, 1], targets [T + 20, size]."""
        symbols = random.integers(1, 1 + self.SYMBOLS, (self.REPEATED, size))
        read = np.full((self.steps(T), size), self.BLANK)
        read[: self.REPEATED], read[-self.REPEATED - 1 :] = symbols, self.CUE
        due = np.full_like(read, self.BLANK)
        due[-self.REPEATED :] = symbols
        inputs = torch.from_numpy(read[..., None].astype(np.float32))
        return Batch(inputs, torch.from_numpy(due), torch.full((size,), len(read)))


PROBLEM = DigitCopying()
