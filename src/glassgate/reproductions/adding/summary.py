"""The published mean squared errors beside the measured ones."""

from __future__ import annotations

from glassgate.analysis.intervals import geometric_estimate
from glassgate.experiments.claims import claim_below
from glassgate.experiments.long_lags.networks import FORMS
from glassgate.reproductions.adding.results import Measured
from glassgate.reproductions.bai2018.summary import (
    Published,
    Unlearned,
    compare_unlearned,
    conditions,
    losses,
)
from glassgate.reproductions.comparison import Comparison, compare_claim, compare_magnitude

PUBLISHED = Published(T=600, parameters="70,000", sequences="epochs of 50,000")
NOT_LEARNED = {"lstm": 0.164, "srn": 0.177}  # mean squared error
LEARNED = {"gru": 5.3e-5}

MARGIN = 0.012
"""Half the 95% interval of an error measured on 1,000 sequences by a network that always says 1.

Its squared error has the mean 1/6 and the variance 1/15 - 1/36, as the sum of two numbers from 0
to 1 has a triangular distribution: 1.96 sqrt((1/15 - 1/36) / 1000) = 0.0122.
"""
FACTOR = 10.0
SOLVED = 0.01  # mean squared error: a typical error of 0.1 in a sum from 0 to 2
UNSOLVED = 0.15  # nine tenths of the variance of the sum, 1/6


HOW_UNLEARNED = Unlearned(
    loss="mean squared error",
    name="error",
    margin=MARGIN,
    bound=UNSOLVED,
    bound_text=f"mean squared error above {UNSOLVED}",
)


def comparisons(results: Measured) -> list[Comparison]:
    """Compare errors, and whether each network learns the problem at all."""
    rows = [
        row
        for network, error in NOT_LEARNED.items()
        for row in compare_unlearned(results, network, error, HOW_UNLEARNED, PUBLISHED)
    ]
    for network, error in LEARNED.items():
        rows += _compare_learned(results, network, error)
    return rows


def _compare_learned(results: Measured, network: str, error: float) -> list[Comparison]:
    """Compare an error of a network that learned the problem, and that it did."""
    same, different = conditions(results, PUBLISHED)
    same_size = results["plan"]["T"] == PUBLISHED.T
    name, values = FORMS[network].short, losses(results, network)
    claim = claim_below(
        f"{network}-solved",
        f"{name} learns it: mean squared error below {SOLVED}",
        values,
        SOLVED,
        f"T = {results['plan']['T']}",
        over_seeds=geometric_estimate,
    )
    return [
        compare_magnitude(
            f"{network}-error",
            f"{name}: mean squared error, within a factor of {FACTOR:g}",
            error,
            values,
            factor=FACTOR,
            same=same,
            different=different,
            same_size=same_size,
        ),
        compare_claim(claim, f"{error}", same=same, different=different, same_size=same_size),
    ]
