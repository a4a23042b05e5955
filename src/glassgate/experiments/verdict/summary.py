"""What the seeds of the verdict experiment say together: shares, means, and what the document says.

Everything here is made of what `results.json` holds, but for the shares of reviews told right.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from glassgate.analysis.intervals import difference, t_interval, wilson
from glassgate.experiments.verdict.holds import HOLDS
from glassgate.experiments.verdict.reviews import PLACES, Review

Results = Mapping[str, Any]
Bools = NDArray[np.bool_]

BINS = 6  # of distance, beside that of no word
CHANCE = 0.5  # of telling a class
NETWORKS = ("srn", "gru")  # in the order in which they are compared
NEAR = 0.1  # a gate this close to 0 or 1 is near it
MEANS = ("kept", "reset", "kept_carrying", "reset_carrying", "kept_high", "reset_low")


class Told(NamedTuple):
    """Which test reviews of a seed each network told right; `held` are those that begin with it."""

    reviews: Sequence[Review]
    right: Mapping[str, Bools]
    held: Mapping[str, Bools]


def accuracies(told: Sequence[Told], name: str) -> dict[str, Any]:
    """Return a network's accuracy, all seeds together: by place, distance, negation of the verdict.

    Intervals are Wilson's.
    """
    right = np.concatenate([one.right[name] for one in told])
    reviews = [review for one in told for review in one.reviews]
    place = np.array([review.place for review in reviews])
    distance = np.array([review.distance for review in reviews])
    negated = np.array([review.negated for review in reviews])
    width = max(1, math.ceil(distance.max() / BINS))
    bins = [(0, 0), *((low, low + width - 1) for low in range(1, distance.max() + 1, width))]
    inside = [((low, high), (low <= distance) & (distance <= high)) for low, high in bins]
    return {
        "accuracy": proportion(right),
        "by_place": [{"place": p, **proportion(right[place == p])} for p in PLACES],
        "by_distance": [
            {"distance_min": low, "distance_max": high, **proportion(right[chosen])}
            for (low, high), chosen in inside
            if chosen.any()
        ],
        "by_negation": [
            {"negated": bool(n), **proportion(right[negated == n])} for n in np.unique(negated)
        ],
    }


def proportion(right: Bools) -> dict[str, float | int]:
    """Return n, the share that is right, and its 95% interval (Wilson 1927)."""
    low, high = wilson(int(right.sum()), len(right))
    return {"n": len(right), "accuracy": float(right.mean()), "low": low, "high": high}


def pooled(runs: Sequence[Mapping[str, Any]], told: Sequence[Told]) -> dict[str, Any]:
    """Put together what the gates of all seeds did, and what holding them cost.

    Means of the gates are over seeds, with Student's 95% intervals; `n` counts words of all.
    """
    places = [run["gates"]["by_place"] for run in runs]
    offsets = [{(row["place"], row["offset"]): row for row in r["gates"]["around"]} for r in runs]
    return {
        "gates": [_gate_row(rows) for rows in zip(*places, strict=True)],
        "around": [
            {"place": place, "offset": offset}
            | {gate: mean(rows[place, offset][gate] for rows in offsets) for gate in MEANS[:2]}
            for place, offset in offsets[0]
            if all((place, offset) in rows for rows in offsets)
        ],
        "held": [_held_row(name, told) for name in HOLDS],
    }


def statements(results: Results) -> list[dict[str, Any]]:
    """Compare what the seed document says with what was measured, seed by seed.

    `direction` says whether the 95% interval of the mean difference over seeds leaves out 0 on the
    side that the document says, and is None where there is nothing to say it by; `extent` whether
    a gate came within `NEAR` of the value that it names.
    """
    found = [_memory(results)]
    for claim in CLAIMS:
        for units, suffix in (("all", ""), ("carrying", "_carrying")):
            before, then = (
                _by_seed(results, *where, claim.gate + suffix)
                for where in (claim.first, claim.then)
            )
            between = difference(then, before, ("rises", "falls"))
            reached = mean(then)
            found.append(
                {
                    "statement": f"{claim.where} {claim.moves}{claim.towards}",
                    "where": claim.where,
                    "units": units,
                    "measured": {"first": mean(before), "then": reached},
                    "difference": between,
                    "direction": between["verdict"] == claim.moves,
                    "extent": claim.reached(reached),
                }
            )
    return found


class Claim(NamedTuple):
    """What is said: of which gate, how it moves between two parts of reviews, towards what."""

    where: str
    gate: str
    first: tuple[str, str]  # where the verdict stands, and which words
    then: tuple[str, str]
    moves: str
    value: float | None = None

    @property
    def towards(self) -> str:
        """The value in words."""
        return "" if self.value is None else f" towards {self.value:g}"

    def reached(self, mean: float) -> bool | None:
        """Say whether a mean came near the value, if there is one."""
        return None if self.value is None else abs(mean - self.value) <= NEAR


CLAIMS = (
    Claim(
        "over a verdict at the end the reset gate",
        "reset",
        ("end", "plot before"),
        ("end", "verdict"),
        "falls",
        0.0,
    ),
    Claim(
        "after a verdict at the start the kept share",
        "kept",
        ("start", "verdict"),
        ("start", "plot after"),
        "rises",
        1.0,
    ),
    Claim(
        "from the plot before a verdict to that after one the kept share",
        "kept",
        ("end", "plot before"),
        ("start", "plot after"),
        "rises",
    ),
)


def _memory(results: Results) -> dict[str, Any]:
    """Say whether the GRU loses less than the SRN where a verdict has to be remembered.

    What is lost is the accuracy with the verdict at the end less that with it at the start. A
    network that tells no verdict even at the end has none to lose: the interval of its mean over
    seeds there does not lie above chance.
    """
    shares = {
        place: {name: [_told(run, name, place) for run in results["runs"]] for name in NETWORKS}
        for place in ("end", "start")
    }
    lost = {
        name: [
            end - start for end, start in zip(*(at[name] for at in shares.values()), strict=True)
        ]
        for name in NETWORKS
    }
    between = difference(lost["gru"], lost["srn"], ("more", "less"))
    learned = {name: t_interval(shares["end"][name])[0] > CHANCE for name in NETWORKS}
    return {
        "statement": "with a verdict at the start, not the end, the GRU loses less than the SRN",
        "units": None,
        "measured": {name: mean(lost[name]) for name in NETWORKS},
        "difference": between,
        "learned": learned,
        "direction": between["verdict"] == "less" if all(learned.values()) else None,
        "extent": None,
    }


def _told(run: Mapping[str, Any], name: str, place: str) -> float:
    """Give the share of reviews with the verdict at a place whose class a network tells."""
    (network,) = (one for one in run["networks"] if one["name"] == name)
    (row,) = (one for one in network["by_place"] if one["place"] == place)
    return float(row["accuracy"])


def _by_seed(results: Results, place: str, part: str, what: str) -> list[float]:
    rows = (row for run in results["runs"] for row in run["gates"]["by_place"])
    return [row[what] for row in rows if (row["place"], row["part"]) == (place, part)]


def _gate_row(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Put the rows of one place and part together, one a seed."""
    first = {name: rows[0][name] for name in ("place", "part")}
    return {**first, "n": sum(row["n"] for row in rows)} | {
        what: _between([row[what] for row in rows]) for what in MEANS
    }


def _held_row(name: str, told: Sequence[Told]) -> dict[str, Any]:
    """Give the accuracy under a hold, and by how much it is less than without, over seeds."""
    shares, free = ([float(one.held[n].mean()) for one in told] for n in (name, "nothing"))
    right = np.concatenate([one.held[name] for one in told])
    cost = difference(free, shares, ("worse", "better"))
    return {"held": name, **proportion(right), "by_seed": shares, "cost": cost}


def _between(values: Sequence[float]) -> dict[str, float]:
    low, high = t_interval(values)
    return {"mean": mean(values), "low": low, "high": high}
