"""The interval of a share, beside hand-computed ones, its own definition, and scipy."""

import math

import pytest
from scipy.stats import binomtest

from glassgate.experiments.intervals import wilson

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
