"""The published mean squared errors beside the measured ones."""

from __future__ import annotations

from glassgate.experiments.claims import claim_above, claim_below
from glassgate.experiments.long_lags.networks import FORMS
from glassgate.reproductions.adding.results import Measured
from glassgate.reproductions.bai2018.summary import Published, conditions, losses
from glassgate.reproductions.comparison import (
    Comparison,
    compare_claim,
    compare_magnitude,
    compare_value,
)

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


def comparisons(results: Measured) -> list[Comparison]:
    """Compare errors, and whether each network learns the problem at all."""
    same, different = conditions(results, PUBLISHED)
    rows: list[Comparison] = []
    for network, error in NOT_LEARNED.items():
        name, values = FORMS[network].short, losses(results, network)
        rows.append(
            compare_value(
                f"{network}-error",
                f"{name}: mean squared error, within {MARGIN}",
                error,
                values,
                margin=MARGIN,
                same=same,
                different=different,
            )
        )
        claim = claim_above(
            f"{network}-unsolved",
            f"{name} does not learn it: mean squared error above {UNSOLVED}",
            values,
            UNSOLVED,
            f"T = {results['plan']['T']}",
        )
        rows.append(compare_claim(claim, f"{error}", same=same, different=different))
    for network, error in LEARNED.items():
        name, values = FORMS[network].short, losses(results, network)
        rows.append(
            compare_magnitude(
                f"{network}-error",
                f"{name}: mean squared error, within a factor of {FACTOR:g}",
                error,
                values,
                factor=FACTOR,
                same=same,
                different=different,
            )
        )
        claim = claim_below(
            f"{network}-solved",
            f"{name} learns it: mean squared error below {SOLVED}",
            values,
            SOLVED,
            f"T = {results['plan']['T']}",
            geometric=True,
        )
        rows.append(compare_claim(claim, f"{error}", same=same, different=different))
    return rows
