"""What the demo's page shows that results.json does not say in one number."""

from __future__ import annotations

from collections.abc import Sequence

from glassgate.analysis.agreement import Agreement


def accuracy_at(agreement: Sequence[Agreement], low: int) -> float | None:
    """Pool the cells of one distance in which no word repeats the cue; None if there are none."""
    cells = [c for c in agreement if c["distance_min"] == low and not c["cue_repeated"]]
    items = sum(c["n"] for c in cells)
    return sum(c["n"] * c["accuracy"] for c in cells) / items if items else None


def sort_by_span(spans: Sequence[float]) -> list[int]:
    """Return units in order of their memory span, the longest first."""
    return sorted(range(len(spans)), key=lambda unit: -spans[unit])
