"""Means over seeds, and statements with a sentence each."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from statistics import mean, median, median_low
from typing import Any

from glassgate.analysis.intervals import geometric_estimate, join_names
from glassgate.experiments.long_lags.networks import FORMS
from glassgate.experiments.vanishing.results import (
    Baseline,
    DecayOverSeeds,
    GradientDecay,
    Measured,
    Network,
    RemainingShare,
    Run,
    When,
)

SOLVED = 0.95  # share of the test that must be right
WHEN: tuple[When, ...] = ("before", "after")


# Over seeds ---------------------------------------------------------------------------------------


def summaries(runs: Sequence[Run]) -> list[Network]:
    """Put the seeds of each problem, T and network together."""
    return [
        _summary([run for run in runs if _key(run) == key])
        for key in dict.fromkeys(map(_key, runs))
    ]


def _summary(runs: Sequence[Run]) -> Network:
    rights = [run["right"] for run in runs]
    curves = zip(*(run["valid_loss"] for run in runs), strict=True)
    return {
        "problem": runs[0]["problem"],
        "T": runs[0]["T"],
        "network": runs[0]["network"],
        "parameters": runs[0]["parameters"],
        "train_seconds": mean(run["train_seconds"] for run in runs),
        "loss": geometric_estimate([run["loss"] for run in runs]),
        "right": mean(rights),
        "solved": sum(right >= SOLVED for right in rights),
        "valid_loss": [geometric_estimate(losses) for losses in curves],
        "gradient": {when: _gradient([run["gradient"][when] for run in runs]) for when in WHEN},
    }


def _gradient(seeds: Sequence[GradientDecay]) -> DecayOverSeeds:
    """Return the median half-life, and what is left at each lag of the gradient at lag 0.

    The half-life is the lower of two medians, and None where the gradient does not halve within
    the lags that were measured.
    """
    halves = [math.inf if decay["half_life"] is None else decay["half_life"] for decay in seeds]
    shares = zip(
        *([norm / decay["norms"][0] for norm in decay["norms"]] for decay in seeds), strict=True
    )
    half = median_low(halves)
    return {
        "half_life": half if math.isfinite(half) else None,
        "left": [_remaining_share(at_lag) for at_lag in shares],
    }


def _remaining_share(shares: Sequence[float]) -> RemainingShare:
    """Return the geometric mean with its interval, or the median where a seed has nothing left."""
    if not all(shares):
        return {"median": median(shares)}
    of_seeds = geometric_estimate(shares)
    return {"mean": of_seeds["mean"], "low": of_seeds["low"], "high": of_seeds["high"]}


# Look-ups -----------------------------------------------------------------------------------------


def find_row(results: Measured, problem: str, T: int, network: str) -> Network:
    """Return the summary of a problem, T and network."""
    return next(
        summary for summary in results["networks"] if _key(summary) == (problem, T, network)
    )


def find_baseline(results: Measured, problem: str, T: int) -> Baseline:
    """Return what a network reaches that ignores the input."""
    return next(
        baseline
        for baseline in results["blind"]
        if (baseline["problem"], baseline["T"]) == (problem, T)
    )


def recurrent_networks(results: Measured) -> list[str]:
    """Name the networks that pass a state on, and so a gradient back."""
    return [name for name in results["plan"]["learning_rates"] if name != "feedforward"]


def _key(run: Run | Network) -> tuple[str, int, str]:
    return run["problem"], run["T"], run["network"]


# Statements ---------------------------------------------------------------------------------------


def statements(results: Measured) -> list[dict[str, Any]]:
    """Say which network learned what, and how far the gradient reaches.

    A network solves a problem with a seed if `SOLVED` of the test is right. It does better than
    one that ignores the input if the 95% interval of its loss lies below the loss of that one. Its
    gradient reaches farther than the SRN's if both have an interval at the last lag, and its own
    lies above the SRN's.
    """
    problems, networks = results["plan"]["problems"], list(results["plan"]["learning_rates"])
    learned = [
        _learning_statement(results, problem, network)
        for problem in problems
        for network in networks
    ]
    before = [_initial_gradient_statement(results, chrono) for chrono in (False, True)]
    return [*learned, *before, *(_trained_gradient_statement(results, name) for name in problems)]


def _learning_statement(results: Measured, problem: str, network: str) -> dict[str, Any]:
    """Say at which T a network solves a problem, or at least beats one that ignores the input."""
    times = results["plan"]["times"]
    rows = {T: find_row(results, problem, T, network) for T in times}
    rest = [T for T in times if not rows[T]["solved"]]
    floors = {T: find_baseline(results, problem, T)["loss"] for T in times}
    better = [T for T in rest if rows[T]["loss"]["high"] < floors[T]]
    no_better = [T for T in rest if T not in better]
    solved = _name_solved(rows, len(results["seeds"]))
    sentence = f"The {FORMS[network].long} solves {problem} at {solved}"
    if better:
        sentence += f"; at {_times(better)} it beats the input-blind baseline"
    if no_better == list(times):
        sentence += "; whether it beats the input-blind baseline is undecided at every T"
    elif no_better:
        sentence += (
            f"; whether it beats the input-blind baseline is undecided at {_times(no_better)}"
        )
    return {
        "about": problem,
        "network": network,
        "solved": {str(T): summary["solved"] for T, summary in rows.items()},
        "better": better,
        "statement": f"{sentence}.",
    }


def _name_solved(rows: Mapping[int, Network], seeds: int) -> str:
    """Name the T that are solved, by the number of seeds that solve them."""
    counts = dict.fromkeys(summary["solved"] for summary in rows.values() if summary["solved"])
    if not counts:
        return "no T"
    where = {
        n: _times([T for T, summary in rows.items() if summary["solved"] == n]) for n in counts
    }
    return join_names(f"{times} with {n} of {seeds} seeds" for n, times in where.items())


def _times(times: Sequence[int]) -> str:
    return f"T = {join_names(map(str, times))}" if times else "no T"


def _initial_gradient_statement(results: Measured, chrono: bool) -> dict[str, Any]:
    """Say how fast the gradient falls before training, in the networks with a state."""
    kept = [
        run
        for run in results["runs"]
        if run["network"] in recurrent_networks(results) and FORMS[run["network"]].chrono == chrono
    ]
    halves = [run["gradient"]["before"]["half_life"] for run in kept]
    finite = [half for half in halves if half is not None]
    longest = max(finite) if len(finite) == len(halves) else None
    T = max(results["plan"]["times"])
    norms = [run["gradient"]["before"]["norms"] for run in kept if run["T"] == T]
    most = max(far[-1] / far[0] for far in norms)
    half = (
        "does not always fall to half"
        if longest is None
        else f"halves within {longest:.3g} steps at the latest"
    )
    which = "networks whose spans are set" if chrono else "networks with PyTorch's initial weights"
    return {
        "about": "gradient",
        "chrono": chrono,
        "half_life": longest,
        "left": most,
        "statement": f"Before training, the gradient of the {which} {half}, and at most "
        f"{most:.2g} of it remains {results['lags'][str(T)][-1]} steps back, with every problem "
        "and seed.",
    }


def _trained_gradient_statement(results: Measured, problem: str) -> dict[str, Any]:
    """Say in which trained networks more of the gradient is left than in the SRN, and at which T.

    Two are compared where both have an interval.
    """
    times = results["plan"]["times"]
    ends = {
        name: {
            T: find_row(results, problem, T, name)["gradient"]["after"]["left"][-1] for T in times
        }
        for name in recurrent_networks(results)
    }
    none = {name: [T for T in times if "low" not in ends[name][T]] for name in ends}
    farther = {
        name: [
            T
            for T in times
            if T not in none[name] + none["srn"] and ends[name][T]["low"] > ends["srn"][T]["high"]
        ]
        for name in ends
        if name != "srn"
    }
    more = "; ".join(_name_places(farther))
    lost = "; ".join(_name_places({name: times for name, times in none.items() if times}))
    return {
        "about": "gradient",
        "problem": problem,
        "farther": farther,
        "without_interval": none,
        "statement": f"After training on {problem}, more of the gradient remains at the last lag "
        f"than in the SRN (the intervals do not overlap): {more}."
        + (f" Where nothing remains with some seed there is no interval: {lost}." if lost else ""),
    }


def _name_places(times_of: Mapping[str, Sequence[int]]) -> Iterator[str]:
    """Name networks and the T of each; those with the same T go together."""
    together: dict[tuple[int, ...], list[str]] = {}
    for name, times in times_of.items():
        together.setdefault(tuple(times), []).append(f"the {FORMS[name].long}")
    return (f"in {join_names(names)} at {_times(times)}" for times, names in together.items())
