"""Confidence intervals of measured proportions, and of means over a few seeds."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from statistics import NormalDist, geometric_mean, mean, stdev
from typing import Any, Literal, TypedDict

CONFIDENCE = 0.95  # of every interval
TWO_SEEDS_WARNING = (
    "Intervals over two seeds say little: they reach 12.7 standard errors to either side."
)
TWO_MODELS_WARNING = (
    "Intervals over two models say little: they reach 12.7 standard errors to either side."
)

Judgement = Literal["yes", "no", "undecided"]
UNDECIDED: Literal["undecided"] = "undecided"  # where an interval contains the value of no effect


def wilson(right: float, n: int) -> tuple[float, float]:
    """Give the 95% interval of a share that was right `right` times of n (Wilson 1927).

    Of all shares p it holds those that n draws would not set apart from `right` / n: those with
    ``|right / n - p| <= z sqrt(p (1 - p) / n)``, z = 1.96. It stays within 0 and 1 and is not
    empty where all or none are right. `right` may count halves, as for ties; the interval is
    then somewhat too wide, never too narrow, as halves vary less than rights and wrongs.

    Raises
    ------
    ValueError
        If n is less than 1, or `right` is not from 0 to n.
    """
    if n < 1 or not 0 <= right <= n:
        raise ValueError(f"right must be from 0 to n and n at least 1, got {right} of {n}")
    z, share = NormalDist().inv_cdf((1 + CONFIDENCE) / 2), right / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + (z / (2 * n)) ** 2) / (1 + z * z / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def t_interval(values: Sequence[float]) -> tuple[float, float]:
    """Return the 95% confidence interval of the mean of a few numbers (Student 1908).

    It is mean - t s / sqrt(n) to mean + t s / sqrt(n): s is the standard deviation, and 95% of
    Student's distribution with n - 1 degrees of freedom lies between -t and t. The numbers should
    be roughly normal, as the results of an experiment with several seeds are.

    Raises
    ------
    ValueError
        If there are fewer than two numbers, or one is not finite.
    """
    n = len(values)
    if n < 2 or not all(map(math.isfinite, values)):
        raise ValueError(f"values must be two finite numbers or more, got {list(values)}")
    half = _t_reach(n - 1) * stdev(values) / math.sqrt(n)
    return mean(values) - half, mean(values) + half


def share_interval(values: Sequence[float]) -> tuple[float, float]:
    """Give the 95% interval of the mean share that a few shares were drawn around.

    It is their `t_interval`, which ends at 0 and 1: beyond them no share can be.
    """
    low, high = t_interval(values)
    return max(0.0, low), min(1.0, high)


def geometric_interval(values: Sequence[float]) -> tuple[float, float]:
    """Give the 95% interval of the geometric mean that a few numbers were drawn around.

    It is the `t_interval` of their logarithms, brought back: for positive numbers whose ratios
    are more alike than their differences, such as losses over several powers of ten. An end beyond
    what a float holds is the largest float, or 0.

    Raises
    ------
    ValueError
        If there are fewer than two numbers, or one is not positive and finite.
    """
    if not all(value > 0 for value in values):
        raise ValueError(f"values must be positive, got {list(values)}")
    low, high = t_interval([math.log(value) for value in values])
    return math.exp(low), math.exp(min(high, math.log(sys.float_info.max)))


def cluster_interval(clusters: Sequence[Sequence[float]]) -> tuple[float, float]:
    """Return the 95% interval of the mean over all numbers, of which whole clusters were drawn.

    The words of a sentence resemble one another, so that many words say less than as many
    sentences. The mean is the ratio of two totals, of the numbers and of their count; the interval
    is mean - t s to mean + t s with n - 1 degrees of freedom for n clusters, where s is the
    standard error of such a ratio (Cochran 1977, Sampling Techniques, chapter 6).

    Raises
    ------
    ValueError
        If there are fewer than two clusters, or one is empty.
    """
    n = len(clusters)
    if n < 2 or not all(len(cluster) for cluster in clusters):
        raise ValueError(f"clusters must be two or more, none of them empty, got {n}")
    sums, sizes = [math.fsum(cluster) for cluster in clusters], [len(c) for c in clusters]
    middle = math.fsum(sums) / sum(sizes)
    deviations = [total - middle * size for total, size in zip(sums, sizes, strict=True)]
    error = math.sqrt(n / (n - 1) * math.fsum(d * d for d in deviations)) / sum(sizes)
    half = _t_reach(n - 1) * error
    return middle - half, middle + half


@cache
def _t_reach(freedom: int) -> float:
    """Give t such that `SURE` of Student's distribution lie from -t to t, by bisection."""
    low, high = 0.0, math.pi / 2  # of the angle whose tangent is t / sqrt(freedom)
    while low < (angle := (low + high) / 2) < high:
        low, high = (angle, high) if _t_within(angle, freedom) < CONFIDENCE else (low, angle)
    return math.tan(low) * math.sqrt(freedom)


def _t_within(angle: float, freedom: int) -> float:
    """Give the share of Student's distribution within +-tan(angle) sqrt(freedom), a finite sum.

    Abramowitz & Stegun 1964, 26.7.3 for odd degrees of freedom and 26.7.4 for even ones.
    """
    odd = freedom % 2
    term = math.cos(angle) if odd else 1.0
    total = term if freedom > 1 else 0.0
    for i in range(2 + odd, freedom - 1, 2):
        term *= (i - 1) / i * math.cos(angle) ** 2
        total += term
    within = math.sin(angle) * total
    return (angle + within) * 2 / math.pi if odd else within


class Estimate(TypedDict):
    """A mean over seeds with its 95% interval."""

    mean: float
    low: float
    high: float


def estimate(values: Sequence[float]) -> Estimate:
    """Give the mean of a few numbers with its `t_interval`."""
    low, high = t_interval(values)
    return {"mean": mean(values), "low": low, "high": high}


def share_estimate(values: Sequence[float]) -> Estimate:
    """Give the mean of a few shares, from 0 to 1 each, with its `share_interval`."""
    low, high = share_interval(values)
    return {"mean": mean(values), "low": low, "high": high}


def geometric_estimate(values: Sequence[float]) -> Estimate:
    """Give the geometric mean of a few positive numbers with its `geometric_interval`."""
    low, high = geometric_interval(values)
    return {"mean": geometric_mean(values), "low": low, "high": high}


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

    `verdicts` are what more and less are called. The verdict is one of them where the interval of
    the mean difference (`t_interval`) excludes 0, and `UNDECIDED` where it contains 0.
    """
    between = [value - other for value, other in zip(values, others, strict=True)]
    low, high = t_interval(between)
    more, less = verdicts
    verdict = more if low > 0 else less if high < 0 else UNDECIDED
    return {"mean": mean(between), "low": low, "high": high, "verdict": verdict}


def judge(claimed: str, verdict: str) -> Judgement:
    """Say whether a verdict of `difference` confirms what was claimed.

    >>> judge("rises", "rises"), judge("rises", "falls"), judge("rises", UNDECIDED)
    ('yes', 'no', 'undecided')
    """
    if verdict == UNDECIDED:
        return UNDECIDED
    return "yes" if verdict == claimed else "no"


def difference_cells(measured: Mapping[str, Any], form: str) -> tuple[str, str, str]:
    """Format a difference, its interval and its verdict as three cells of a table."""
    between = f"{measured['low']:+{form}} to {measured['high']:+{form}}"
    return f"{measured['mean']:+{form}}", between, measured["verdict"]


def join_names(names: Iterable[str], conjunction: str = "and") -> str:
    """Join names with commas and a conjunction before the last.

    >>> join_names(["a"]), join_names(["a", "b"]), join_names(["a", "b", "c"], "or")
    ('a', 'a and b', 'a, b or c')
    """
    *before, last = names
    return f"{', '.join(before)} {conjunction} {last}" if before else last
