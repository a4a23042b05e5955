"""Means over seeds, and comparisons of networks with equal numbers of parameters."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from statistics import mean
from typing import Any

import numpy as np

from glassgate.analysis.intervals import geometric_estimate, join_names
from glassgate.experiments.capacity.results import Comparison, Point, Run, Statement
from glassgate.experiments.claims import Claim, judge_above

NETWORKS = {"srn": "SRN", "gru": "GRU", "lstm": "LSTM"}
PAIRS = (("gru", "srn"), ("lstm", "srn"), ("gru", "lstm"))
COMPARED_SIZES = 3  # numbers of parameters at which networks are compared


def points(runs: Sequence[Run]) -> list[Point]:
    """Put the seeds of each network of each size together."""
    sizes = dict.fromkeys(run["hidden_size"] for run in runs)
    return [_point(runs, network, size) for network in NETWORKS for size in sizes]


def _point(runs: Sequence[Run], network: str, size: int) -> Point:
    own = [run for run in runs if (run["network"], run["hidden_size"]) == (network, size)]
    return {
        "network": network,
        "hidden_size": size,
        "parameters": own[0]["parameters"],
        "parameters_of_the_network": own[0]["parameters_of_the_network"],
        "train_seconds": mean(run["train_seconds"] for run in own),
        "kl_bits": geometric_estimate([run["kl_bits"] for run in own]),
    }


def comparisons(runs: Sequence[Run]) -> Iterator[Comparison]:
    """Compare networks at `COMPARED_SIZES` numbers of parameters that all of them span.

    Between two sizes the logarithm of a seed's KL divergence is taken to be linear in that of the
    parameters. What is compared is the ratio of two divergences, seed by seed: its geometric mean
    and 95% interval.
    """
    spans = [[r["parameters"] for r in runs if r["network"] == name] for name in NETWORKS]
    fewest, most = max(map(min, spans)), min(map(max, spans))
    if fewest > most:
        return
    counts = np.geomspace(fewest, most, COMPARED_SIZES).round().astype(int).tolist()
    for count in counts:
        for network, other in PAIRS:
            divergences = zip(
                _divergences(runs, network, count), _divergences(runs, other, count), strict=True
            )
            ratios = geometric_estimate([kl / other_kl for kl, other_kl in divergences])
            yield {"network": network, "other": other, "parameters": count, **ratios}


def _divergences(runs: Sequence[Run], network: str, parameters: int) -> list[float]:
    """Give each seed's KL divergence at a number of parameters, in bits."""
    divergences = []
    for seed in dict.fromkeys(run["seed"] for run in runs):
        own = [run for run in runs if (run["network"], run["seed"]) == (network, seed)]
        own.sort(key=lambda run: run["parameters"])
        x = np.log([run["parameters"] for run in own])
        y = np.log([run["kl_bits"] for run in own])
        divergences.append(math.exp(np.interp(math.log(parameters), x, y)))
    return divergences


def claims(plan: Mapping[str, Any], compared: Sequence[Comparison]) -> list[Claim]:
    """Judge of each comparison that the first network is closer to the grammar: a ratio below 1."""
    condition = (
        f"{plan['train']:,} sentences of one grammar, {plan['training']['epochs']} epochs, one "
        "learning rate for all"
    )
    return [
        {
            "id": f"closer: {row['network']}, {row['other']}, {row['parameters']}",
            "text": f"With {row['parameters']:,} parameters, the {NETWORKS[row['network']]} is "
            f"closer to the grammar than the {NETWORKS[row['other']]} (ratio of their KL "
            "divergences below 1)",
            "measured": row["mean"],
            "interval": [row["low"], row["high"]],
            "confirmed": judge_above(-row["high"], -row["low"], -1),
            "condition": condition,
        }
        for row in compared
    ]


def statements(compared: Sequence[Comparison]) -> list[Statement]:
    """Say for each pair of networks which is nearer to the grammar at which number of parameters.

    One is nearer, or farther, where the 95% interval of the ratio of their divergences excludes 1;
    elsewhere the comparison is undecided.
    """
    pairs = dict.fromkeys((comparison["network"], comparison["other"]) for comparison in compared)
    return [_statement(compared, *pair) for pair in pairs]


def _statement(compared: Sequence[Comparison], network: str, other: str) -> Statement:
    rows = [
        comparison
        for comparison in compared
        if (comparison["network"], comparison["other"]) == (network, other)
    ]
    nearer = [row["parameters"] for row in rows if row["high"] < 1]
    farther = [row["parameters"] for row in rows if row["low"] > 1]
    undecided = [row["parameters"] for row in rows if row["low"] <= 1 <= row["high"]]
    return {
        "network": network,
        "other": other,
        "nearer": nearer,
        "farther": farther,
        "statement": _sentence(NETWORKS[network], NETWORKS[other], nearer, farther, undecided),
    }


def _sentence(
    network: str, other: str, nearer: list[int], farther: list[int], undecided: list[int]
) -> str:
    decided = [
        f"{direction} the grammar at {_counts(counts)}"
        for direction, counts in (("closer to", nearer), ("farther from", farther))
        if counts
    ]
    if not decided:
        return (
            f"Whether the {network} is closer to the grammar than an {other} with as many "
            f"parameters is undecided at {_counts(undecided)} parameters."
        )
    rest = f"; at {_counts(undecided)} it is undecided which is closer" if undecided else ""
    return (
        f"Compared with an {other} with as many parameters, the {network} is "
        f"{join_names(decided)} parameters{rest}."
    )


def _counts(counts: Sequence[int]) -> str:
    return join_names(f"{count:,}" for count in counts)
