"""What a trained network makes of reviews: its classes, and the gates on the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypedDict

import numpy as np
import torch

from glassgate.experiments.verdict.gates import Reading, split_batch
from glassgate.experiments.verdict.reviews import Review
from glassgate.experiments.verdict.summary import Bools
from glassgate.experiments.verdict.texts import Texts
from glassgate.inside.trace import trace
from glassgate.nn import GRU
from glassgate.nn.models import Classifier
from glassgate.nn.ragged import pad_ids

READ_BATCH = 100  # reviews that a network reads at once


@torch.no_grad()
def correct_mask(model: Classifier, texts: Texts, reviews: Sequence[Review]) -> Bools:
    """Return for each review whether the model classifies it correctly."""
    right = []
    for chunk in _chunks(reviews):
        tokens, lengths, classes = _batch(texts, chunk)
        right.append((model(tokens, lengths).argmax(-1) == classes).numpy())
    return np.concatenate(right)


@torch.no_grad()
def read_gates(model: Classifier, texts: Texts, reviews: Sequence[Review]) -> list[Reading]:
    """Read the gates of a GRU over every review."""
    assert isinstance(model.network, GRU)
    readings = []
    for chunk in _chunks(reviews):
        tokens, _, _ = _batch(texts, chunk)
        gates = trace(model.network, model.embedding(tokens))[0]
        readings += split_batch(gates, chunk)
    return readings


def _chunks(reviews: Sequence[Review]) -> Iterator[Sequence[Review]]:
    return (reviews[start : start + READ_BATCH] for start in range(0, len(reviews), READ_BATCH))


def _batch(
    texts: Texts, reviews: Sequence[Review]
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return tokens [T, B] padded at the end, lengths [B] and classes [B]."""
    ids, classes = texts.encode(reviews)
    return *pad_ids(ids), torch.tensor(classes)


class Reception(TypedDict):
    """The probability of a review's own class, and the words that a network does not know."""

    probability: float
    unknown: list[str]


@torch.no_grad()
def reception(model: Classifier, texts: Texts, review: Review) -> Reception:
    """Return how probable the review's own class is to a network, and words it does not know."""
    tokens, lengths, (own,) = _batch(texts, [review])
    unknown = (tokens[:, 0] == texts.vocabulary.unk).tolist()
    return {
        "probability": float(model(tokens, lengths).softmax(-1)[0, own]),
        "unknown": [word for word, new in zip(review.words, unknown, strict=True) if new],
    }
