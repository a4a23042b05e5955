"""The reviews of one seed: those to train on, those that choose the epoch, and the test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch

from glassgate.experiments.verdict.reviews import (
    Design,
    Review,
    document_review,
    split_sentences,
    write_reviews,
)
from glassgate.experiments.verdict.sentences import VERDICTS, Sentences
from glassgate.nn.ragged import pad_ids
from glassgate.train.settings import MINIMUM_FREQUENCY
from glassgate.train.tokens import Vocabulary


class Sizes(Protocol):
    """A plan that says how many reviews there are, and how long they are."""

    @property
    def sentences(self) -> int:
        """On the plot, in every review."""

    @property
    def train_reviews(self) -> int:
        """To train on."""

    @property
    def valid_reviews(self) -> int:
        """To choose the epoch."""

    @property
    def test_reviews(self) -> int:
        """To test on."""


@dataclass(frozen=True)
class Texts:
    """The reviews of one seed, and the vocabulary of those to train on.

    `document` is the document's own review, for designs whose verdicts are phrases and stand first
    or last.
    """

    vocabulary: Vocabulary
    train: list[Review]
    valid: list[Review]
    test: list[Review]
    document: Review | None

    def ids(self, words: Sequence[str]) -> list[int]:
        """Return the token id of each word."""
        return self.vocabulary.encode(" ".join(words)) if words else []

    def encode(self, reviews: Sequence[Review]) -> tuple[list[list[int]], list[int]]:
        """Return token ids and classes."""
        return [self.ids(review.words) for review in reviews], class_ids(reviews)

    def batch(self, reviews: Sequence[Review]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return tokens [T, B] padded at the end, and lengths [B]."""
        return pad_ids([self.ids(review.words) for review in reviews])


def class_ids(reviews: Sequence[Review]) -> list[int]:
    """Return the class of each review as a number."""
    return [VERDICTS.index(review.verdict) for review in reviews]


def make_texts(plan: Sizes, sentences: Sentences, design: Design, seed: int) -> Texts:
    """Write the reviews of a seed; no plot sentence of the test reviews is in the others."""
    split = split_sentences(sentences, seed)
    train, valid, test = (
        write_reviews(part, count, plan.sentences, design, (seed, stream))
        for stream, (part, count) in enumerate(
            (
                (split.train, plan.train_reviews),
                (split.train, plan.valid_reviews),
                (split.test, plan.test_reviews),
            ),
            start=1,
        )
    )
    document = None
    if design.kind != "word" and design.layout != "mixed":
        document = document_review(split.test, plan.sentences, design.layout, (seed, 4))
    words = (" ".join(review.words) for review in train)
    vocabulary = Vocabulary.learn(words, minimum_frequency=MINIMUM_FREQUENCY)
    return Texts(vocabulary, train, valid, test, document)
