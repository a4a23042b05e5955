"""Statistics over seeds at each moment of training, and claims about all of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from statistics import fmean, pstdev
from typing import Any

import numpy as np

from glassgate.analysis.agreement import distance_name
from glassgate.analysis.intervals import UNDECIDED, Estimate, geometric_estimate, share_estimate
from glassgate.experiments.claims import Claim, claim_above, claim_below
from glassgate.experiments.learning.results import Moment, Run
from glassgate.gates import memory_span
from glassgate.inside.memory import LONG, SHORT

NEAR, FAR = 1, -1  # places in a row of accuracies: 1-2 words, and the longest distance
LEARNED = 0.75  # accuracy halfway from chance to perfection
LAG = 10  # words back at which the gradient is compared
HALF_OPEN = 0.1  # distance from one half that still counts as near it
FIFTH = 5  # the units with the longest memory are one in so many
Value = Callable[[Moment], float]
"""A number that is measured of one network at one moment."""


# One network at one moment ------------------------------------------------------------------------


def spans(moment: Moment) -> list[float]:
    """Return the memory span of each unit in words, [H]."""
    values: list[float] = memory_span(np.clip(moment["kept"], 0, 1)).tolist()
    return values


def long_share(moment: Moment) -> float:
    """Return the share of units with a span of `LONG` words or more."""
    return fmean(span >= LONG for span in spans(moment))


def short_share(moment: Moment) -> float:
    """Return the share of units with a span of `SHORT` words or less."""
    return fmean(span <= SHORT for span in spans(moment))


def accuracy(moment: Moment, place: int) -> float:
    """Return the accuracy at one distance."""
    return moment["by_distance"][place]["accuracy"]


def gradient_left(moment: Moment, lag: int) -> float:
    """Return the share of the gradient at lag 0 that is left so many words back."""
    return moment["gradient"][lag] / moment["gradient"][0]


def _distance_from_half(moment: Moment) -> float:
    return fmean(abs(mean - 0.5) for mean in [*moment["kept"], *moment["reset"]])


def _kept_by_longest(moment: Moment) -> float:
    ordered = sorted(moment["kept"], reverse=True)
    return fmean(ordered[: max(1, len(ordered) // FIFTH)])


# Over seeds ---------------------------------------------------------------------------------------


def steps(runs: Sequence[Run]) -> list[int]:
    """Return the step of each moment, the same in all runs."""
    return [moment["step"] for moment in runs[0]["moments"]]


def at_moments(runs: Sequence[Run], value: Value) -> list[Estimate]:
    """Return the mean over seeds of a share at each moment."""
    return [share_estimate([value(moment) for moment in of]) for of in _by_moment(runs)]


def at_moments_geometric(runs: Sequence[Run], value: Value) -> list[Estimate]:
    """Return the geometric mean over seeds of a positive value at each moment."""
    return [geometric_estimate([value(moment) for moment in of]) for of in _by_moment(runs)]


def by_rank(
    runs: Sequence[Run],
    place: int,
    values: Callable[[Moment], Sequence[float]],
    over_seeds: Callable[[Sequence[float]], Estimate],
) -> list[Estimate]:
    """Return the mean over seeds of units' values at one moment by rank, the largest first, [H].

    `over_seeds` makes it: `share_estimate` or `geometric_estimate`.
    """
    ordered = [sorted(values(run["moments"][place]), reverse=True) for run in runs]
    return [over_seeds(at_rank) for at_rank in zip(*ordered, strict=True)]


def distances(runs: Sequence[Run]) -> list[str]:
    """Name the distances between cue and target."""
    rows = runs[0]["moments"][0]["by_distance"]
    return [distance_name(row["distance_min"], row["distance_max"]) for row in rows]


def _by_moment(runs: Sequence[Run]) -> list[tuple[Moment, ...]]:
    return list(zip(*(run["moments"] for run in runs), strict=True))


# When something is learned ------------------------------------------------------------------------


def learned_at(run: Run, place: int) -> float | None:
    """Return the step at which accuracy at a distance reaches `LEARNED`; None if it never does.

    Between two moments accuracy is taken to be linear in the logarithm of the step plus 1.
    """
    times = [math.log(moment["step"] + 1) for moment in run["moments"]]
    values = [accuracy(moment, place) for moment in run["moments"]]
    if values[0] >= LEARNED:
        return 0.0
    for (before, low), (after, high) in pairwise(zip(times, values, strict=True)):
        if high >= LEARNED:
            share = (LEARNED - low) / (high - low)
            return math.exp(before + share * (after - before)) - 1
    return None


def doublings(run: Run) -> float:
    """Return by how many doublings of the steps the longest distance is learned after the short.

    What is never learned counts as learned at the end, so that this is then a lower bound.
    """
    end = run["moments"][-1]["step"]
    near, far = (
        end if step is None else step for step in (learned_at(run, NEAR), learned_at(run, FAR))
    )
    return math.log2((far + 1) / (near + 1))


# Claims -------------------------------------------------------------------------------------------


def claims(plan: Mapping[str, Any], runs: Sequence[Run]) -> list[Claim]:
    """Judge what the first document says of gates and of learning, and what follows from it."""
    training = plan["training"]
    condition = (
        f"GRUs of {training['hidden_size']} units, {plan['train']:,} sentences of one grammar, "
        f"training steps 0 to {steps(runs)[-1]:,}"
    )
    starts = [run["moments"][0] for run in runs]
    near, *_, far = distances(runs)[NEAR:]

    def rises(id: str, text: str, value: Value) -> Claim:
        return claim_above(id, text, _changes(runs, value), 0, condition)

    return [
        claim_below(
            "half open",
            "Before training the gates are half open: the mean kept share and reset gate of a unit "
            f"are less than {HALF_OPEN} from 0.5, on average over units",
            [_distance_from_half(moment) for moment in starts],
            HALF_OPEN,
            condition,
        ),
        rises(
            "apart",
            "Learning sets units apart: the standard deviation of their mean kept shares rises",
            lambda moment: pstdev(moment["kept"]),
        ),
        rises(
            "longest keep more",
            "The fifth of the units that keeps most keeps more after training than before",
            _kept_by_longest,
        ),
        rises(
            "more long units",
            f"The share of units with a memory span of {LONG:g} words or more rises",
            long_share,
        ),
        _short_first(runs, near, far, condition),
        rises(
            "gradient",
            f"The gradient that reaches {LAG} words back, as a share of that at lag 0, grows "
            "(difference of base-10 logarithms)",
            lambda moment: math.log10(gradient_left(moment, LAG)),
        ),
        claim_above(
            "his",
            "After training, “his” is expected after “the boy fell down and hurt” with a "
            "probability above one half",
            [run["moments"][-1]["expected"]["his"] for run in runs],
            0.5,
            condition,
            share_estimate,
        ),
    ]


def _changes(runs: Sequence[Run], value: Value) -> list[float]:
    """Return by seed how far a value rises from the first moment to the last."""
    return [value(run["moments"][-1]) - value(run["moments"][0]) for run in runs]


def _short_first(runs: Sequence[Run], near: str, far: str, condition: str) -> Claim:
    """Judge whether short dependencies are learned before long ones.

    It is undecided where a network learns neither.
    """
    claim = claim_above(
        "short first",
        f"Dependencies over {near} are learned (accuracy {LEARNED}) before those over {far} "
        "(doublings of the number of steps)",
        [doublings(run) for run in runs],
        0,
        condition,
    )
    if any(learned_at(run, NEAR) is learned_at(run, FAR) is None for run in runs):
        return {**claim, "confirmed": UNDECIDED}
    return claim
