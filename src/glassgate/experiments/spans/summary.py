"""What holding units by their span costs: numbers over seeds.

A cost is the accuracy that is lost, or the divergence that is added.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from glassgate.analysis.agreement import Accuracy, distance_name, pool_cells
from glassgate.analysis.intervals import difference
from glassgate.experiments.claims import Claim, claim_above
from glassgate.experiments.spans.holds import WAYS, Way
from glassgate.experiments.spans.results import HeldGroup, Run, Statement

LONGEST_DISTANCE = -1  # place in a row of accuracies
SHORT_DISTANCE = 1  # place in a row of accuracies: 1-2 words
HELD: Mapping[Way, str] = {"forgets": "forget at every word", "silent": "are silent"}
Kind = Literal["kl_bits", "kl_after_word"]


def group_measurements(run: Run, way: Way, name: str) -> list[HeldGroup]:
    """Return what was measured of a group of one network, once for each draw."""
    return [held for held in run["groups"] if (held["way"], held["name"]) == (way, name)]


def pool_group(runs: Sequence[Run], way: Way, name: str) -> list[Accuracy]:
    """Pool the accuracies of a group, of all seeds and draws."""
    return pool_cells(
        row
        for run in runs
        for held in group_measurements(run, way, name)
        for row in held["by_distance"]
    )


def pool_intact(runs: Sequence[Run]) -> list[Accuracy]:
    """Pool the accuracies of the networks as they are."""
    return pool_cells(row for run in runs for row in run["intact"]["by_distance"])


def distance_at(runs: Sequence[Run], place: int) -> str:
    """Name the distance at a place in a row of accuracies."""
    row = runs[0]["intact"]["by_distance"][place]
    return distance_name(row["distance_min"], row["distance_max"])


# Costs --------------------------------------------------------------------------------------------


def costs(runs: Sequence[Run], way: Way, name: str, place: int) -> list[float]:
    """Return by seed how much accuracy holding a group costs at one distance, mean over draws."""
    return [
        run["intact"]["by_distance"][place]["accuracy"]
        - mean(
            held["by_distance"][place]["accuracy"] for held in group_measurements(run, way, name)
        )
        for run in runs
    ]


def rises(runs: Sequence[Run], way: Way, name: str, kind: Kind) -> list[float]:
    """Return by seed how far a divergence rises when a group is held, mean over draws, in bits."""
    return [
        mean(held[kind] for held in group_measurements(run, way, name)) - run["intact"][kind]
        for run in runs
    ]


def costs_alone(run: Run, way: Way) -> list[float]:
    """Return what holding each unit alone costs at the longest distance, in the order of units."""
    whole = run["intact"]["by_distance"][LONGEST_DISTANCE]["accuracy"]
    return [whole - held["far"]["accuracy"] for held in run["alone"] if held["way"] == way]


def rank_correlations(runs: Sequence[Run], way: Way) -> list[float]:
    """Return by seed the rank correlation of units' spans with what each costs alone."""
    return [rank_correlation(run["span"], costs_alone(run, way)) for run in runs]


def rank_correlation(values: ArrayLike, others: ArrayLike) -> float:
    """Return Spearman's correlation, equal values at their mean rank; 0 where all are equal.

    >>> rank_correlation([1, 2, 3, 4], [1, 10, 100, 1000])
    1.0
    """
    ranks = [_ranks(np.asarray(of, np.float64)) for of in (values, others)]
    x, y = (of - of.mean() for of in ranks)
    both = np.sqrt((x @ x) * (y @ y))
    return float(x @ y / both) if both else 0.0


def _ranks(values: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, Any]:
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: np.ndarray[Any, Any] = (counts.cumsum() - (counts - 1) / 2)[places]
    return ranks


def statements(runs: Sequence[Run]) -> list[Statement]:
    """Compare costs seed by seed; `verdict` says whether the first is more than the other, or less.

    It is undecided where the 95% interval of their difference contains 0.
    """
    return [
        {
            "way": way,
            "compared": name,
            "first": mean(values),
            "other": mean(others),
            **difference(values, others, ("more", "less")),
        }
        for way in WAYS
        for name, (values, others) in _cost_pairs(runs, way).items()
    ]


def _cost_pairs(runs: Sequence[Run], way: Way) -> dict[str, tuple[list[float], list[float]]]:
    """Return by seed the costs of one way that are compared."""
    far = {
        name: costs(runs, way, name, LONGEST_DISTANCE) for name in ("longest", "random", "shortest")
    }
    near = costs(runs, way, "longest", SHORT_DISTANCE)
    after = {name: rises(runs, way, name, "kl_after_word") for name in ("shortest", "longest")}
    correlations = rank_correlations(runs, way)
    return {
        "far: longest, random": (far["longest"], far["random"]),
        "far: longest, shortest": (far["longest"], far["shortest"]),
        "longest: far, near": (far["longest"], near),
        "after the word: shortest, longest": (after["shortest"], after["longest"]),
        "alone: correlation with span, none": (correlations, [0.0] * len(correlations)),
    }


def claims(plan: Mapping[str, Any], word: str, runs: Sequence[Run]) -> list[Claim]:
    """Judge what the first document says: that some units serve long distances, others short ones.

    `word` is the word after which one word of context is nearly enough.
    """
    far, near = distance_at(runs, LONGEST_DISTANCE), distance_at(runs, SHORT_DISTANCE)
    texts = {
        "far: longest, random": "The units with the longest memory serve long distances: holding "
        f"them costs more accuracy over {far} than holding as many random ones",
        "longest: far, near": "They serve long distances more than short ones: holding them costs "
        f"more accuracy over {far} than over {near}",
        "after the word: shortest, longest": "The units with the shortest memory serve short "
        f"distances: after “{word}”, holding them costs more bits than holding the longest",
    }
    trained = (
        f"GRUs of {plan['training']['hidden_size']} units, {plan['train']:,} sentences of one "
        "grammar"
    )
    return [
        claim_above(
            f"{way}: {compared}",
            f"{text} (held units {HELD[way]})",
            [value - other for value, other in zip(*_cost_pairs(runs, way)[compared], strict=True)],
            0,
            f"{trained}; held units {HELD[way]}",
        )
        for way in WAYS
        for compared, text in texts.items()
    ]


# What tables and charts show ----------------------------------------------------------------------


class GroupMeans(NamedTuple):
    """A group over all seeds and draws: mean span in words, pooled accuracies, mean divergences."""

    span: float
    by_distance: list[Accuracy]
    kl_bits: float
    kl_after_word: float


def group_means(runs: Sequence[Run], way: Way, name: str) -> GroupMeans:
    """Put the seeds and draws of a group together."""
    held = [(run, held_group) for run in runs for held_group in group_measurements(run, way, name)]
    return GroupMeans(
        mean(run["span"][unit] for run, held_group in held for unit in held_group["units"]),
        pool_group(runs, way, name),
        mean(held_group["kl_bits"] for _, held_group in held),
        mean(held_group["kl_after_word"] for _, held_group in held),
    )


def intact_divergences(runs: Sequence[Run]) -> tuple[float, float]:
    """Return the mean divergences of the networks as they are: over all places, after the word."""
    return (
        mean(run["intact"]["kl_bits"] for run in runs),
        mean(run["intact"]["kl_after_word"] for run in runs),
    )


def accuracy_by_count(runs: Sequence[Run], way: Way, order: str) -> dict[int, Accuracy]:
    """Pool accuracy at the longest distance by the number of units held in an order."""
    rows: dict[int, list[Accuracy]] = {}
    for run in runs:
        for held_group in run["orders"]:
            if (held_group["way"], held_group["name"]) == (way, order):
                rows.setdefault(len(held_group["units"]), []).append(held_group["far"])
    return {count: pool_cells(own)[0] for count, own in rows.items()}


def cost_by_rank(runs: Sequence[Run], way: Way) -> list[float]:
    """Return what one unit costs alone by the rank of its span, the longest first: means."""
    ranked = []
    for run in runs:
        pairs = zip(run["span"], costs_alone(run, way), strict=True)
        ranked.append([cost for _, cost in sorted(pairs, key=lambda pair: -pair[0])])
    return [mean(costs) for costs in zip(*ranked, strict=True)]


class CostlyUnit(NamedTuple):
    """A unit, its memory span in words and its rank from 1, and what holding it alone costs."""

    unit: int
    span: float
    rank: int
    cost: float


def most_costly(run: Run, way: Way, number: int) -> list[CostlyUnit]:
    """Return the units of a network whose holding alone costs most."""
    ranks = np.argsort(np.argsort(-np.array(run["span"]), kind="stable")) + 1
    cost = costs_alone(run, way)
    chosen = sorted(range(len(cost)), key=lambda unit: -cost[unit])[:number]
    return [CostlyUnit(u, run["span"][u], int(ranks[u]), cost[u]) for u in chosen]
