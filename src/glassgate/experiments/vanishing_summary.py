"""What the runs of the vanishing experiment say together: means over seeds, and sentences.

Everything here is made of what `results.json` holds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from statistics import geometric_mean, mean, median
from typing import Any

from glassgate.experiments.differences import listed
from glassgate.experiments.intervals import geometric_interval
from glassgate.experiments.vanishing_forms import FORMS

Results = Mapping[str, Any]

SOLVED = 0.95  # share of what is to be told that is told right
WHEN = ("before", "after")


def summaries(results: Results) -> list[dict[str, Any]]:
    """Put the seeds of each problem, T and network together."""
    return [
        _summary(key, [run for run in results["runs"] if _key(run) == key])
        for key in dict.fromkeys(map(_key, results["runs"]))
    ]


def statements(results: Results) -> list[dict[str, Any]]:
    """Say in sentences who learned what, and how far the gradient reaches.

    A network solves a problem with a seed if `SOLVED` of the test is right. It does better than
    one that ignores the input if the 95% interval of its loss lies below what that one reaches;
    its gradient reaches farther than the SRN's if their intervals are apart at the last lag.
    """
    problems, networks = results["plan"]["problems"], list(results["plan"]["learning_rates"])
    learned = [_learned(results, name, network) for name in problems for network in networks]
    before = [_untrained(results, chrono) for chrono in (False, True)]
    return [*learned, *before, *_reaches(results)]


def row(results: Results, problem: str, T: int, network: str) -> Any:
    """Find the summary of a problem, T and network."""
    return next(one for one in results["networks"] if _key(one) == (problem, T, network))


def blind(results: Results, problem: str, T: int) -> Any:
    """Find what a network reaches that ignores the input."""
    return next(one for one in results["blind"] if (one["problem"], one["T"]) == (problem, T))


def _key(run: Mapping[str, Any]) -> tuple[str, int, str]:
    return run["problem"], run["T"], run["network"]


def _summary(key: tuple[str, int, str], runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    rights = [run["right"] for run in runs]
    curves = zip(*(run["valid_loss"] for run in runs), strict=True)
    return {
        **dict(zip(("problem", "T", "network"), key, strict=True)),
        "parameters": runs[0]["parameters"],
        "train_seconds": mean(run["train_seconds"] for run in runs),
        "loss": _between([run["loss"] for run in runs]),
        "right": mean(rights),
        "solved": sum(right >= SOLVED for right in rights),
        "valid_loss": [_between(at) for at in curves],
        "gradient": {when: _gradient([run["gradient"][when] for run in runs]) for when in WHEN},
    }


def _between(values: Sequence[float]) -> dict[str, float]:
    """Give the geometric mean over seeds, and its 95% interval."""
    low, high = geometric_interval(values)
    return {"mean": geometric_mean(values), "low": low, "high": high}


def _gradient(seeds: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Give the median half-life (None if endless) and what is left at each lag of that at lag 0.

    Where a seed has nothing left, as every network without a state, that is None.
    """
    halves = [math.inf if one["half_life"] is None else one["half_life"] for one in seeds]
    left = zip(*([norm / one["norms"][0] for norm in one["norms"]] for one in seeds), strict=True)
    half = median(halves)
    return {
        "half_life": half if math.isfinite(half) else None,
        "left": [_between(at) if all(at) else None for at in left],
    }


# The sentences ------------------------------------------------------------------------------------


def _learned(results: Results, problem: str, network: str) -> dict[str, Any]:
    """Say at which T a network solves a problem, or at least does better than a blind one."""
    times = results["plan"]["times"]
    rows = {T: row(results, problem, T, network) for T in times}
    rest = [T for T in times if not rows[T]["solved"]]
    floors = {T: blind(results, problem, T)["loss"] for T in times}
    better = [T for T in rest if rows[T]["loss"]["high"] < floors[T]]
    no_better = [T for T in rest if T not in better]
    said = f"The {FORMS[network].says} solves {problem} at {_solved(rows, len(results['seeds']))}"
    if better:
        said += f"; at {_times(better)} it does better than ignoring the input"
    if no_better == list(times):
        said += ", nor is it shown to do better than ignoring the input at any"
    elif no_better:
        said += f"; at {_times(no_better)} it is not shown to do better than ignoring the input"
    return {
        "about": problem,
        "network": network,
        "solved": {str(T): one["solved"] for T, one in rows.items()},
        "better": better,
        "statement": f"{said}.",
    }


def _solved(rows: Mapping[int, Any], seeds: int) -> str:
    """Name the T that are solved, by the number of seeds that solve them."""
    counts = dict.fromkeys(one["solved"] for one in rows.values() if one["solved"])
    if not counts:
        return "no T"
    where = {n: _times([T for T, one in rows.items() if one["solved"] == n]) for n in counts}
    return listed(f"{times} with {n} of {seeds} seeds" for n, times in where.items())


def _times(times: Sequence[int]) -> str:
    return f"T = {listed(map(str, times))}" if times else "no T"


def _untrained(results: Results, chrono: bool) -> dict[str, Any]:
    """Say how fast the gradient falls before training, in the networks with a state."""
    kept = [
        one
        for one in results["networks"]
        if one["network"] != "feedforward" and FORMS[one["network"]].chrono == chrono
    ]
    halves = [one["gradient"]["before"]["half_life"] for one in kept]
    T = max(results["plan"]["times"])
    left = [at["gradient"]["before"]["left"][-1] for at in kept if at["T"] == T]
    longest = None if None in halves else max(halves)
    most = max((one["mean"] for one in left if one), default=0.0)
    half = "does not always fall to half" if longest is None else f"halves in {longest:.3g} steps"
    which = "networks whose spans are set" if chrono else "networks with PyTorch's first weights"
    return {
        "about": "gradient",
        "chrono": chrono,
        "half_life": longest,
        "left": most,
        "statement": f"Before training the gradient of the {which} {half} at the latest, and at "
        f"most {most:.0e} of it is left {results['lags'][str(T)][-1]} steps back.",
    }


def _reaches(results: Results) -> Iterator[dict[str, Any]]:
    """Say what is left of each trained network's gradient, and where more than of the SRN's."""
    times = results["plan"]["times"]
    with_state = [name for name in results["plan"]["learning_rates"] if name != "feedforward"]
    for problem in results["plan"]["problems"]:
        for network in with_state:
            left = [_left(results, problem, T, network) for T in times]
            srn = [_left(results, problem, T, "srn") for T in times]
            farther = [
                T for T, own, its in zip(times, left, srn, strict=True) if own["low"] > its["high"]
            ]
            more = f": more than of the SRN's, by intervals that are apart, at {_times(farther)}"
            yield {
                "about": "gradient",
                "network": network,
                "problem": problem,
                "farther": farther,
                "left": [one["mean"] for one in left],
                "statement": f"After training on {problem}, {_shares(left)} of the gradient of the "
                f"{FORMS[network].says} is left at the last lag of {_times(times)}"
                f"{more if network != 'srn' else ''}.",
            }


def _shares(left: Sequence[Mapping[str, float]]) -> str:
    return listed(f"{one['mean']:.1g}" for one in left)


def _left(results: Results, problem: str, T: int, network: str) -> Mapping[str, float]:
    """Give what is left of a trained network's gradient at the last lag; nothing is 0."""
    left = row(results, problem, T, network)["gradient"]["after"]["left"][-1]
    return left or {"mean": 0.0, "low": 0.0, "high": 0.0}
