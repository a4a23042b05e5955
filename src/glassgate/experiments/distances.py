"""Dependency accuracy by distance, whatever the construction."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypedDict

from glassgate.data.dependency import DISTANCES
from glassgate.experiments.content import Chart, Line
from glassgate.experiments.intervals import wilson
from glassgate.experiments.language import Language
from glassgate.experiments.prediction import Agreement
from glassgate.report.demo_tables import distance_name

DISTANCE_NAMES = tuple(distance_name(least, most) for least, most in DISTANCES)


class Accuracy(TypedDict):
    """Forced choices won in one class of distances, with Wilson's 95% interval.

    A distance_max of None is open.
    """

    distance_min: int
    distance_max: int | None
    n: int
    accuracy: float
    low: float
    high: float


def unrepeated(language: Language, shortest: int = 0) -> Language:
    """Leave out the items whose cue is repeated, or nearer than `shortest` words.

    Where a word between the two ends shows the feature again, nothing has to be remembered from
    the cue on; where none does, a network without memory is right in one of two by design.
    """
    items = {
        cell: items
        for cell, items in language.items.items()
        if not cell.cue_repeated and cell.distance_min >= shortest
    }
    return replace(language, items=items)


def pooled(cells: Iterable[Agreement | Accuracy]) -> list[Accuracy]:
    """Put cells of one distance together, of all constructions, networks and seeds given."""
    counts: dict[tuple[int, int | None], tuple[int, int]] = {}
    for cell in cells:
        key = cell["distance_min"], cell["distance_max"]
        right, n = counts.get(key, (0, 0))
        counts[key] = right + round(cell["n"] * cell["accuracy"]), n + cell["n"]
    found: list[Accuracy] = []
    for (least, most), (right, n) in sorted(counts.items(), key=lambda item: item[0][0]):
        low, high = wilson(right, n)
        found.append(
            {
                "distance_min": least,
                "distance_max": most,
                "n": n,
                "accuracy": right / n,
                "low": low,
                "high": high,
            }
        )
    return found


def distance_line(name: str, rows: Sequence[Accuracy]) -> Line:
    """Give accuracies as a line over `DISTANCE_NAMES`."""
    x = tuple(float(DISTANCES.index((r["distance_min"], r["distance_max"]))) for r in rows)
    accuracy = tuple(row["accuracy"] for row in rows)
    low, high = tuple(row["low"] for row in rows), tuple(row["high"] for row in rows)
    return Line(name, x, accuracy, low, high)


def distance_chart(lines: Sequence[Line]) -> Chart:
    """Draw accuracies by distance, from somewhat below chance on."""
    lowest = min((low for line in lines for low in line.low), default=0.5)
    range_ = (min(0.45, lowest - 0.03), 1.03)
    return Chart("between the two ends", "accuracy", range_, tuple(lines), ticks=DISTANCE_NAMES)
