"""The least and the most surprising words of a sample."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from glassgate.analysis.report.sample import Sample
from glassgate.analysis.scoring import Scored, by_word, score
from glassgate.formulation import Array
from glassgate.train import Loaded
from glassgate.train.tokens import EOS

WARM = 10  # words of a stretch that are read but not counted: too little stands before them
LISTED = 12  # words of either kind
BEFORE = 6  # words shown before one


@dataclass(frozen=True)
class Surprising:
    """A word of the sample, how surprising it was, and the words before it."""

    word: str
    bits: float
    before: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Surprisals:
    """What the words of a sample were to a language model.

    Attributes
    ----------
    bits
        Surprisal of each word that counts, in the order of the text, [N]; `<eos>` is one.
    least, most
        The extremes, each word once; `<eos>` and words that the model does not know are none.
    unknown
        How many of the N words it does not know; their surprisal is that of `<unk>`.
    """

    bits: Array
    least: tuple[Surprising, ...]
    most: tuple[Surprising, ...]
    unknown: int


def measure_surprisal(
    loaded: Loaded, sample: Sample, done: Callable[[int], None]
) -> Surprisals | None:
    """Score the words of a sample; None for a classifier.

    A model of characters is asked for what stands between two spaces, any other for words and
    marks. `done` is told how many texts have been read.
    """
    if loaded.kind == "classifier":
        return None
    scored: list[tuple[Scored, tuple[str, ...]]] = []
    for number, text in enumerate(sample.texts):
        tokens = score(loaded, text)
        stretches = by_word(tokens) if loaded.config.get("level") == "characters" else tokens
        words: list[Scored] = [one for stretch in stretches for one in stretch]
        begun = sample.kind == "lines" or (number == 0 and sample.from_start)
        for place in range(0 if begun else WARM, len(words)):
            before = words[max(0, place - BEFORE) : place]
            scored.append((words[place], tuple(one.spelt for one in before)))
        done(number + 1)
    listed = [
        Surprising(one.spelt, one.surprisal, before)
        for one, before in scored
        if one.known and one.spelt != EOS
    ]
    return Surprisals(
        np.array([one.surprisal for one, _ in scored]),
        _first(sorted(listed, key=lambda one: one.bits)),
        _first(sorted(listed, key=lambda one: -one.bits)),
        sum(not one.known for one, _ in scored),
    )


def _first(ordered: list[Surprising]) -> tuple[Surprising, ...]:
    """Return the first of each word, `LISTED` at most."""
    once: dict[str, Surprising] = {}
    for one in ordered:
        once.setdefault(one.word.lower(), one)
    return tuple(once.values())[:LISTED]
