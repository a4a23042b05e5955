"""Claims of a document, and whether a run confirms them: yes, no or undecided, by an interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from glassgate.analysis.intervals import (
    UNDECIDED,
    Estimate,
    Judgement,
    estimate,
    geometric_estimate,
)


class Claim(TypedDict):
    """What is claimed, what was measured, and what follows.

    `measured` is the mean over seeds, and `interval` has the ends of its 95% interval (Student's
    t); both are geometric where values span powers of ten. `condition` says of which networks and
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
    *,
    geometric: bool = False,
) -> Claim:
    """Judge the claim that the mean of a value, of one seed each, is above a bound.

    It is *yes* where the whole interval is above, *no* where none of it is, else *undecided*. With
    `geometric`, for values over powers of ten, mean and interval are those of the logarithms.
    """
    over_seeds = geometric_estimate(values) if geometric else estimate(values)
    judged = judge_above(over_seeds["low"], over_seeds["high"], bound)
    return _claim(id, text, over_seeds, judged, condition)


def claim_below(
    id: str,
    text: str,
    values: Sequence[float],
    bound: float,
    condition: str,
    *,
    geometric: bool = False,
) -> Claim:
    """Judge the claim that the mean of a value, of one seed each, is below a bound."""
    over_seeds = geometric_estimate(values) if geometric else estimate(values)
    judged = judge_above(-over_seeds["high"], -over_seeds["low"], -bound)
    return _claim(id, text, over_seeds, judged, condition)


def judge_above(low: float, high: float, bound: float) -> Judgement:
    """Say whether an interval is above a bound.

    >>> judge_above(0.1, 0.2, 0), judge_above(-0.2, -0.1, 0), judge_above(-0.42, 0.41, 0)
    ('yes', 'no', 'undecided')
    """
    if low > bound:
        return "yes"
    return "no" if high <= bound else UNDECIDED


def _claim(
    name: str, text: str, over_seeds: Estimate, confirmed: Judgement, condition: str
) -> Claim:
    return {
        "id": name,
        "text": text,
        "measured": over_seeds["mean"],
        "interval": [over_seeds["low"], over_seeds["high"]],
        "confirmed": confirmed,
        "condition": condition,
    }
