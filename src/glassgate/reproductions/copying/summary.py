"""The published cross-entropies beside the measured ones."""

from __future__ import annotations

from glassgate.reproductions.bai2018.summary import Published, Unlearned, compare_unlearned
from glassgate.reproductions.comparison import Comparison
from glassgate.reproductions.copying.results import Measured

PUBLISHED = Published(T=1000, parameters="16,000", sequences="epochs of 10,000")
LOSSES = {"lstm": 0.0204, "gru": 0.0197, "srn": 0.0202}  # cross-entropy, nats a step
MARGIN = 0.001  # a twentieth of the loss of guessing, 0.0204
NOT_LEARNED = 0.9  # of the loss of guessing


def comparisons(results: Measured) -> list[Comparison]:
    """Compare losses, and whether networks do better than to guess the symbols."""
    how = Unlearned(
        loss="cross-entropy in nats a step",
        name="loss",
        margin=MARGIN,
        bound=NOT_LEARNED * results["baseline"]["loss"],
        bound_text=f"cross-entropy above {NOT_LEARNED:.0%} of that of guessing",
    )
    return [
        row
        for network, loss in LOSSES.items()
        for row in compare_unlearned(results, network, loss, how, PUBLISHED)
    ]
