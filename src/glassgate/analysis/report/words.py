"""Surprisal over a sample: its distribution, and the least and most surprising words."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from glassgate.analysis.report.sample import Sample
from glassgate.analysis.scoring import Scored, by_word, score
from glassgate.formulation import Array
from glassgate.train import Loaded
from glassgate.train.tokens import EOS

WARM_UP = 10  # words at the start of a passage that are read but not counted: they lack context
MAX_LISTED = 12  # words in each list
CONTEXT_WORDS = 6  # shown before a listed word
BINS = 16  # of the histogram, before one for everything more surprising
BIN_WIDTHS = (1, 2, 5, 10, 20, 50)  # bits


@dataclass(frozen=True)
class Surprising:
    """A word of the sample, its surprisal, and the words before it."""

    word: str
    bits: float
    before: tuple[str, ...]


@dataclass(frozen=True)
class Histogram:
    """How many words have a surprisal in each bin, [edge, next edge); the last bin is open."""

    width: int  # bits
    edges: tuple[float, ...]  # one more than counts; the last is infinite
    counts: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Surprisals:
    """Surprisal of the words of a sample to a language model.

    Attributes
    ----------
    bits
        Surprisal of each word that counts, in the order of the text, [N]; `<eos>` included.
    least, most
        The extremes, each word once; without `<eos>` and words that the model does not know.
    unknown
        How many of the N words it does not know; their surprisal is that of `<unk>`.
    """

    bits: Array
    least: tuple[Surprising, ...]
    most: tuple[Surprising, ...]
    unknown: int

    def histogram(self) -> Histogram:
        """Count the words in bins of the smallest width that leaves at most 2% in the open one."""
        fitting = (w for w in BIN_WIDTHS if (self.bits >= BINS * w).mean() <= 0.02)
        width = next(fitting, BIN_WIDTHS[-1])
        bins = (self.bits // width).clip(max=BINS)
        return Histogram(
            width,
            (*(index * width for index in range(BINS + 1)), math.inf),
            tuple(int((bins == index).sum()) for index in range(BINS + 1)),
        )


def measure_surprisal(
    loaded: Loaded, sample: Sample, done: Callable[[int], None]
) -> Surprisals | None:
    """Score the words of a sample; None for a classifier.

    A model of characters is scored on words separated by white space, any other model on its
    tokens, words and punctuation marks. `done` is called with the number of texts read so far.
    """
    if loaded.kind == "classifier":
        return None
    scored: list[tuple[Scored, tuple[str, ...]]] = []
    for number, text in enumerate(sample.texts):
        tokens = score(loaded, text)
        groups = by_word(tokens) if loaded.config.get("level") == "characters" else tokens
        words: list[Scored] = [word for group in groups for word in group]
        has_start = sample.kind == "lines" or (number == 0 and sample.from_start)
        for index in range(0 if has_start else WARM_UP, len(words)):
            before = words[max(0, index - CONTEXT_WORDS) : index]
            scored.append((words[index], tuple(word.spelt for word in before)))
        done(number + 1)
    listed = [
        Surprising(word.spelt, word.surprisal, before)
        for word, before in scored
        if word.known and word.spelt != EOS
    ]
    return Surprisals(
        bits=np.array([word.surprisal for word, _ in scored]),
        least=_distinct(sorted(listed, key=lambda word: word.bits)),
        most=_distinct(sorted(listed, key=lambda word: -word.bits)),
        unknown=sum(not word.known for word, _ in scored),
    )


def _distinct(ordered: list[Surprising]) -> tuple[Surprising, ...]:
    """Return the first occurrence of each word, at most `MAX_LISTED`."""
    first: dict[str, Surprising] = {}
    for word in ordered:
        first.setdefault(word.word.lower(), word)
    return tuple(first.values())[:MAX_LISTED]
