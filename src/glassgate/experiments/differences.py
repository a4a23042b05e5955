"""Whether two things that were measured with the same seeds differ, and how to say it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import mean
from typing import Any, TypedDict

from glassgate.experiments.intervals import t_interval

APART = "not told apart"


class Difference(TypedDict):
    """The mean over seeds of one thing less the other, with its 95% interval."""

    mean: float
    low: float
    high: float
    verdict: str


def difference(
    values: Sequence[float], others: Sequence[float], verdicts: tuple[str, str]
) -> Difference:
    """Compare two things seed by seed; both lists are in the order of the seeds.

    `verdicts` are what more and less are called. Two are told apart where the interval of the mean
    difference (`t_interval`) leaves out 0; else the verdict is `APART`.
    """
    between = [value - other for value, other in zip(values, others, strict=True)]
    low, high = t_interval(between)
    more, less = verdicts
    verdict = more if low > 0 else less if high < 0 else APART
    return {"mean": mean(between), "low": low, "high": high, "verdict": verdict}


def signed(found: Mapping[str, Any], form: str) -> tuple[str, str, str]:
    """Write a difference, its interval and its verdict, numbers as `form` has them."""
    between = f"{found['low']:+{form}} to {found['high']:+{form}}"
    return f"{found['mean']:+{form}}", between, found["verdict"]


def listed(names: Iterable[str]) -> str:
    """Put names in a row.

    >>> listed(["one"]), listed(["one", "two"]), listed(["one", "two", "three"])
    ('one', 'one and two', 'one, two and three')
    """
    *before, last = names
    return f"{', '.join(before)} and {last}" if before else last
