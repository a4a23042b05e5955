"""Means over seeds, and differences from the full GRU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Any

from glassgate.analysis.agreement import distance_name, pool_cells
from glassgate.analysis.intervals import difference, estimate
from glassgate.experiments.claims import Claim, claim_above
from glassgate.experiments.regulators import networks, results
from glassgate.experiments.regulators.networks import FULL
from glassgate.experiments.regulators.results import Results, Run, Statement


def summarize(
    form: networks.Form, *, hidden_size: int, learned_numbers: int, runs: list[Run]
) -> results.Form:
    """Put the seeds of a form together."""
    return {
        "name": form.name,
        "what": form.what,
        "hidden_size": hidden_size,
        "learned_numbers": learned_numbers,
        "kl_bits": estimate([run["kl_bits"] for run in runs]),
        "train_seconds": mean(run["train_seconds"] for run in runs),
        "by_distance": pool_cells(cell for run in runs for cell in run["agreement"]),
        "runs": runs,
    }


def statements(forms: Sequence[results.Form]) -> list[Statement]:
    """Compare each simpler form with the full GRU, seed by seed.

    A form is worse or better where the 95% interval of the mean difference over seeds excludes 0;
    elsewhere the comparison is undecided. `far` is accuracy at the longest distance.
    """
    (full,) = (form for form in forms if form["name"] == FULL.name)
    return [
        {
            "form": form["name"],
            "kl_bits": difference(_divergences(form), _divergences(full), ("worse", "better")),
            "far": difference(far_accuracies(form), far_accuracies(full), ("better", "worse")),
        }
        for form in forms
        if form is not full
    ]


def claims(plan: Mapping[str, Any], forms: Sequence[results.Form]) -> list[Claim]:
    """Judge whether two gates do better than each simpler form, which the first document asks.

    Two gates predict better where their divergence is lower, and remember better where accuracy at
    the longest distance is higher.
    """
    (full,) = (form for form in forms if form["name"] == FULL.name)
    condition = (
        f"all forms with as many learned parameters, {plan['train']:,} sentences of one grammar, "
        f"{plan['training']['epochs']} epochs"
    )
    return [
        claim
        for form in forms
        if form is not full
        for claim in (
            claim_above(
                f"predicts: {form['name']}",
                f"The full GRU predicts better than the form “{form['name']}” (divergence)",
                _less(_divergences(form), _divergences(full)),
                0,
                condition,
            ),
            claim_above(
                f"remembers: {form['name']}",
                f"The full GRU remembers better than the form “{form['name']}” (accuracy)",
                _less(far_accuracies(full), far_accuracies(form)),
                0,
                condition,
            ),
        )
    ]


def _less(values: Sequence[float], others: Sequence[float]) -> list[float]:
    return [value - other for value, other in zip(values, others, strict=True)]


def longest_distance(measured: Results) -> str:
    """Name the longest distance that there is."""
    row = measured["forms"][0]["by_distance"][-1]
    return distance_name(row["distance_min"], row["distance_max"])


def _divergences(form: results.Form) -> list[float]:
    return [run["kl_bits"] for run in form["runs"]]


def far_accuracies(form: results.Form) -> list[float]:
    """Give each seed's accuracy at the longest distance that there is."""
    return [pool_cells(run["agreement"])[-1]["accuracy"] for run in form["runs"]]
