"""Whether gates let gradient and learning reach farther back, as the second document says."""

from __future__ import annotations

import math
from collections.abc import Sequence

from glassgate.analysis.intervals import UNDECIDED
from glassgate.experiments.claims import Claim, claim_above
from glassgate.experiments.long_lags.networks import FORMS
from glassgate.experiments.vanishing.results import Measured, Run, When
from glassgate.experiments.vanishing.summary import WHEN

GATED = ("gru", "gru-chrono")  # each is compared with the SRN


def claims(results: Measured) -> list[Claim]:
    """Judge for each problem at the longest T whether the GRU reaches farther than the SRN."""
    T = max(results["plan"]["times"])
    return [
        claim
        for problem in results["plan"]["problems"]
        for network in GATED
        for claim in _compare_with_srn(results, problem, T, network)
    ]


def _compare_with_srn(results: Measured, problem: str, T: int, network: str) -> list[Claim]:
    form = FORMS[network]
    start = "memory spans set before training" if form.chrono else "PyTorch's initial weights"
    condition = f"{problem}, T = {T}, {results['plan']['steps']:,} training steps, {start}"
    gated, srn = (_runs(results, problem, T, name) for name in (network, "srn"))
    learns = claim_above(
        f"{problem}: {network} learns",
        f"{problem}, T = {T}: the {form.long} gets a larger share right than the SRN",
        [run["right"] - other["right"] for run, other in zip(gated, srn, strict=True)],
        0,
        condition,
    )
    reaches = (
        _judge_reach(
            f"{problem}: {network} {when} training",
            f"{problem}, T = {T}: {when} training the gradient of the {form.long} reaches farther "
            "back than the SRN's (doublings of the half-life)",
            [_half_lives(runs, when, T) for runs in (gated, srn)],
            T,
            condition,
        )
        for when in WHEN
    )
    return [learns, *reaches]


def _judge_reach(
    id: str, text: str, half_lives: Sequence[Sequence[float]], T: int, condition: str
) -> Claim:
    """Compare half-lives seed by seed; undecided where neither gradient halves within T - 1."""
    pairs = list(zip(*half_lives, strict=True))
    doublings = [math.log2(half / other) for half, other in pairs]
    claim = claim_above(id, text, doublings, 0, condition)
    if any(min(pair) == T - 1 for pair in pairs):
        return {**claim, "confirmed": UNDECIDED}
    return claim


def _half_lives(runs: Sequence[Run], when: When, T: int) -> list[float]:
    """Return half-lives in steps; T - 1 where the gradient does not halve, a lower bound."""
    halves = [run["gradient"][when]["half_life"] for run in runs]
    return [T - 1 if half is None else half for half in halves]


def _runs(results: Measured, problem: str, T: int, network: str) -> list[Run]:
    wanted = problem, T, network
    return [r for r in results["runs"] if (r["problem"], r["T"], r["network"]) == wanted]
