"""Means over seeds, and what was published beside what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean
from typing import NamedTuple

from glassgate.analysis.intervals import share_estimate, wilson
from glassgate.experiments.claims import claim_above
from glassgate.reproductions.comparison import Comparison, compare_claim, compare_value
from glassgate.reproductions.mnist1d.networks import LABELS
from glassgate.reproductions.mnist1d.results import Network, Run, StepTimes
from glassgate.reproductions.mnist1d.signals import ORDERS
from glassgate.reproductions.mnist1d.timing import CNN, GLASSGATE, TORCH

PUBLISHED_STEPS = 6000
TESTED = 1000  # signals that a published accuracy was measured on
SLOWER = 10  # times as long as the CNN a GRU takes, at least


class Published(NamedTuple):
    """A published accuracy in per cent, and which of a seed's accuracies it stands beside."""

    network: str
    order: str
    best: bool  # of all evaluations; else the one after the last step
    percent: float
    where: str


IN_ORDER, SHUFFLED = ORDERS
ACCURACIES = (
    Published("gru", IN_ORDER, True, 91.0, "table"),
    Published("gru", IN_ORDER, True, 90.3, "log"),
    Published("gru", IN_ORDER, False, 89.1, "log"),
    Published("gru", SHUFFLED, True, 57.0, "table"),
    Published("gru", SHUFFLED, False, 53.3, "log"),
    Published("cnn", IN_ORDER, True, 94.0, "table"),
    Published("cnn", SHUFFLED, True, 56.0, "table"),
)
"""Of the paper's table 1, and of the log in the notebook that is published with it.

The table does not say which evaluation it has; its 91% is above all that the log prints (every
1,000 steps), so it is compared with the best of all evaluations. 90.3% is the log's best, after
4,000 steps.
"""

SAME = (
    "data set",
    "network and number of parameters",
    "Adam at a learning rate of 0.01",
    "batches of 100 in a fixed order",
)


# Over seeds ---------------------------------------------------------------------------------------


def summaries(runs: Sequence[Run]) -> list[Network]:
    """Put the seeds of each network on each order together."""
    return [
        _summary([run for run in runs if _key(run) == key])
        for key in dict.fromkeys(map(_key, runs))
    ]


def _summary(runs: Sequence[Run]) -> Network:
    by_moment = zip(*(run["accuracy"] for run in runs), strict=True)
    return {
        "network": runs[0]["network"],
        "order": runs[0]["order"],
        "parameters": runs[0]["parameters"],
        "train_seconds": mean(run["train_seconds"] for run in runs),
        "accuracy": [share_estimate(shares) for shares in by_moment],
        "best": share_estimate([max(run["accuracy"]) for run in runs]),
        "last": share_estimate([run["accuracy"][-1] for run in runs]),
    }


def _key(run: Run) -> tuple[str, str]:
    return run["order"], run["network"]


# Published and measured ---------------------------------------------------------------------------


def comparisons(runs: Sequence[Run], times: StepTimes, steps: int) -> list[Comparison]:
    """Compare each published accuracy, and the remark on the time of training."""
    accuracies = [_compare_accuracy(published, runs, steps) for published in ACCURACIES]
    return [*accuracies, *(_compare_times(name, times) for name in (TORCH, GLASSGATE))]


def _compare_accuracy(published: Published, runs: Sequence[Run], steps: int) -> Comparison:
    key = (published.order, published.network)
    curves = [run["accuracy"] for run in runs if _key(run) == key]
    values = [100 * (max(curve) if published.best else curve[-1]) for curve in curves]
    margin = published_margin(published.percent)
    which = "best" if published.best else "last"
    text = (
        f"{LABELS[published.network]}, positions {published.order}: {which} test accuracy in % "
        f"({published.where}), within {margin:.1f}"
    )
    few = [f"{steps:,} training steps instead of {PUBLISHED_STEPS:,}"]
    return compare_value(
        f"{published.network}-{published.order.replace(' ', '-')}-{which}-{published.where}",
        text,
        published.percent,
        values,
        margin=margin,
        same=[*SAME, *([] if steps != PUBLISHED_STEPS else [f"{steps:,} training steps"])],
        different=few if steps != PUBLISHED_STEPS else [],
    )


def published_margin(percent: float) -> float:
    """Return how far, in points, an accuracy measured on 1,000 signals may lie from the true one.

    It is half the width of its 95% interval.

    >>> round(published_margin(91.0), 1), round(published_margin(57.0), 1)
    (1.8, 3.1)
    """
    low, high = wilson(percent / 100 * TESTED, TESTED)
    return 100 * (high - low) / 2


def _compare_times(name: str, times: StepTimes) -> Comparison:
    """Compare how many times as long as the CNN a GRU takes for a training step."""
    claim = claim_above(
        f"walltime-{name}",
        f"Training the GRU ({name}) takes at least {SLOWER} times as long as the CNN",
        step_ratios(times, name),
        SLOWER,
        f"{times['threads']} threads, {times['rounds']} rounds",
    )
    own = [] if name == TORCH else ["the program that runs the GRU"]
    return compare_claim(
        claim,
        f"at least {SLOWER}",
        same=["networks", "batches of 100"],
        different=[*own, "machine", "versions", "steps alone, without evaluations"],
    )


def step_ratios(times: StepTimes, name: str) -> list[float]:
    """Return in each round how many times as long as the CNN's a contender's step took."""
    pairs = zip(times["seconds"][name], times["seconds"][CNN], strict=True)
    return [seconds / of_cnn for seconds, of_cnn in pairs]
