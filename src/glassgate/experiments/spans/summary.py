"""What holding units by their span costs: numbers over seeds, made of what `results.json` holds."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import mean
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from glassgate.analysis.agreement import Accuracy, pooled
from glassgate.analysis.intervals import difference
from glassgate.experiments.spans.holds import WAYS, Way

Results = Mapping[str, Any]

FAR, NEAR = -1, 1  # places in a row of accuracies: the longest distance, and 1-2 words
MORE_OR_LESS = ("more", "less")


def by_distance(results: Results, way: Way, name: str) -> list[Accuracy]:
    """Put the accuracies of a group together, of all seeds and draws."""
    return pooled(
        row
        for run in results["runs"]
        for held in of_group(run, way, name)
        for row in held["by_distance"]
    )


def of_group(run: Mapping[str, Any], way: Way, name: str) -> list[dict[str, Any]]:
    """Give what was measured of a group of one network: once for each draw."""
    return [held for held in run["groups"] if (held["way"], held["name"]) == (way, name)]


def intact(results: Results) -> list[Accuracy]:
    """Put the accuracies of the networks as they are together."""
    return pooled(row for run in results["runs"] for row in run["intact"]["by_distance"])


def costs(results: Results, way: Way, name: str, place: int) -> list[float]:
    """Give by seed how much accuracy holding a group costs at one distance, mean over draws."""
    return [
        run["intact"]["by_distance"][place]["accuracy"]
        - mean(held["by_distance"][place]["accuracy"] for held in of_group(run, way, name))
        for run in results["runs"]
    ]


def rises(results: Results, way: Way, name: str, what: str) -> list[float]:
    """Give by seed how far a divergence rises when a group is held, mean over draws, in bits."""
    return [
        mean(held[what] for held in of_group(run, way, name)) - run["intact"][what]
        for run in results["runs"]
    ]


def costs_alone(run: Mapping[str, Any], way: Way) -> list[float]:
    """Give what holding each unit alone costs at the longest distance, in the order of units."""
    whole = run["intact"]["by_distance"][FAR]["accuracy"]
    return [whole - held["far"]["accuracy"] for held in run["alone"] if held["way"] == way]


def rank_correlations(results: Results, way: Way) -> list[float]:
    """Give by seed the rank correlation of units' spans with what each costs alone."""
    return [rank_correlation(run["span"], costs_alone(run, way)) for run in results["runs"]]


def rank_correlation(values: ArrayLike, others: ArrayLike) -> float:
    """Give Spearman's correlation, equal values at their mean rank; 0 where all are equal.

    >>> rank_correlation([1, 2, 3, 4], [1, 10, 100, 1000])
    1.0
    """
    ranks = [_ranks(np.asarray(of, np.float64)) for of in (values, others)]
    x, y = (of - of.mean() for of in ranks)
    both = np.sqrt((x @ x) * (y @ y))
    return float(x @ y / both) if both else 0.0


def statements(results: Results) -> list[dict[str, Any]]:
    """Compare the groups seed by seed; `verdict` says whether the first is more than the other."""
    found = []
    for way in WAYS:
        far = {name: costs(results, way, name, FAR) for name in ("longest", "random", "shortest")}
        near = costs(results, way, "longest", NEAR)
        after = {n: rises(results, way, n, "kl_after_word") for n in ("shortest", "longest")}
        correlations = rank_correlations(results, way)
        compared = {
            "far: longest, random": (far["longest"], far["random"]),
            "far: longest, shortest": (far["longest"], far["shortest"]),
            "longest: far, near": (far["longest"], near),
            "after the word: shortest, longest": (after["shortest"], after["longest"]),
            "alone: correlation with span, none": (correlations, [0.0] * len(correlations)),
        }
        for name, (values, others) in compared.items():
            between = difference(values, others, MORE_OR_LESS)
            sides = {"first": mean(values), "other": mean(others)}
            found.append({"way": way, "compared": name, **sides, **between})
    return found


def _ranks(values: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, Any]:
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: np.ndarray[Any, Any] = (counts.cumsum() - (counts - 1) / 2)[places]
    return ranks
