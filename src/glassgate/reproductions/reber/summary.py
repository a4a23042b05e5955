"""Means over seeds, and what was published beside them."""

from __future__ import annotations

from collections.abc import Sequence

from glassgate.analysis.intervals import Estimate, share_estimate
from glassgate.experiments.claims import Claim, claim_above
from glassgate.reproductions.comparison import Comparison, compare_claim
from glassgate.reproductions.networks import NETWORKS
from glassgate.reproductions.reber.results import Embedded, EmbeddedRun, Plain, PlainRun

JUDGED = 0.99  # share of strings that have to be judged correctly
REMEMBERED = 0.75  # halfway from guessing to always right

SAME = {
    "srn-copied": ("the unit, and no error passes through the context",),
    "srn": ("the unit",),
    "gru": (),
}
DIFFERENT = {
    "srn-copied": (),
    "srn": ("the gradient passes through time",),
    "gru": ("a GRU, trained through time",),
}
OTHER_TRAINING = (
    "Adam with batches of strings, fewer of them, read several times; cross-entropy; tanh units"
)
PLAIN_SAME = ("the grammar, letters with a single 1", "3 units", "the threshold of 0.3")
EMBEDDED_SAME = ("the grammars in a frame", "15 units")


# Over seeds ---------------------------------------------------------------------------------------


def plain_summary(runs: Sequence[PlainRun]) -> list[Plain]:
    """Put the seeds of each network on the plain grammar together."""
    found = []
    for network in dict.fromkeys(run["network"] for run in runs):
        own = [run for run in runs if run["network"] == network]
        row: Plain = {
            "network": network,
            "parameters": own[0]["parameters"],
            "grammatical": share_estimate([run["grammatical"] for run in own]),
            "longest": share_estimate([run["longest"] for run in own]),
            "random": share_estimate([run["random"] for run in own]),
            "perfect": sum(run["perfect"] for run in own),
        }
        found.append(row)
    return found


def embedded_summary(runs: Sequence[EmbeddedRun]) -> list[Embedded]:
    """Put the seeds of each network on each embedded grammar together."""
    found = []
    for grammar, network in dict.fromkeys((run["grammar"], run["network"]) for run in runs):
        own = _own(runs, grammar, network)
        by_length = zip(*(run["by_length"] for run in own), strict=True)
        row: Embedded = {
            "grammar": grammar,
            "network": network,
            "parameters": own[0]["parameters"],
            "right": share_estimate([run["right"] for run in own]),
            "by_length": [_estimate_all(values) for values in by_length],
        }
        found.append(row)
    return found


def _own(runs: Sequence[EmbeddedRun], grammar: str, network: str) -> list[EmbeddedRun]:
    return [run for run in runs if (run["grammar"], run["network"]) == (grammar, network)]


def _estimate_all(values: Sequence[float | None]) -> Estimate | None:
    known = [value for value in values if value is not None]
    return share_estimate(known) if len(known) == len(values) else None


# What was published -------------------------------------------------------------------------------


def compare(plain: Sequence[PlainRun], embedded: Sequence[EmbeddedRun]) -> list[Comparison]:
    """Compare each statement of the paper with what each network does."""
    networks = list(dict.fromkeys(run["network"] for run in plain))
    return [
        *(each for network in networks for each in _compare_plain(plain, network)),
        *(_compare_unbiased(embedded, network) for network in networks),
        *(_compare_biased(embedded, network) for network in networks),
    ]


def _compare_plain(runs: Sequence[PlainRun], network: str) -> list[Comparison]:
    own = [run for run in runs if run["network"] == network]
    name = NETWORKS[network]
    claims = (
        (
            claim_above(
                f"accepts-{network}",
                f"Plain: over {JUDGED:.0%} of grammatical strings are accepted ({name})",
                [run["grammatical"] for run in own],
                JUDGED,
                "new strings of the grammar",
                share_estimate,
            ),
            "all are accepted",
        ),
        (
            claim_above(
                f"rejects-{network}",
                f"Plain: over {JUDGED:.0%} of other strings are rejected ({name})",
                [run["random"] for run in own],
                JUDGED,
                "random strings of two to eight letters between b and e",
                share_estimate,
            ),
            "all are rejected",
        ),
    )
    return [_compare(claim, published, network, PLAIN_SAME) for claim, published in claims]


def _compare_unbiased(runs: Sequence[EmbeddedRun], network: str) -> Comparison:
    """Compare what is lost without a bias with what the same network keeps with one.

    A low share alone would not do: a network that has not learned has one, too.
    """
    biased, unbiased = (
        {run["seed"]: run["right"] for run in _own(runs, grammar, network)}
        for grammar in ("biased", "embedded")
    )
    claim = claim_above(
        f"lost-{network}",
        "Embedded: a letter is lost more often where nothing in between depends on it "
        f"({NETWORKS[network]})",
        [biased[seed] - unbiased[seed] for seed in biased],
        0.0,
        "share of strings in which the right letter is preferred: biased less unbiased",
    )
    return _compare(claim, "it tends to be lost", network, EMBEDDED_SAME)


def _compare_biased(runs: Sequence[EmbeddedRun], network: str) -> Comparison:
    claim = claim_above(
        f"biased-{network}",
        f"Embedded, biased: it is kept in over {REMEMBERED:.0%} of strings where the letters in "
        f"between depend on it a little ({NETWORKS[network]})",
        [run["right"] for run in _own(runs, "biased", network)],
        REMEMBERED,
        "share of strings in which the right letter is preferred",
        share_estimate,
    )
    different = ("weights of 0.6 and 0.4 at all arcs",)
    return _compare(claim, "it can be kept", network, EMBEDDED_SAME, different)


def _compare(
    claim: Claim,
    published: str,
    network: str,
    same: Sequence[str],
    different: Sequence[str] = (),
) -> Comparison:
    return compare_claim(
        claim,
        published,
        same=(*SAME[network], *same),
        different=(*DIFFERENT[network], OTHER_TRAINING, *different),
    )
