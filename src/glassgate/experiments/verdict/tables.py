"""The tables of the verdict experiment."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean
from typing import Literal

from glassgate.experiments.claim_table import claim_table
from glassgate.experiments.claims import Claim
from glassgate.experiments.verdict.answers import Layout, main_condition
from glassgate.experiments.verdict.interventions import WITH_AFTER, WITH_BEFORE, Intervention
from glassgate.experiments.verdict.results import ConditionResults, Part, Results
from glassgate.experiments.verdict.reviews import Place
from glassgate.experiments.verdict.summary import (
    all_gates,
    first_word_values,
    intervention_values,
    is_learned,
    part_values,
    places,
)
from glassgate.pages.content import Table

WHERE: dict[Place, str] = {"first": "first", "middle": "in the middle", "last": "last"}


def opening_table(results: Results) -> Table:
    """Return the document's claims in a few words, whether they are so, and where."""
    claims = {claim["id"]: claim for claim in results["claims"]}
    rows = []
    for layout, asked in ASKED.items():
        condition = main_condition(results, layout)
        name = condition["id"] if condition else ""
        for suffix, words in asked if condition else ():
            claim = claims[f"{name}:{suffix}"]
            number = f"{claim['measured']:.3f}"
            rows.append((words, ASKED_OF[layout], claim["confirmed"], number, _interval(claim)))
    columns = ("claim", "trained on reviews where", "confirmed", "measured", "95% interval")
    return Table(columns, rows)


def _interval(claim: Claim) -> str:
    return "{:.3f} to {:.3f}".format(*claim["interval"])


ASKED_OF: dict[Layout, str] = {
    "last": "the last verdict counts",
    "first": "the first verdict counts",
    "mixed": "there is one verdict, anywhere",
}
ASKED: dict[Layout, Sequence[tuple[str, str]]] = {
    "last": (
        ("washed-out", "The past is washed out"),
        ("reset-falls", "The reset gate falls at the verdict"),
        ("reset-near-zero", "It comes close to 0"),
        ("kept-falls", "The kept share falls at the verdict"),
    ),
    "mixed": (
        ("update-washes", "The update gate washes out the past"),
        ("reset-washes", "The reset gate washes out the past"),
        ("update-more", "The update gate does more of it"),
    ),
    "first": (
        ("majority-kept", "A majority of the previous information is kept"),
        ("kept-near-one", "The kept share is close to 1"),
        ("in-state", "The verdict is in the state"),
        ("rest-ignored", "The rest can be ignored"),
        ("keeping-needed", "Memory needs the keeping"),
        ("reset-needed", "Memory needs an open reset gate"),
    ),
}
"""The claims that the page opens with, in a few words."""


def all_claims_table(results: Results) -> Table:
    """Return every claim with its condition."""
    return claim_table(
        [{**claim, "text": f"{claim['text']}. {claim['condition']}"} for claim in results["claims"]]
    )


def accuracy_table(results: Results) -> Table:
    """Return the accuracy of every network at each place of its verdicts."""
    rows = [
        (
            _name(condition),
            WHERE[row["place"]],
            f"{row['accuracy']['mean']:.1%}",
            f"{row['accuracy']['low']:.1%} to {row['accuracy']['high']:.1%}",
        )
        for condition in results["conditions"]
        for row in condition["accuracy"]
    ]
    columns = ("network and reviews", "verdict", "classified correctly", "95% interval")
    return Table(columns, rows)


def intervention_table(results: Results) -> Table:
    """Return what became of the answers under each intervention, where a GRU learned its task."""
    rows = [
        row
        for condition in results["conditions"]
        if condition["network"] == "gru" and is_learned(condition)
        for place in places(condition)
        if place != "middle"
        for intervention in (WITH_BEFORE if place == "last" else WITH_AFTER)
        for row in [_intervention_row(condition, place, intervention)]
    ]
    columns = ("network and reviews", "changed", "classified correctly", "unchanged", "shift")
    return Table(columns, rows)


def _intervention_row(
    condition: ConditionResults, place: Place, intervention: Intervention
) -> tuple[str, ...]:
    accuracy, unchanged, shift = (
        mean(intervention_values(condition, place, intervention, value)) for value in MEASURED
    )
    name = _name(condition)
    name += f" ({WHERE[place]})" if condition["layout"] == "mixed" else ""
    numbers = (f"{accuracy:.1%}", f"{unchanged:.1%}", f"{shift:.1%}")
    return (name, intervention.name, *numbers)


def _name(condition: ConditionResults) -> str:
    return f"{condition['unit']}: {condition['reviews']}"


MEASURED: tuple[Literal["accuracy", "unchanged", "shift"], ...] = ("accuracy", "unchanged", "shift")


def carrier_table(results: Results) -> Table:
    """Return how well carriers tell the class, and their gates over plot and verdict."""
    rows = [
        (
            _name(condition),
            f"{mean(gates['carriers']['best_alone'] for gates in all_gates(condition)):.1%}",
            f"{mean(gates['carriers']['group'] for gates in all_gates(condition)):.1%}",
            *_carrier_gates(condition),
        )
        for condition in results["conditions"]
        if condition["network"] == "gru" and condition["layout"] != "mixed"
    ]
    columns = (
        *("network and reviews", "best unit", "carriers"),
        *("kept, plot", "kept, first word", "reset, plot", "reset, first word"),
    )
    return Table(columns, rows)


def _carrier_gates(condition: ConditionResults) -> list[str]:
    """Return kept share and reset gate of the carriers over the plot and at the first word."""
    place: Place = "first" if condition["layout"] == "first" else "last"
    part: Part = "plot after" if place == "first" else "plot before"
    cells = []
    for gate in ("kept_carriers", "reset_carriers"):
        plot, first_word = (
            mean(values)
            for values in (
                part_values(condition, place, part, gate),
                first_word_values(condition, place, gate),
            )
        )
        cells += [f"{plot:.3f}", f"{first_word:.3f}"]
    return cells
