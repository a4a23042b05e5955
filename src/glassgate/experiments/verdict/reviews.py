"""Reviews of books: neutral sentences on the plot, and one verdict that gives the class.

The verdict that counts stands first, last or, in mixed reviews, first, in the middle or last.
Reviews may have other verdicts, which do not count: after the first one, or before the last one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal, NamedTuple, get_args

import numpy as np

from glassgate.errors import BadInput
from glassgate.experiments.verdict.sentences import (
    DOCUMENT,
    OPENING,
    VERDICTS,
    Kind,
    Sentences,
    Verdict,
    Words,
)

Place = Literal["first", "middle", "last"]
Layout = Literal["first", "last", "mixed"]

PLACES: tuple[Place, ...] = get_args(Place)
LAYOUTS: Sequence[Layout] = get_args(Layout)
TEST_SHARE = 0.25  # of all sentences of more than a word, for the test alone
MIN_PLOT_SENTENCES = 2  # in a review: the verdict can stand between them
DISTRACTORS = 2  # verdicts that do not count, in a review that has such


class Split(NamedTuple):
    """Sentences to learn from, and those of the test, which share verdicts of one word only."""

    train: Sentences
    test: Sentences


class Design(NamedTuple):
    """What reviews are made of.

    `negated` verdicts are half plain and half negated, so that no single word tells the class.
    """

    layout: Layout
    kind: Kind
    distractors: bool


@dataclass(frozen=True)
class Review:
    """One review, and where the verdict that counts stands: from `begin` to before `end`.

    `distracting` are the places of words that belong to other verdicts.
    """

    words: Words
    verdict: Verdict
    negated: bool
    place: Place
    begin: int
    end: int
    distracting: tuple[int, ...] = ()


def split_sentences(every: Sentences, seed: int) -> Split:
    """Split the sentences at random.

    The two quoted from the source document, if present, always go to the test set. Verdicts of one
    word go to both: a network cannot know a word that it never read.
    """
    random = np.random.default_rng([seed, 0])
    plot = _split(every.plot, random)
    verdicts = {
        key: [pool, pool] if key[0] == "word" else _split(pool, random)
        for key, pool in every.verdicts.items()
    }
    return Split(
        *(
            Sentences({key: parts[side] for key, parts in verdicts.items()}, plot[side])
            for side in (0, 1)
        )
    )


def write_reviews(
    sentences: Sentences, count: int, plot_sentences: int, design: Design, seed: Sequence[int]
) -> list[Review]:
    """Write `count` reviews of `plot_sentences` different sentences on the plot and their verdicts.

    Each class occurs equally often in each place, plain and negated where both occur (exactly so
    if `count` is a multiple of 12). In the middle, a verdict stands between any two sentences on
    the plot with equal probability, and so do distracting verdicts, whose classes are drawn apart.
    `BadInput` for fewer than two sentences on the plot, or more than there are.
    """
    check_sentences(plot_sentences, len(sentences.plot))
    random = np.random.default_rng(list(seed))
    places = PLACES if design.layout == "mixed" else (design.layout,)
    kinds: Sequence[Kind] = ("phrase", "negated") if design.kind == "negated" else (design.kind,)
    wanted = [_Wanted(*which) for which in product(kinds, places, VERDICTS)]
    return [
        _write(sentences, plot_sentences, design, wanted[i % len(wanted)], random)
        for i in random.permutation(count)
    ]


def check_sentences(plot_sentences: int, most: int) -> None:
    """Raise `BadInput` unless reviews can have so many sentences on the plot, of `most`."""
    if not MIN_PLOT_SENTENCES <= plot_sentences <= most:
        raise BadInput(
            f"sentences must be from {MIN_PLOT_SENTENCES} to {most}, got {plot_sentences}"
        )


class _Wanted(NamedTuple):
    """What one review is to be."""

    kind: Kind
    place: Place
    verdict: Verdict


def _write(
    sentences: Sentences,
    plot_sentences: int,
    design: Design,
    wanted: _Wanted,
    random: np.random.Generator,
) -> Review:
    """Write one review."""
    kind, place, verdict = wanted
    chosen = random.choice(len(sentences.plot), plot_sentences, replace=False)
    parts = [(sentences.plot[i], False) for i in chosen]
    for _ in range(DISTRACTORS if design.distractors else 0):
        other = VERDICTS[random.integers(len(VERDICTS))]
        parts.insert(random.integers(1, len(parts)), (_draw(sentences, kind, other, random), True))
    own = _draw(sentences, kind, verdict, random)
    middle = int(random.integers(1, len(parts)))
    place_in_parts = {"first": 0, "middle": middle, "last": len(parts)}[place]
    begin = sum(len(words) for words, _ in parts[:place_in_parts])
    parts.insert(place_in_parts, (own, False))
    distracting = [other for words, other in parts for _ in words]
    return Review(
        _join(words for words, _ in parts),
        verdict,
        kind == "negated",
        place,
        begin,
        begin + len(own),
        tuple(np.flatnonzero(distracting).tolist()),
    )


def _draw(sentences: Sentences, kind: Kind, verdict: Verdict, random: np.random.Generator) -> Words:
    pool = sentences.verdicts[kind, verdict]
    return pool[random.integers(len(pool))]


def document_review(
    sentences: Sentences, plot_sentences: int, place: Literal["first", "last"], seed: Sequence[int]
) -> Review:
    """Write the document's own review, with its verdict first or last.

    The document gives the beginning and the verdict; the plot in between is from `sentences`.
    """
    random = np.random.default_rng(list(seed))
    pool = [words for words in sentences.plot if words != OPENING]
    chosen = random.choice(len(pool), plot_sentences - 1, replace=False)
    plot = OPENING + _join(pool[i] for i in chosen)
    n, m = len(plot), len(DOCUMENT)
    if place == "last":
        return Review(plot + DOCUMENT, "negative", True, "last", n, n + m)
    return Review(DOCUMENT + plot, "negative", True, "first", 0, m)


def _join(sentences: Iterable[Words]) -> Words:
    return tuple(word for sentence in sentences for word in sentence)


def _split(sentences: tuple[Words, ...], random: np.random.Generator) -> list[tuple[Words, ...]]:
    """Split sentences at random into those to learn from and those of the test."""
    order = [sentences[i] for i in random.permutation(len(sentences))]
    order.sort(key=lambda words: words not in (DOCUMENT, OPENING))
    cut = round(len(order) * TEST_SHARE)
    return [tuple(order[cut:]), tuple(order[:cut])]
