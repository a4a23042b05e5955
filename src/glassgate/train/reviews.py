"""Read labelled texts from a CSV file, and hold out a random tenth."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from glassgate.errors import BadInput
from glassgate.train.corpus import read_text
from glassgate.train.tokens import Vocabulary

HELD_OUT = 0.1  # share of the texts, chosen at random
MOST_ALONE = 0.5  # share of texts alone in their class from which on a label looks like no class

Labelled = tuple[Sequence[Sequence[int]], Sequence[int]]
"""The token ids of each text, and the index of each text's class."""


@dataclass(frozen=True)
class Reviews:
    """The texts and labels of a CSV file, and how many texts were empty and left out."""

    texts: Sequence[str]
    labels: Sequence[str]
    empty: int

    @property
    def classes(self) -> tuple[str, ...]:
        """The distinct labels, sorted."""
        return tuple(sorted(set(self.labels)))

    @property
    def alone(self) -> int:
        """The number of texts whose class no other text has."""
        return sum(count == 1 for count in Counter(self.labels).values())

    def notes(self, path: Path, label: str) -> list[str]:
        """Say how many texts were left out, and that column `label` looks like a wrong one."""
        notes = []
        if self.empty:
            texts = "text was" if self.empty == 1 else "texts were"
            notes.append(f"{self.empty} empty {texts} skipped in {path}")
        if self.alone > MOST_ALONE * len(self.texts):
            notes.append(
                f"{self.alone} of the {len(self.texts)} texts in {path} have a class of their "
                f"own, so held-out texts cannot test what is learned: is {label!r} the right "
                "column?"
            )
        return notes


@dataclass(frozen=True)
class ReviewCorpus:
    """Encoded texts to train on, and held-out ones; `classes` are in the order of their index."""

    vocabulary: Vocabulary
    classes: tuple[str, ...]
    train: Labelled
    held_out: Labelled


def read_reviews(path: Path, text: str, label: str) -> Reviews:
    """Read the columns `text` and `label` of a UTF-8 CSV file with a header.

    `BadInput` for a file that is not such a CSV file (with the line), a missing column (with those
    that exist), a row without a label, or fewer than two classes.
    """
    rows = _rows(path, (text, label))
    filled = [row for row in rows if row[0].strip()]
    texts, labels = [words for words, _ in filled], [name for _, name in filled]
    reviews = Reviews(texts, labels, empty=len(rows) - len(filled))
    if not filled:
        raise BadInput(f"{path} holds no text in column {text!r}, expected at least two")
    if len(reviews.classes) < 2:
        raise BadInput(
            f"{path} holds only one class in column {label!r}, {reviews.classes[0]!r}, "
            "expected at least two"
        )
    return reviews


def encode_reviews(reviews: Reviews, seed: int, minimum_frequency: int = 1) -> ReviewCorpus:
    """Hold out a random tenth, chosen by `seed`; the vocabulary comes from the rest."""
    order = np.random.default_rng(seed).permutation(len(reviews.texts))
    count = max(1, round(len(order) * HELD_OUT))
    train, held_out = sorted(order[count:]), sorted(order[:count])
    vocabulary = Vocabulary.learn((reviews.texts[i] for i in train), "words", minimum_frequency)
    classes = reviews.classes

    def encode(chosen: Sequence[int]) -> Labelled:
        ids = [vocabulary.encode(reviews.texts[i]) or [vocabulary.unk] for i in chosen]
        return ids, [classes.index(reviews.labels[i]) for i in chosen]

    return ReviewCorpus(vocabulary, classes, encode(train), encode(held_out))


def _rows(path: Path, names: tuple[str, str]) -> list[tuple[str, str]]:
    """Return the two named fields of every row."""
    reader = csv.reader(io.StringIO(read_text(path), newline=""), strict=True)
    try:
        header = next(reader)
        text, label = (_find_column(path, header, name) for name in names)
        rows = []
        for row in reader:
            if row:  # a blank line is not a row
                _check_row(path, reader.line_num, row, header, label)
                rows.append((row[text], row[label].strip()))
    except csv.Error as error:
        raise BadInput(f"{path}, line {reader.line_num}, is not CSV: {error}") from None
    return rows


def _find_column(path: Path, header: Sequence[str], name: str) -> int:
    if name not in header:
        raise BadInput(f"{path} has no column {name!r}, only {', '.join(header)}")
    return header.index(name)


def _check_row(
    path: Path, line: int, row: Sequence[str], header: Sequence[str], label: int
) -> None:
    if len(row) != len(header):
        raise BadInput(f"{path}, line {line}, has {len(row)} fields, expected {len(header)}")
    if not row[label].strip():
        raise BadInput(f"{path}, line {line}, has no {header[label]!r}, expected a class")
