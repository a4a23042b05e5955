"""Claims of a document, and whether a run confirms them: yes, no or undecided, by an interval."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypedDict

from glassgate.analysis.intervals import (
    UNDECIDED,
    Estimate,
    Judgement,
    estimate,
)

OverSeeds = Callable[[Sequence[float]], Estimate]
"""Puts the values of all seeds together, such as `glassgate.analysis.intervals.estimate`."""


class Claim(TypedDict):
    """What is claimed, what was measured, and what follows.

    `measured` is the mean over seeds, and `interval` has the ends of its 95% interval (Student's
    t); both are geometric where values span powers of ten, and the interval of a share ends at 0
    and 1. `condition` says of which networks and
    texts the claim is judged.
    """

    id: str
    text: str
    measured: float
    interval: list[float]
    confirmed: Judgement
    condition: str


def claim_above(
    id: str,
    text: str,
    values: Sequence[float],
    bound: float,
    condition: str,
    over_seeds: OverSeeds = estimate,
) -> Claim:
    """Judge the claim that the mean of a value, of one seed each, is above a bound.

    It is *yes* where the whole interval is above, *no* where none of it is, else *undecided*.
    `over_seeds` gives mean and interval: `share_estimate` of shares, whose interval ends at 0 and
    1, `geometric_estimate` of values over powers of ten.
    """
    measured = over_seeds(values)
    judged = judge_above(measured["low"], measured["high"], bound)
    return _claim(id, text, measured, judged, condition)


def claim_below(
    id: str,
    text: str,
    values: Sequence[float],
    bound: float,
    condition: str,
    over_seeds: OverSeeds = estimate,
) -> Claim:
    """Judge the claim that the mean of a value, of one seed each, is below a bound."""
    measured = over_seeds(values)
    judged = judge_above(-measured["high"], -measured["low"], -bound)
    return _claim(id, text, measured, judged, condition)


def judge_above(low: float, high: float, bound: float) -> Judgement:
    """Say whether an interval is above a bound.

    >>> judge_above(0.1, 0.2, 0), judge_above(-0.2, -0.1, 0), judge_above(-0.42, 0.41, 0)
    ('yes', 'no', 'undecided')
    """
    if low > bound:
        return "yes"
    return "no" if high <= bound else UNDECIDED


def _claim(name: str, text: str, measured: Estimate, confirmed: Judgement, condition: str) -> Claim:
    return {
        "id": name,
        "text": text,
        "measured": measured["mean"],
        "interval": [measured["low"], measured["high"]],
        "confirmed": confirmed,
        "condition": condition,
    }
