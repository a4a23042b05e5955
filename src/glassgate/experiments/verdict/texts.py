"""The reviews of one seed: those to train on, those that choose the epoch, and the test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from glassgate.experiments.verdict.reviews import (
    VERDICTS,
    Review,
    Sentences,
    document_reviews,
    split_sentences,
    write_reviews,
)
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
    """The reviews of one seed, and the vocabulary of those to train on."""

    vocabulary: Vocabulary
    train: list[Review]
    valid: list[Review]
    test: list[Review]
    documents: list[Review]
    different_sentences: dict[
        str, int
    ]  # verdicts and plot sentences, to learn from and in the test

    def encode(self, reviews: Sequence[Review]) -> tuple[list[list[int]], list[int]]:
        """Return token ids and classes."""
        return [self.ids(review) for review in reviews], [
            VERDICTS.index(review.verdict) for review in reviews
        ]

    def ids(self, review: Review) -> list[int]:
        """Return the token id of each word of a review."""
        return self.vocabulary.encode(" ".join(review.words))


def make_texts(plan: Sizes, sentences: Sentences, seed: int) -> Texts:
    """Write the reviews of a seed; no sentence of the test reviews is in the others."""
    split = split_sentences(sentences, seed)
    train, valid, test = (
        write_reviews(part, count, plan.sentences, (seed, stream))
        for stream, (part, count) in enumerate(
            (
                (split.train, plan.train_reviews),
                (split.train, plan.valid_reviews),
                (split.test, plan.test_reviews),
            ),
            start=1,
        )
    )
    documents = document_reviews(split.test, plan.sentences, (seed, 4))
    different = {**_counts("train", split.train), **_counts("test", split.test)}
    words = (" ".join(review.words) for review in train)
    vocabulary = Vocabulary.learn(words, minimum_frequency=MINIMUM_FREQUENCY)
    return Texts(vocabulary, train, valid, test, documents, different)


def _counts(side: str, sentences: Sentences) -> dict[str, int]:
    verdicts = sum(len(kind) for kind in sentences.verdicts.values())
    return {f"{side}_verdicts": verdicts, f"{side}_plot": len(sentences.plot)}
