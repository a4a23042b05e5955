"""What a trained network makes of reviews: its answers, and its gates on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from glassgate.experiments.verdict.results import Part
from glassgate.experiments.verdict.reviews import Review
from glassgate.experiments.verdict.texts import Texts
from glassgate.formulation import Array
from glassgate.inside.trace import trace
from glassgate.nn import GRU
from glassgate.nn.models import Classifier

READ_BATCH = 100  # reviews that a network reads at once

Classes = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Reading:
    """The gates over one review of T words, [T, H], and the last state, [H]."""

    review: Review
    kept: Array
    reset: Array
    last: Array

    def where(self, part: Part) -> NDArray[np.intp]:
        """Return the places of the words of a part; perhaps none."""
        begin, end, T = self.review.begin, self.review.end, len(self.review.words)
        if part == "other verdicts":
            return np.array(self.review.distracting, np.intp)
        first, last = {
            "plot before": (0, begin),
            "verdict": (begin, end),
            "plot after": (end, T),
        }[part]
        return np.setdiff1d(np.arange(first, last), self.review.distracting)


@torch.no_grad()
def classify(model: Classifier, texts: Texts, reviews: Sequence[Review]) -> Classes:
    """Return the class that the model gives each review, [N]."""
    parts = [
        model(*texts.batch(reviews[start : start + READ_BATCH])).argmax(-1).numpy()
        for start in range(0, len(reviews), READ_BATCH)
    ]
    return np.concatenate(parts)


@torch.no_grad()
def read_gates(model: Classifier, texts: Texts, reviews: Sequence[Review]) -> list[Reading]:
    """Read the gates of a GRU over every review."""
    assert isinstance(model.network, GRU)
    readings = []
    for start in range(0, len(reviews), READ_BATCH):
        batch = reviews[start : start + READ_BATCH]
        tokens, lengths = texts.batch(batch)  # (T, B), (B,)
        gates = trace(model.network, model.embedding(tokens), lengths=lengths)[0]
        for b, review in enumerate(batch):
            T = len(review.words)
            kept, reset = gates.kept[:T, b].copy(), gates.reset[:T, b].copy()  # (T, H)
            readings.append(Reading(review, kept, reset, gates.hidden[T - 1, b].copy()))
    return readings
