"""The tables of `glassgate pairs`: accuracies as lines of text, and the cells of a judged pair."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from glassgate.analysis.pairs import (
    TO_CITE,
    Accuracy,
    Counts,
    Judged,
    MeanAccuracy,
    Side,
    knows_to_critical,
)
from glassgate.cli.tables import align

SIDE = ("tokens", "unknown", "surprisal", "critical", "critical_surprisal")
COLUMNS = (
    *("line", "right", "critical_right"),
    *(f"{name}_{side}" for side in ("good", "bad") for name in SIDE),
    *("known_to_critical", "same_tokens"),
)
NUMBERS = ("n", "right", "tied", "accuracy", "95% interval")
MEAN_NUMBERS = ("n", "accuracy", "95% interval")

R = TypeVar("R", Accuracy, MeanAccuracy)


def to_cite(rows: Sequence[R]) -> Iterator[R]:
    """Give the rows of the pairs to cite."""
    return (one for one in rows if one.pairs == TO_CITE)


def describe(counted: Counts) -> str:
    """Describe how many pairs there are, and how many are out of the ordinary."""
    special = (
        (counted.unknown, "have unknown words"),
        (counted.unknown_critical, "have an unknown critical word"),
        (counted.unknown_before, "have an unknown word before it"),
        (counted.same_tokens, "are the same tokens to the model up to it, a tie by construction"),
        (counted.unlike_length, "have sentences of different length"),
        (counted.no_critical, "have no critical word"),
        (counted.no_prefix, "have no word before the critical one"),
    )
    parts = [f"{number:,} {description}" for number, description in special if number]
    return "; ".join([f"{counted.pairs:,} pairs", *parts])


def accuracy_table(table: Sequence[Accuracy]) -> str:
    """Return the accuracies of one model as aligned lines."""
    lines = [[one.method, one.pairs, *accuracy_cells(one)] for one in table]
    return align([["method", "pairs", *NUMBERS], *lines], 2)


def mean_table(means: Sequence[MeanAccuracy]) -> str:
    """Return the mean accuracies of several models as aligned lines."""
    lines = [[one.method, one.pairs, *mean_cells(one)] for one in means]
    heading = ["method", "pairs", *MEAN_NUMBERS]
    return (
        f"Mean of {len(means[0].n)} models, intervals over models:\n{align([heading, *lines], 2)}"
    )


def model_table(tables: Mapping[str, Sequence[Accuracy]]) -> str:
    """Return each model's accuracies on the pairs to cite as aligned lines."""
    lines = [
        [name, one.method, *accuracy_cells(one)]
        for name, table in tables.items()
        for one in to_cite(table)
    ]
    heading = ["model", "method", *NUMBERS]
    return f"Each model, pairs {TO_CITE}, intervals over pairs:\n{align([heading, *lines], 2)}"


def accuracy_cells(one: Accuracy) -> list[str]:
    """Format what `NUMBERS` names."""
    return [f"{one.n:,}", f"{one.right:,}", f"{one.tied:,}", *_share_cells(one.share, one.interval)]


def mean_cells(one: MeanAccuracy) -> list[str]:
    """Format what `MEAN_NUMBERS` names."""
    least, most = min(one.n), max(one.n)
    n = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    return [n, *_share_cells(one.share, one.interval)]


def _share_cells(share: float | None, ends: tuple[float, float] | None) -> list[str]:
    return [
        "" if share is None else f"{share:.1%}",
        "" if ends is None else f"{ends[0]:.1%} to {ends[1]:.1%}",
    ]


def pair_cells(one: Judged) -> list[object]:
    """Return what `COLUMNS` names; None where there is no value."""
    marks = (one.whole_sentence, one.critical_word)
    sides = [cell for side in (one.good, one.bad) for cell in _side_cells(side)]
    flags = (knows_to_critical(one), one.same_tokens)
    return [
        one.pair.line,
        *(None if mark is None else f"{mark:g}" for mark in marks),
        *sides,
        *map(int, flags),
    ]


def _side_cells(side: Side) -> list[object]:
    word = side.critical
    critical = [None, None] if word is None else [word.word, word.bits]
    return [side.tokens, side.unknown, side.bits, *critical]
