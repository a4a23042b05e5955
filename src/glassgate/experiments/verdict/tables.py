"""The tables of the verdict experiment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from statistics import mean
from typing import Literal

from glassgate.analysis.intervals import UNDECIDED
from glassgate.experiments.claims import Claim
from glassgate.experiments.verdict.answers import Layout, grus
from glassgate.experiments.verdict.interventions import WITH_AFTER, WITH_BEFORE, Intervention
from glassgate.experiments.verdict.judgements import is_learned
from glassgate.experiments.verdict.results import ConditionResults, Results
from glassgate.experiments.verdict.reviews import Place
from glassgate.experiments.verdict.summary import (
    all_gates,
    intervention_values,
    part_values,
    places,
    word_values,
)
from glassgate.experiments.verdict.wording import (
    SHORT,
    WHERE,
    heading,
    kind_name,
    name_in_layout,
    verdict_counts,
)
from glassgate.pages.content import Table

ASKED: dict[Layout, Sequence[str]] = {
    "last": (
        "learned-last",
        "washed-out",
        "state-gone",
        "reset-falls",
        "reset-falls-at",
        "reset-near-zero",
        "kept-falls",
        "kept-falls-at",
    ),
    "mixed": ("learned-last", "update-washes", "reset-washes", "update-more"),
    "first": (
        "learned-first",
        "majority-kept",
        "kept-near-one",
        "in-state",
        "rest-ignored",
        "keeping-needed",
        "reset-needed",
    ),
}
"""The claims that the page opens with, by the ends of their ids."""


# Claims -------------------------------------------------------------------------------------------


def opening_tables(results: Results) -> list[Table]:
    """Return the document's claims by layout, with a column for each condition that decides."""
    claims = {claim["id"]: claim for claim in results["claims"]}
    return [
        _opening(claims, asked, conditions)
        for layout, asked in ASKED.items()
        if (conditions := shown_conditions(results, layout))
    ]


def shown_conditions(results: Results, layout: Layout) -> list[ConditionResults]:
    """Return the GRUs of the first form, with other verdicts where there are such."""
    own = [c for c in grus(results, layout) if c["reset"] == "after"]
    return [c for c in own if c["distractors"]] or own


def _opening(
    claims: Mapping[str, Claim], asked: Sequence[str], conditions: Sequence[ConditionResults]
) -> Table:
    rows = [
        (SHORT[name], *(_judged(claims.get(f"{c['id']}:{name}")) for c in conditions))
        for name in asked
    ]
    columns = [f"{kind_name(c)},\n{c['weights']}'s weights" for c in conditions]
    counts = verdict_counts(conditions[0])
    return Table(("claim", *columns), rows, f"{counts[0].upper()}{counts[1:]}; GRUs")


def _judged(claim: Claim | None) -> str:
    """Return what a claim came to; where the task was not learned, nothing was decided."""
    if claim is None:
        return f"{UNDECIDED}:\nnot learned"
    interval = "{:.3f} to {:.3f}".format(*claim["interval"])
    return f"{claim['confirmed']}: {claim['measured']:.3f}\n{interval}"


def claim_tables(results: Results) -> list[Table]:
    """Return every claim, in a table for each condition."""
    conditions = {condition["id"]: condition for condition in results["conditions"]}
    tables = []
    for name, claims in groupby(results["claims"], lambda claim: claim["id"].split(":")[0]):
        rows = [(SHORT[claim["id"].split(":")[1]], _judged(claim)) for claim in claims]
        caption = heading(conditions[name]) if name in conditions else "Two networks compared"
        tables.append(Table(("claim", "confirmed: measured\n95% interval"), rows, caption))
    return tables


# Accuracy, interventions, carriers ----------------------------------------------------------------


def accuracy_tables(results: Results) -> list[Table]:
    """Return the accuracy of every network, in a table for each layout."""
    return [
        Table(
            ("verdict and network", "correct", "95% interval"),
            [row for condition in conditions for row in _accuracy_rows(condition)],
            f"Verdict {WHERE_IN[layout]}",
        )
        for layout, conditions in _by_layout(results["conditions"])
    ]


def _accuracy_rows(condition: ConditionResults) -> list[tuple[str, str, str]]:
    several = len(condition["accuracy"]) > 1
    return [
        (
            name_in_layout(condition) + (f", {WHERE[row['place']]}" if several else ""),
            f"{row['accuracy']['mean']:.1%}",
            f"{row['accuracy']['low']:.1%} to {row['accuracy']['high']:.1%}",
        )
        for row in condition["accuracy"]
    ]


def _by_layout(
    conditions: Sequence[ConditionResults],
) -> list[tuple[str, list[ConditionResults]]]:
    """Return the conditions of each layout that there is, in the order of `ASKED`."""
    by_layout = [(name, [c for c in conditions if c["layout"] == name]) for name in ASKED]
    return [(layout, own) for layout, own in by_layout if own]


WHERE_IN = {"last": "last", "mixed": "first, in the middle or last", "first": "first"}


def intervention_tables(results: Results) -> list[Table]:
    """Return what became of the answers, a table for each condition and place that is learned."""
    return [
        _intervention_table(condition, place)
        for condition in results["conditions"]
        if condition["network"] == "gru" and is_learned(condition)
        for place in places(condition)
        if place != "middle"
    ]


def _intervention_table(condition: ConditionResults, place: Place) -> Table:
    rows = [
        _intervention_row(condition, place, intervention)
        for intervention in (WITH_BEFORE if place == "last" else WITH_AFTER)
    ]
    caption = heading(condition)
    caption += f"; those {WHERE[place]}" if condition["layout"] == "mixed" else ""
    return Table(("changed", "correct", "unchanged", "shift"), rows, caption)


def _intervention_row(
    condition: ConditionResults, place: Place, intervention: Intervention
) -> tuple[str, ...]:
    means = (mean(intervention_values(condition, place, intervention, value)) for value in MEASURED)
    return (intervention.name, *(f"{value:.1%}" for value in means))


MEASURED: tuple[Literal["accuracy", "unchanged", "shift"], ...] = ("accuracy", "unchanged", "shift")


def carrier_tables(results: Results) -> list[Table]:
    """Return how well carriers tell the class, and their gates over plot and verdict."""
    read = [c for c in results["conditions"] if c["network"] == "gru" and c["layout"] != "mixed"]
    return [
        Table(
            (
                *("verdict and network", "best\nunit", "carriers"),
                *(f"{gate},\n{where}" for gate in ("kept", "reset") for where in READ_AT[layout]),
            ),
            [_carrier_row(condition) for condition in conditions],
            f"Verdict {WHERE_IN[layout]}",
        )
        for layout, conditions in _by_layout(read)
    ]


READ_AT = {"last": ("plot", "word before", "first word"), "first": ("plot", "first word")}


def _carrier_row(condition: ConditionResults) -> list[str]:
    alone, group = (
        mean(gates["carriers"][value] for gates in all_gates(condition))
        for value in ("best_alone", "group")
    )
    cells = [name_in_layout(condition), f"{alone:.1%}", f"{group:.1%}"]
    for gate in ("kept_carriers", "reset_carriers"):
        if condition["layout"] == "last":
            read = [
                part_values(condition, "last", "plot before", gate),
                word_values(condition, "last", gate, offset=-1),
                word_values(condition, "last", gate),
            ]
        else:
            read = [
                part_values(condition, "first", "plot after", gate),
                word_values(condition, "first", gate),
            ]
        cells += [f"{mean(values):.3f}" for values in read]
    return cells
