"""Texts with classes, from a CSV file: read, checked, a random tenth held out."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from glassgate.errors import BadInput
from glassgate.train.corpus import read_text
from glassgate.train.tokens import Vocabulary

HELD_OUT = 0.1  # share of the texts, drawn at random

Labelled = tuple[Sequence[Sequence[int]], Sequence[int]]
"""Token ids of each text, and the index of its class."""


@dataclass(frozen=True)
class Reviews:
    """Texts with their labels as a CSV file gave them; texts without a word are only counted."""

    texts: Sequence[str]
    labels: Sequence[str]
    empty: int

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels, each once, sorted."""
        return tuple(sorted(set(self.labels)))


@dataclass(frozen=True)
class ReviewCorpus:
    """Encoded texts to train on and held out, with the classes in the order of their index."""

    vocabulary: Vocabulary
    classes: tuple[str, ...]
    train: Labelled
    held_out: Labelled


def read_reviews(path: Path, text: str, label: str) -> Reviews:
    """Read the columns `text` and `label` of a UTF-8 CSV file with a header.

    `BadInput` for a file that is no such CSV (with the line), a column that is not there (with
    those that are), a row without a label, fewer than two texts, or fewer than two classes.
    """
    rows = _rows(path, (text, label))
    kept = [(words, name) for words, name in rows if words.strip()]
    reviews = Reviews([w for w, _ in kept], [name for _, name in kept], len(rows) - len(kept))
    if not kept:
        raise BadInput(f"{path} holds no text in column {text!r}, expected two or more")
    if len(reviews.classes) < 2:
        raise BadInput(
            f"{path} holds one class only in column {label!r}, {reviews.classes[0]!r}: "
            "expected two or more"
        )
    return reviews


def encode_reviews(reviews: Reviews, seed: int, minimum_frequency: int = 1) -> ReviewCorpus:
    """Hold out a random tenth by `seed`; the vocabulary is that of the rest."""
    order = np.random.default_rng(seed).permutation(len(reviews.texts))
    held = max(1, round(len(order) * HELD_OUT))
    train, held_out = sorted(order[held:]), sorted(order[:held])
    vocabulary = Vocabulary.learn((reviews.texts[i] for i in train), "words", minimum_frequency)
    classes = reviews.classes

    def encoded(chosen: Sequence[int]) -> Labelled:
        ids = [vocabulary.encode(reviews.texts[i]) or [vocabulary.unk] for i in chosen]
        return ids, [classes.index(reviews.labels[i]) for i in chosen]

    return ReviewCorpus(vocabulary, classes, encoded(train), encoded(held_out))


def _rows(path: Path, names: tuple[str, str]) -> list[tuple[str, str]]:
    """Return the two named fields of every row."""
    reader = csv.reader(io.StringIO(read_text(path), newline=""), strict=True)
    try:
        header = next(reader)
        wanted = [_column(path, header, name) for name in names]
        rows = []
        for row in reader:
            if row:  # a blank line is no row
                _check_row(path, reader.line_num, row, header, wanted[1])
                rows.append((row[wanted[0]], row[wanted[1]].strip()))
    except csv.Error as error:
        raise BadInput(f"{path} is not CSV: {error} at line {reader.line_num}") from None
    return rows


def _column(path: Path, header: Sequence[str], name: str) -> int:
    if name not in header:
        raise BadInput(f"{path} has no column {name!r}: its columns are {', '.join(header)}")
    return header.index(name)


def _check_row(path: Path, line: int, row: Sequence[str], header: Sequence[str], of: int) -> None:
    if len(row) != len(header):
        raise BadInput(f"{path} has {len(row)} fields at line {line}, expected {len(header)}")
    if not row[of].strip():
        raise BadInput(f"{path} has no {header[of]!r} at line {line}, expected a class")
