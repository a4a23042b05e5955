"""Claims of a document, and whether a run confirms them: yes, no or undecided, by an interval."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean
from typing import TypedDict

from glassgate.analysis.intervals import UNDECIDED, Judgement, t_interval


class Claim(TypedDict):
    """What is claimed, what was measured, and what follows.

    `interval` has the ends of the 95% interval of the mean over seeds (Student's t), of which
    `measured` is the middle. `condition` says of which networks and texts the claim is judged.
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
) -> Claim:
    """Judge the claim that the mean of a value, of one seed each, is above a bound.

    It is *yes* where the whole interval is above, *no* where none of it is, else *undecided*.
    """
    low, high = t_interval(values)
    return _claim(id, text, values, judge_above(low, high, bound), condition)


def claim_below(
    id: str,
    text: str,
    values: Sequence[float],
    bound: float,
    condition: str,
) -> Claim:
    """Judge the claim that the mean of a value, of one seed each, is below a bound."""
    low, high = t_interval(values)
    return _claim(id, text, values, judge_above(-high, -low, -bound), condition)


def judge_above(low: float, high: float, bound: float) -> Judgement:
    """Say whether an interval is above a bound.

    >>> judge_above(0.1, 0.2, 0), judge_above(-0.2, -0.1, 0), judge_above(-0.42, 0.41, 0)
    ('yes', 'no', 'undecided')
    """
    if low > bound:
        return "yes"
    return "no" if high <= bound else UNDECIDED


def _claim(
    name: str, text: str, values: Sequence[float], confirmed: Judgement, condition: str
) -> Claim:
    return {
        "id": name,
        "text": text,
        "measured": mean(values),
        "interval": list(t_interval(values)),
        "confirmed": confirmed,
        "condition": condition,
    }
