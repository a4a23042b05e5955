"""The chart of accuracies by distance, which several experiments show."""

from collections.abc import Sequence

from glassgate.analysis.agreement import DISTANCE_NAMES, Accuracy
from glassgate.grammar.dependency import DISTANCES
from glassgate.pages.content import Chart, Line


def distance_line(name: str, rows: Sequence[Accuracy]) -> Line:
    """Make a line of accuracies over `DISTANCE_NAMES`."""
    x = tuple(float(DISTANCES.index((r["distance_min"], r["distance_max"]))) for r in rows)
    accuracy = tuple(row["accuracy"] for row in rows)
    low, high = tuple(row["low"] for row in rows), tuple(row["high"] for row in rows)
    return Line(name, x, accuracy, low, high)


def distance_chart(lines: Sequence[Line]) -> Chart:
    """Make a chart of accuracies by distance; its axis starts a little below chance."""
    lowest = min((low for line in lines for low in line.low), default=0.5)
    range_ = (min(0.45, lowest - 0.03), 1.03)
    return Chart(
        "distance between cue and target", "accuracy", range_, tuple(lines), ticks=DISTANCE_NAMES
    )
