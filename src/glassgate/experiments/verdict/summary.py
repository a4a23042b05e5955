"""What was measured of a condition, by seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from glassgate.analysis.intervals import share_estimate
from glassgate.experiments.verdict.interventions import Intervention
from glassgate.experiments.verdict.results import (
    ConditionResults,
    Gates,
    Part,
    PlaceAccuracy,
    PlaceEstimate,
    Run,
)
from glassgate.experiments.verdict.reviews import Place

Gate = Literal["kept_carriers", "reset_carriers"]


def place_estimates(runs: Sequence[Run]) -> list[PlaceEstimate]:
    """Return the accuracy at each place over seeds."""
    return [
        {
            "place": row["place"],
            "accuracy": share_estimate([at_place(r, row["place"])["accuracy"] for r in runs]),
        }
        for row in runs[0]["accuracy"]
    ]


def places(condition: ConditionResults) -> list[Place]:
    """Return the places at which the verdict stands."""
    return [row["place"] for row in condition["accuracy"]]


def accuracies(condition: ConditionResults, place: Place) -> list[float]:
    """Return the accuracy of each seed at a place."""
    return [at_place(run, place)["accuracy"] for run in condition["runs"]]


def part_values(condition: ConditionResults, place: Place, part: Part, gate: Gate) -> list[float]:
    """Return the mean of a gate over a part of the reviews, for each seed."""
    return [
        next(r[gate] for r in gates["parts"] if (r["place"], r["part"]) == (place, part))
        for gates in all_gates(condition)
    ]


def word_values(
    condition: ConditionResults, place: Place, gate: Gate, offset: int = 0
) -> list[float]:
    """Return the mean of a gate so many words from the verdict's first, for each seed."""
    return [
        next(r[gate] for r in gates["positions"] if (r["place"], r["offset"]) == (place, offset))
        for gates in all_gates(condition)
    ]


def intervention_values(
    condition: ConditionResults,
    place: Place,
    intervention: Intervention,
    value: Literal["accuracy", "accuracy_negated", "unchanged", "shift"],
) -> list[float]:
    """Return what became of the answers under an intervention, for each seed."""
    values = [
        next(
            row[value]
            for row in gates["interventions"]
            if (row["place"], row["name"]) == (place, intervention.name)
        )
        for gates in all_gates(condition)
    ]
    assert all(value is not None for value in values)
    return [float(value) for value in values if value is not None]


def all_gates(condition: ConditionResults) -> list[Gates]:
    """Return the gates of each seed of a GRU."""
    return [run["gates"] for run in condition["runs"] if run["gates"] is not None]


def at_place(run: Run, place: Place) -> PlaceAccuracy:
    """Return the accuracy of one network where the verdict stands at a place."""
    return next(row for row in run["accuracy"] if row["place"] == place)
