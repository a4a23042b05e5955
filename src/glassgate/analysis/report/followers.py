"""Single units whose state follows something in the text, and their state along it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from glassgate.analysis.report.sample import Sample
from glassgate.analysis.report.steps import Steps, record
from glassgate.formulation import Array
from glassgate.inside.memory import Memory
from glassgate.train import Loaded
from glassgate.train.tokens import BOS, Level

SENTENCE_ENDS = (".", "!", "?")
MIN_DEVIATION = 0.2  # of a unit's state: one that never changes follows nothing
MAX_PLACE = 20  # in a sentence or a word; what lies beyond is one place
SHOWN_TOKENS: dict[Level, int] = {"words": 100, "characters": 500}
"""The text to be coloured is at least as long, if there is as much."""

Followed: TypeAlias = Literal["memory", "token", "previous", "place"]
"""Why a unit is shown: the longest memory, or what its state follows."""


@dataclass(frozen=True)
class Follower:
    """A unit that is worth watching, and why.

    Attributes
    ----------
    layer, unit
        Both from 0.
    follows
        "memory": of all units it has the longest memory. "token", "previous", "place": of all units
        its state depends most on what was just read, on what was read before that, or on the place
        in the sentence (of a model of characters: in the word).
    amount
        The memory span in steps, or the share of the variance of its state, 0..1.
    """

    layer: int
    unit: int
    follows: Followed
    amount: float


@dataclass(frozen=True, eq=False)
class ColouredUnits:
    """A few units along a text.

    Attributes
    ----------
    texts
        For each text its words or characters as they are spelled.
    units
        Which units, and why.
    values
        For each unit and each text what the unit holds after each word, -1..1, [T].
    """

    texts: tuple[tuple[str, ...], ...]
    units: tuple[Follower, ...]
    values: tuple[tuple[Array, ...], ...]


def colour_units(
    loaded: Loaded,
    sample: Sample,
    steps: Steps,
    memories: Sequence[Memory],
    sentences: Sequence[str],
) -> ColouredUnits:
    """Choose units over the steps of a sample, and read sentences and texts of the sample.

    `memories` are those of the layers, of a network with gates.
    """
    level: Level = "characters" if loaded.config.get("level") == "characters" else "words"
    units = tuple(choose_units(steps, memories, level, whole=sample.kind == "lines"))
    order = np.random.default_rng(sample.seed).permutation(len(sample.texts))
    chosen, length = list(sentences), 0
    for index in order:
        if length >= SHOWN_TOKENS[level]:
            break
        chosen.append(sample.texts[index])
        length += len(loaded.vocabulary.spans(sample.texts[index]))
    read = record(loaded, chosen)
    cuts = read.ends[:-1] + 1
    return ColouredUnits(
        tuple(tuple(loaded.vocabulary.words(text)) for text in chosen),
        units,
        tuple(tuple(np.split(read.layers[one.layer][:, one.unit], cuts)) for one in units),
    )


def choose_units(
    steps: Steps, memories: Sequence[Memory], level: Level, *, whole: bool
) -> Iterator[Follower]:
    """Choose at most four units, each of them once.

    `whole` says whether texts begin where a sentence or word begins.
    """
    moving = [layer.std(axis=0) >= MIN_DEVIATION for layer in steps.layers]
    shown: set[tuple[int, int]] = set()
    scores: dict[Followed, list[Array]] = {"memory": [memory.span for memory in memories]}
    for follows, labels, known in _labels(steps, level, whole=whole):
        scores[follows] = [explained_share(layer[known], labels[known]) for layer in steps.layers]
    for follows, layers in scores.items():
        ranked = sorted(
            (
                (float(score), -layer, -unit)
                for layer, units in enumerate(layers)
                for unit, score in enumerate(units)
                if moving[layer][unit] and (layer, unit) not in shown and score > 0
            ),
            reverse=True,
        )
        if ranked:
            amount, layer, unit = ranked[0]
            shown.add((-layer, -unit))
            yield Follower(-layer, -unit, follows, amount)


def _labels(
    steps: Steps, level: Level, *, whole: bool
) -> Iterator[tuple[Followed, NDArray[Any], NDArray[np.bool_]]]:
    """Yield what a unit may follow, its label at each step, and at which steps it is known."""
    tokens, everywhere = np.array(steps.tokens), np.ones(len(steps.tokens), bool)
    previous = np.where(steps.places == 0, BOS, np.roll(tokens, 1))
    yield "token", tokens, everywhere
    yield "previous", previous, everywhere
    ends = np.char.isspace(previous) if level == "characters" else np.isin(previous, SENTENCE_ENDS)
    places, place = [], -1
    for at_start, after_end in zip(steps.places == 0, ends, strict=True):
        if after_end or (at_start and whole):
            place = 0
        elif at_start:
            place = -1  # not known before a sentence or word ends
        elif place >= 0:
            place = min(place + 1, MAX_PLACE)
        places.append(place)
    yield "place", np.array(places), np.array(places) >= 0


def explained_share(states: Array, labels: NDArray[Any]) -> Array:
    """Return the share of the variance of each unit that labels explain, 0..1, [H].

    Between the means of the labels lies a share R^2 of the variance, which is the larger the more
    labels there are; so it is adjusted for their number: 1 - (1 - R^2) (N - 1) / (N - labels).
    It is 0 where nothing is explained, or where there are as many labels as states.
    """
    kinds, of = np.unique(labels, return_inverse=True)
    N = len(states)
    if len(kinds) >= N:
        return np.zeros(states.shape[1])
    values = states.astype(np.float64) - states.mean(axis=0, dtype=np.float64)
    sums = np.zeros((len(kinds), values.shape[1]))
    np.add.at(sums, of, values)
    between = (sums**2 / np.bincount(of)[:, None]).sum(axis=0)
    total = (values**2).sum(axis=0)
    share = np.divide(between, total, out=np.zeros_like(total), where=total > 1e-12 * N)
    adjusted: Array = (1 - (1 - share) * (N - 1) / (N - len(kinds))).clip(0, 1)
    return adjusted
