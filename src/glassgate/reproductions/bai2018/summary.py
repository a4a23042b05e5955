"""Means over seeds, look-ups, and what the published run and this one share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import NamedTuple

from glassgate.analysis.intervals import geometric_estimate, share_estimate
from glassgate.experiments.claims import claim_above
from glassgate.experiments.long_lags.networks import FORMS
from glassgate.reproductions.bai2018.results import Measured, Network, Run
from glassgate.reproductions.comparison import Comparison, compare_claim, compare_value


class Published(NamedTuple):
    """The size of the published problem."""

    T: int
    parameters: str  # of each network
    sequences: str  # that it was trained on


class Unlearned(NamedTuple):
    """How a network that has not learned a problem is compared with a published loss.

    `loss` is the unit of the table, `name` its name in an id; `margin` is that of the loss, and a
    network that has not learned stays above `bound`, which `bound_text` puts in words.
    """

    loss: str
    name: str
    margin: float
    bound: float
    bound_text: str


def compare_unlearned(
    results: Measured, network: str, published: float, how: Unlearned, sizes: Published
) -> list[Comparison]:
    """Compare a loss with the published one, and the statement that it makes."""
    same, different = conditions(results, sizes)
    same_size = results["plan"]["T"] == sizes.T
    name, values = FORMS[network].short, losses(results, network)
    claim = claim_above(
        f"{network}-unsolved",
        f"{name} does not learn it: {how.bound_text}",
        values,
        how.bound,
        f"T = {results['plan']['T']}",
    )
    return [
        compare_value(
            f"{network}-{how.name}",
            f"{name}: {how.loss}, within {how.margin}",
            published,
            values,
            margin=how.margin,
            same=same,
            different=different,
            same_size=same_size,
        ),
        compare_claim(claim, f"{published}", same=same, different=different, same_size=same_size),
    ]


def summaries(runs: Sequence[Run], units: Mapping[str, int]) -> list[Network]:
    """Put the seeds of each network together."""
    return [
        _summary([run for run in runs if run["network"] == network], units[network])
        for network in units
    ]


def _summary(runs: Sequence[Run], units: int) -> Network:
    curves = zip(*(run["valid_loss"] for run in runs), strict=True)
    return {
        "network": runs[0]["network"],
        "units": units,
        "parameters": runs[0]["parameters"],
        "train_seconds": mean(run["train_seconds"] for run in runs),
        "valid_loss": [geometric_estimate(losses) for losses in curves],
        "loss": geometric_estimate([run["loss"] for run in runs]),
        "right": share_estimate([run["right"] for run in runs]),
    }


def find_network(results: Measured, network: str) -> Network:
    """Return the summary of a network."""
    return next(row for row in results["networks"] if row["network"] == network)


def losses(results: Measured, network: str) -> list[float]:
    """Return the test loss of each seed of a network."""
    return [run["loss"] for run in results["runs"] if run["network"] == network]


def conditions(results: Measured, published: Published) -> tuple[list[str], list[str]]:
    """Return what a run shares with the published one, and what is different."""
    plan = results["plan"]
    same = ["problem, as in the published code", f"about {published.parameters} parameters"]
    different = [
        f"{plan['steps'] * plan['batch_size']:,} training sequences, each seen once, instead of "
        f"{published.sequences} as in the published code",
        "learning rates, limit of the gradient and initial weights, chosen here",
    ]
    if plan["T"] == published.T:
        same.append(f"T = {published.T}")
    else:
        different.append(f"T = {plan['T']} instead of {published.T}")
    return same, different
