"""What the demo's page shows that results.json does not say in one number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from glassgate.analysis.agreement import Agreement
from glassgate.experiments.demo.phrase import Phrase

ACRONYMS = ("srn", "gru", "lstm")
HELD = ", held"  # after the name of a network whose gates are held


def accuracy_at(agreement: Sequence[Agreement], low: int) -> float | None:
    """Pool the cells of one distance in which no word repeats the cue; None if there are none."""
    cells = [c for c in agreement if c["distance_min"] == low and not c["cue_repeated"]]
    items = sum(c["n"] for c in cells)
    return sum(c["n"] * c["accuracy"] for c in cells) / items if items else None


def sort_by_span(spans: Sequence[float]) -> list[int]:
    """Return units in order of their memory span, the longest first."""
    return sorted(range(len(spans)), key=lambda unit: -spans[unit])


def network_name(name: str) -> str:
    """Return a network's name as texts write it.

    >>> network_name("srn"), network_name("feedforward")
    ('SRN', 'feedforward')
    """
    return name.upper() if name in ACRONYMS else name


def phrase_rows(phrase: Phrase) -> dict[str, dict[str, Mapping[str, float]]]:
    """Return the probabilities of the pronouns by network, held or free, and then by subject."""
    rows: dict[str, dict[str, Mapping[str, float]]] = {}
    for prediction in phrase["predictions"]:
        name = network_name(prediction["network"]) + (HELD if prediction["held"] else "")
        rows.setdefault(name, {})[prediction["subject"]] = prediction["probabilities"]
    return rows


def relative_gradient(norms: Sequence[float]) -> dict[int, float]:
    """Return gradients by lag as multiples of that at lag 0, without those that are 0."""
    return {lag: norm / norms[0] for lag, norm in enumerate(norms) if norm > 0 and norms[0] > 0}
