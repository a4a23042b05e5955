"""Results over seeds: accuracies, means of the gates, and tests of the document's claims."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Any, NamedTuple, TypedDict

import numpy as np
from numpy.typing import NDArray

from glassgate.analysis.intervals import difference, estimate, t_interval, wilson
from glassgate.experiments.verdict.holds import HOLDS
from glassgate.experiments.verdict.results import (
    Accuracies,
    HeldShare,
    PartEstimates,
    PartMeans,
    Run,
    Share,
    WordMeans,
)
from glassgate.experiments.verdict.reviews import PLACES, Place, Review

Bools = NDArray[np.bool_]

DISTANCE_BINS = 6  # beside that of distance 0
CHANCE = 0.5  # accuracy of a guess between two classes
NETWORKS = ("srn", "gru")  # in the order in which they are compared
EXTENT_TOLERANCE = 0.1  # a mean this close to the value that a claim names is close enough


# Accuracy -----------------------------------------------------------------------------------------


class Classified(NamedTuple):
    """Which test reviews of a seed each network classifies correctly.

    `held` has, by the name of the hold, those whose verdict stands at the start, by the GRU.
    """

    reviews: Sequence[Review]
    right: Mapping[str, Bools]
    held: Mapping[str, Bools]


def accuracies(classified: Sequence[Classified], name: str) -> Accuracies:
    """Return a network's accuracy, all seeds together: by place, distance, negation of the verdict.

    Intervals are Wilson's.
    """
    right = np.concatenate([tests.right[name] for tests in classified])
    reviews = [review for tests in classified for review in tests.reviews]
    place = np.array([review.place for review in reviews])
    distance = np.array([review.distance for review in reviews])
    negated = np.array([review.negated for review in reviews])
    width = max(1, math.ceil(distance.max() / DISTANCE_BINS))
    bins = [(0, 0), *((low, low + width - 1) for low in range(1, distance.max() + 1, width))]
    inside = [((low, high), (low <= distance) & (distance <= high)) for low, high in bins]
    return {
        "accuracy": share(right),
        "by_place": [{"place": p, **share(right[place == p])} for p in PLACES],
        "by_distance": [
            {"distance_min": low, "distance_max": high, **share(right[chosen])}
            for (low, high), chosen in inside
            if chosen.any()
        ],
        "by_negation": [
            {"negated": bool(n), **share(right[negated == n])} for n in np.unique(negated)
        ],
    }


def share(right: Bools) -> Share:
    """Return n, the share that is right, and its 95% interval (Wilson 1927)."""
    low, high = wilson(int(right.sum()), len(right))
    return {"n": len(right), "accuracy": float(right.mean()), "low": low, "high": high}


# Gates --------------------------------------------------------------------------------------------


class Pooled(TypedDict):
    """What the gates of all seeds did, and what holding them cost."""

    gates: list[PartEstimates]
    around: list[WordMeans]
    held: list[HeldShare]


def pool(runs: Sequence[Run], classified: Sequence[Classified]) -> Pooled:
    """Put the gates of all seeds together; means are over seeds, `n` counts the words of all."""
    places = zip(*(run["gates"]["by_place"] for run in runs), strict=True)
    return {
        "gates": [_part(rows) for rows in places],
        "around": _around(runs),
        "held": [_held_share(name, classified) for name in HOLDS],
    }


def _part(rows: Sequence[PartMeans]) -> PartEstimates:
    """Put the rows of one place and part together, one from each seed."""
    return {
        "place": rows[0]["place"],
        "part": rows[0]["part"],
        "n": sum(row["n"] for row in rows),
        "kept": estimate([row["kept"] for row in rows]),
        "reset": estimate([row["reset"] for row in rows]),
        "kept_carrying": estimate([row["kept_carrying"] for row in rows]),
        "reset_carrying": estimate([row["reset_carrying"] for row in rows]),
        "kept_high": estimate([row["kept_high"] for row in rows]),
        "reset_low": estimate([row["reset_low"] for row in rows]),
    }


def _around(runs: Sequence[Run]) -> list[WordMeans]:
    """Return the means over seeds at each number of words from the verdict that all seeds have."""
    offsets = [{(row["place"], row["offset"]): row for row in r["gates"]["around"]} for r in runs]
    return [
        {
            "place": place,
            "offset": offset,
            "kept": mean(rows[place, offset]["kept"] for rows in offsets),
            "reset": mean(rows[place, offset]["reset"] for rows in offsets),
        }
        for place, offset in offsets[0]
        if all((place, offset) in rows for rows in offsets)
    ]


def _held_share(name: str, classified: Sequence[Classified]) -> HeldShare:
    """Return the accuracy under a hold, and by how much it is less than without, over seeds."""
    shares, free = (
        [float(tests.held[n].mean()) for tests in classified] for n in (name, "nothing")
    )
    right = np.concatenate([tests.held[name] for tests in classified])
    cost = difference(free, shares, ("worse", "better"))
    return {"held": name, **share(right), "by_seed": shares, "cost": cost}


# The document's claims ----------------------------------------------------------------------------


class Claim(NamedTuple):
    """A claim: which gate moves how between two parts of reviews, and towards what."""

    where: str
    gate: str
    first: tuple[Place, str]  # where the verdict stands, and which words
    then: tuple[Place, str]
    moves: str
    value: float | None = None

    @property
    def sentence(self) -> str:
        """The claim in words."""
        towards = "" if self.value is None else f" towards {self.value:g}"
        return f"{self.where} {self.moves}{towards}"

    def is_reached(self, mean: float) -> bool | None:
        """Whether a mean is close enough to the value, if the claim names one."""
        return None if self.value is None else abs(mean - self.value) <= EXTENT_TOLERANCE


CLAIMS = (
    Claim(
        "over a verdict at the end, the reset gate",
        "reset",
        ("end", "plot before"),
        ("end", "verdict"),
        "falls",
        0.0,
    ),
    Claim(
        "after a verdict at the start, the kept share",
        "kept",
        ("start", "verdict"),
        ("start", "plot after"),
        "rises",
        1.0,
    ),
    Claim(
        "from the plot before a verdict to the plot after one, the kept share",
        "kept",
        ("end", "plot before"),
        ("start", "plot after"),
        "rises",
    ),
)


def statements(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Compare what the document claims with what was measured, seed by seed.

    `direction` says whether the 95% interval of the mean difference over seeds excludes 0 on the
    side that is claimed, and is None where nothing can decide it; `extent` whether a gate came
    within `EXTENT_TOLERANCE` of the value that is named.
    """
    gates = [
        _gate(runs, claim, units, suffix)
        for claim in CLAIMS
        for units, suffix in (("all", ""), ("carrying", "_carrying"))
    ]
    return [_memory(runs), *gates]


def _gate(runs: Sequence[Run], claim: Claim, units: str, suffix: str) -> dict[str, Any]:
    """Compare a claim on a gate with what it did in these units."""
    first, then = (_by_seed(runs, *at, claim.gate + suffix) for at in (claim.first, claim.then))
    moved = difference(then, first, ("rises", "falls"))
    return {
        "statement": claim.sentence,
        "where": claim.where,
        "units": units,
        "measured": {"first": mean(first), "then": mean(then)},
        "difference": moved,
        "direction": moved["verdict"] == claim.moves,
        "extent": claim.is_reached(mean(then)),
    }


def _memory(runs: Sequence[Run]) -> dict[str, Any]:
    """Say whether the GRU loses less than the SRN where a verdict has to be remembered.

    What is lost is the accuracy with the verdict at the end less that with it at the start. A
    network that classifies no better than chance even at the end has none to lose: the interval of
    its mean over seeds there does not lie above chance.
    """
    end = {name: [_accuracy(run, name, "end") for run in runs] for name in NETWORKS}
    start = {name: [_accuracy(run, name, "start") for run in runs] for name in NETWORKS}
    lost = {
        name: [late - early for late, early in zip(end[name], start[name], strict=True)]
        for name in NETWORKS
    }
    compared = difference(lost["gru"], lost["srn"], ("more", "less"))
    learned = {name: t_interval(end[name])[0] > CHANCE for name in NETWORKS}
    return {
        "statement": "with the verdict at the start, not the end, the GRU loses less accuracy than "
        "the SRN",
        "units": None,
        "measured": {name: mean(lost[name]) for name in NETWORKS},
        "difference": compared,
        "learned": learned,
        "direction": compared["verdict"] == "less" if all(learned.values()) else None,
        "extent": None,
    }


def _accuracy(run: Run, name: str, place: Place) -> float:
    """Return the accuracy of a network on reviews with the verdict at a place."""
    (network,) = (trained for trained in run["networks"] if trained["name"] == name)
    (at_place,) = (row for row in network["by_place"] if row["place"] == place)
    return float(at_place["accuracy"])


def _by_seed(runs: Sequence[Run], place: Place, part: str, name: str) -> list[float]:
    """Return a mean of the gates over a part of the reviews, for each seed."""
    rows: list[Mapping[str, Any]] = [row for run in runs for row in run["gates"]["by_place"]]
    return [row[name] for row in rows if (row["place"], row["part"]) == (place, part)]
