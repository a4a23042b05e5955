"""What the runs of the vanishing experiment say together: means over seeds, and sentences.

Everything here is made of what `results.json` holds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from statistics import geometric_mean, mean, median, median_low
from typing import Any

from glassgate.analysis.intervals import geometric_interval, listed
from glassgate.experiments.vanishing.networks import FORMS

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
    its gradient reaches farther than the SRN's if both have an interval at the last lag, and its
    own lies above.
    """
    problems, networks = results["plan"]["problems"], list(results["plan"]["learning_rates"])
    learned = [_learned(results, name, network) for name in problems for network in networks]
    before = [_untrained(results, chrono) for chrono in (False, True)]
    return [*learned, *before, *(_reaches(results, name) for name in problems)]


def row(results: Results, problem: str, T: int, network: str) -> Any:
    """Find the summary of a problem, T and network."""
    return next(one for one in results["networks"] if _key(one) == (problem, T, network))


def blind(results: Results, problem: str, T: int) -> Any:
    """Find what a network reaches that ignores the input."""
    return next(one for one in results["blind"] if (one["problem"], one["T"]) == (problem, T))


def with_state(results: Results) -> list[str]:
    """Name the networks that pass a state on, and so a gradient back."""
    return [name for name in results["plan"]["learning_rates"] if name != "feedforward"]


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
    """Give the median half-life, and what is left at each lag of that at lag 0.

    The half-life is the lower of two medians, and None where the gradient does not halve within
    the lags that were looked at.
    """
    halves = [math.inf if one["half_life"] is None else one["half_life"] for one in seeds]
    left = zip(*([norm / one["norms"][0] for norm in one["norms"]] for one in seeds), strict=True)
    half = median_low(halves)
    return {
        "half_life": half if math.isfinite(half) else None,
        "left": [_left(at) for at in left],
    }


def _left(shares: Sequence[float]) -> dict[str, float]:
    """Give what `_between` does, or only the median where a seed has nothing left."""
    return _between(shares) if all(shares) else {"median": median(shares)}


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
        run
        for run in results["runs"]
        if run["network"] in with_state(results) and FORMS[run["network"]].chrono == chrono
    ]
    halves = [run["gradient"]["before"]["half_life"] for run in kept]
    longest = None if None in halves else max(halves)
    T = max(results["plan"]["times"])
    norms = [run["gradient"]["before"]["norms"] for run in kept if run["T"] == T]
    most = max(far[-1] / far[0] for far in norms)
    half = "does not always fall to half" if longest is None else f"halves in {longest:.3g} steps"
    which = "networks whose spans are set" if chrono else "networks with PyTorch's first weights"
    return {
        "about": "gradient",
        "chrono": chrono,
        "half_life": longest,
        "left": most,
        "statement": f"Before training the gradient of the {which} {half} at the latest, and at "
        f"most {most:.2g} of it is left {results['lags'][str(T)][-1]} steps back, whatever the "
        "problem and the seed.",
    }


def _reaches(results: Results, problem: str) -> dict[str, Any]:
    """Say of which trained networks more of the gradient is left than of the SRN's, and at which T.

    Two are compared where both have an interval.
    """
    times = results["plan"]["times"]
    ends = {
        name: {T: row(results, problem, T, name)["gradient"]["after"]["left"][-1] for T in times}
        for name in with_state(results)
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
    said = "; ".join(_where(farther))
    lost = "; ".join(_where({name: at for name, at in none.items() if at}))
    return {
        "about": "gradient",
        "problem": problem,
        "farther": farther,
        "without_interval": none,
        "statement": f"After training on {problem} more of the gradient is left at the last lag "
        f"than of the SRN's, by intervals that are apart: {said}."
        + (f" With a seed that has nothing left there is no interval: {lost}." if lost else ""),
    }


def _where(found: Mapping[str, Sequence[int]]) -> Iterator[str]:
    """Name networks and the T of each; those with the same T go together."""
    of: dict[tuple[int, ...], list[str]] = {}
    for name, times in found.items():
        of.setdefault(tuple(times), []).append(f"the {FORMS[name].says}")
    return (f"of {listed(names)} at {_times(times)}" for times, names in of.items())
