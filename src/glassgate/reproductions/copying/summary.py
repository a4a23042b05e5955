"""The published cross-entropies beside the measured ones."""

from __future__ import annotations

from glassgate.experiments.claims import claim_above
from glassgate.experiments.long_lags.networks import FORMS
from glassgate.reproductions.bai2018.summary import Published, conditions, losses
from glassgate.reproductions.comparison import Comparison, compare_claim, compare_value
from glassgate.reproductions.copying.results import Measured

PUBLISHED = Published(T=1000, parameters="16,000", sequences="epochs of 10,000")
LOSSES = {"lstm": 0.0204, "gru": 0.0197, "srn": 0.0202}  # cross-entropy, nats a step
MARGIN = 0.001  # a twentieth of the loss of guessing, 0.0204
NOT_LEARNED = 0.9  # of the loss of guessing


def comparisons(results: Measured) -> list[Comparison]:
    """Compare losses, and whether networks do better than to guess the symbols."""
    same, different = conditions(results, PUBLISHED)
    bound = NOT_LEARNED * results["baseline"]["loss"]
    rows: list[Comparison] = []
    for network, loss in LOSSES.items():
        name, values = FORMS[network].short, losses(results, network)
        rows.append(
            compare_value(
                f"{network}-loss",
                f"{name}: cross-entropy in nats a step, within {MARGIN}",
                loss,
                values,
                margin=MARGIN,
                same=same,
                different=different,
            )
        )
        claim = claim_above(
            f"{network}-unsolved",
            f"{name} does not learn it: cross-entropy above {NOT_LEARNED:.0%} of that of guessing",
            values,
            bound,
            f"T = {results['plan']['T']}",
        )
        rows.append(compare_claim(claim, f"{loss}", same=same, different=different))
    return rows
