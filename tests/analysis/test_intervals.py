"""Intervals beside hand-computed ones, their own definition, and scipy."""

import math
import sys

import numpy as np
import pytest
from scipy import stats
from scipy.stats import binomtest

from glassgate.analysis.intervals import (
    TWO_MODELS_WARNING,
    TWO_SEEDS_WARNING,
    cluster_interval,
    geometric_interval,
    share_estimate,
    share_interval,
    t_interval,
    wilson,
)

Z = 1.959963984540054  # of the normal distribution, 97.5% lie below


@pytest.mark.parametrize(
    ("right", "n"), [(0, 1), (1, 1), (5, 10), (9, 10), (10, 10), (512, 1000), (999, 1000)]
)
def test_it_is_scipys(right: int, n: int):
    wanted = binomtest(right, n).proportion_ci(0.95, method="wilson")
    assert wilson(right, n) == pytest.approx((wanted.low, wanted.high), abs=1e-12)


def test_by_hand_none_of_n_are_right():
    # p (1 - p) z^2 / n = p^2 has the roots 0 and z^2 / (n + z^2)
    assert wilson(0, 4) == pytest.approx((0.0, Z * Z / (4 + Z * Z)))
    low, high = wilson(4, 4)
    assert (low, high) == pytest.approx((4 / (4 + Z * Z), 1.0))


@pytest.mark.parametrize(("right", "n"), [(3, 7), (2.5, 7), (70.5, 100)])
def test_its_ends_are_just_as_far_as_chance_goes(right: float, n: int):
    for end in wilson(right, n):
        assert abs(right / n - end) == pytest.approx(Z * math.sqrt(end * (1 - end) / n))


@pytest.mark.parametrize(("right", "n"), [(0, 0), (-1, 5), (6, 5), (math.nan, 5)])
def test_what_is_no_share_is_refused(right: float, n: int):
    with pytest.raises(ValueError, match="right must be from 0 to n"):
        wilson(right, n)


@pytest.mark.parametrize("n", [*range(2, 12), 31, 32, 200, 1001])
def test_the_interval_of_a_mean_is_scipys(n: int):
    values = np.random.default_rng(n).normal(3, 2, n).tolist()
    wanted = stats.t.interval(0.95, n - 1, np.mean(values), stats.sem(values))
    assert t_interval(values) == pytest.approx(wanted, rel=1e-9)


def test_the_interval_of_a_share_ends_at_0_and_1():
    assert t_interval([0.8, 1.0])[1] > 1
    assert share_interval([0.8, 1.0])[1] == 1.0
    assert share_interval([0.8, 1.0])[0] == 0.0  # t reaches 1.27 to either side
    assert share_interval([0.4, 0.5, 0.6]) == t_interval([0.4, 0.5, 0.6])  # within both ends
    assert share_estimate([1.0, 1.0, 0.97]) == {
        "mean": pytest.approx(0.99),
        "low": t_interval([1.0, 1.0, 0.97])[0],
        "high": 1.0,
    }


def test_by_hand_two_numbers_have_the_tangent_and_three_a_root():
    # One degree of freedom is Cauchy's distribution: within t lie 2 / pi atan(t).
    half = math.tan(0.95 * math.pi / 2) / 2  # s / sqrt(2) = 1/2 for 0 and 1
    assert t_interval([0, 1]) == pytest.approx((0.5 - half, 0.5 + half))
    # Two degrees: within t lie t / sqrt(2 + t^2).
    half = math.sqrt(2 * 0.95**2 / (1 - 0.95**2)) / math.sqrt(3)  # s = 1 for 1, 2, 3
    assert t_interval([1, 2, 3]) == pytest.approx((2 - half, 2 + half))


def test_equal_numbers_leave_no_doubt():
    assert t_interval([0.25, 0.25, 0.25]) == (0.25, 0.25)


@pytest.mark.parametrize("values", [[], [1.0], [1.0, math.nan], [math.inf, 1.0]])
def test_what_has_no_spread_is_refused(values: list[float]):
    with pytest.raises(ValueError, match="values must be two finite numbers or more"):
        t_interval(values)


def test_the_interval_of_a_geometric_mean_is_scipys_of_the_logarithms():
    values = [0.003, 0.07, 0.0004, 1.5]
    logs = np.log10(values)
    wanted = 10 ** np.array(stats.t.interval(0.95, 3, logs.mean(), stats.sem(logs)))
    assert geometric_interval(values) == pytest.approx(wanted, rel=1e-9)


def test_by_hand_a_number_and_its_square_lie_around_the_power_of_a_half_more():
    low, high = geometric_interval([10, 100])
    assert math.sqrt(low * high) == pytest.approx(10**1.5)
    assert high / low == pytest.approx(10 ** math.tan(0.95 * math.pi / 2))


def test_an_interval_beyond_what_floats_hold_ends_where_they_do():
    low, high = geometric_interval([1e-200, 1.0])  # some 10^-1371 to 10^1171
    assert low == 0
    assert high == pytest.approx(sys.float_info.max, rel=1e-12)
    assert math.isfinite(high)


@pytest.mark.parametrize("values", [[0.0, 1.0], [-1.0, 1.0], [math.nan, 1.0], [1.0]])
def test_what_has_no_logarithm_is_refused(values: list[float]):
    with pytest.raises(ValueError, match="values must be"):
        geometric_interval(values)


def test_by_hand_over_two_seeds_an_interval_reaches_nearly_13_standard_errors():
    low, high = t_interval([0, 2])  # their mean is 1, its standard error 1
    for warning in (TWO_SEEDS_WARNING, TWO_MODELS_WARNING):
        assert f"they reach {(high - low) / 2:.1f} standard errors to either side" in warning


def test_clusters_of_one_number_are_single_numbers():
    values = [0.5, 2.0, 3.5, 1.25]
    assert cluster_interval([[value] for value in values]) == pytest.approx(t_interval(values))


def test_by_hand_two_uneven_clusters():
    # mean 6 / 4; deviations of the totals from mean times size: 0 - 1.5 and 6 - 4.5
    half = math.tan(0.95 * math.pi / 2) * math.sqrt(2 * (1.5**2 + 1.5**2)) / 4
    assert cluster_interval([[0], [1, 2, 3]]) == pytest.approx((1.5 - half, 1.5 + half))


def test_numbers_that_repeat_within_their_cluster_say_nothing_more():
    values = [0.5, 2.0, 3.5, 1.25]
    assert cluster_interval([[value] * 7 for value in values]) == pytest.approx(t_interval(values))


def test_it_covers_the_mean_of_a_population_of_clusters_as_often_as_it_says():
    chance = np.random.default_rng(5)
    sizes = chance.integers(1, 20, 4000)
    population = [chance.normal(size / 10, 1) + chance.normal(0, 0.2, size) for size in sizes]
    mean = np.concatenate(population).mean()
    within = 0
    for _ in range(400):
        low, high = cluster_interval([population[i] for i in chance.integers(0, 4000, 100)])
        within += low <= mean <= high
    assert 0.92 <= within / 400 <= 0.98  # 0.95 with a standard error of 0.011


@pytest.mark.parametrize("clusters", [[], [[1.0]], [[1.0], []]])
def test_fewer_than_two_clusters_are_refused(clusters: list[list[float]]):
    with pytest.raises(ValueError, match="clusters must be two or more"):
        cluster_interval(clusters)
