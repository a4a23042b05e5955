"""What holding units showed, in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import mean

from glassgate.analysis.intervals import UNDECIDED, t_interval
from glassgate.experiments.spans.holds import GROUPS, WAYS, Way, group_size
from glassgate.experiments.spans.results import Results
from glassgate.experiments.spans.summary import (
    HELD,
    LONGEST_DISTANCE,
    SHORT_DISTANCE,
    costs,
    costs_alone,
    distance_at,
    pool_group,
    pool_intact,
    rank_correlations,
    rises,
)

HELD_ALONE: Mapping[Way, str] = {"forgets": "forgets at every word", "silent": "is silent"}
HOLDING: Mapping[Way, str] = {"forgets": "forgetting", "silent": "silence"}


def answers(results: Results) -> list[str]:
    """Say in sentences what was found."""
    by_group = [say(results, way) for way in WAYS for say in (_far, _near)]
    return [*by_group, _after_word(results, "silent"), *(_alone(results, way) for way in WAYS)]


def _far(results: Results, way: Way) -> str:
    runs = results["runs"]
    size = group_size(results["plan"]["training"]["hidden_size"])
    far = distance_at(runs, LONGEST_DISTANCE)
    intact = pool_intact(runs)[LONGEST_DISTANCE]["accuracy"]
    shares = {group: pool_group(runs, way, group)[LONGEST_DISTANCE]["accuracy"] for group in GROUPS}
    against = [_verdict(results, way, f"far: longest, {other}") for other in ("random", "shortest")]
    if against == ["more", "more"]:
        standing = "the long units stand out"
    elif "less" in against:
        standing = "the long units do not stand out"
    else:
        standing = f"whether the long units stand out is {UNDECIDED}"
    units = f"{size} units with the longest spans" if size > 1 else "unit with the longest span"
    shortest = "units with the shortest spans" if size > 1 else "unit with the shortest span"
    return (
        f"When the {units} {HELD[way] if size > 1 else HELD_ALONE[way]}, accuracy over {far} is "
        f"{shares['longest']:.3f} (intact network: {intact:.3f}); it is {shares['random']:.3f} "
        f"with as many random units, and {shares['shortest']:.3f} with the {shortest}: "
        f"{standing}."
    )


def _near(results: Results, way: Way) -> str:
    runs = results["runs"]
    far = mean(costs(runs, way, "longest", LONGEST_DISTANCE))
    near = mean(costs(runs, way, "longest", SHORT_DISTANCE))
    verdict = _verdict(results, way, "longest: far, near")
    return (
        f"Their {HOLDING[way]} costs {far:.3f} over {distance_at(runs, LONGEST_DISTANCE)} and "
        f"{near:.3f} over {distance_at(runs, SHORT_DISTANCE)}: {_compare(verdict)}."
    )


def _after_word(results: Results, way: Way) -> str:
    shortest, longest = (
        mean(rises(results["runs"], way, name, "kl_after_word")) for name in ("shortest", "longest")
    )
    verdict = _verdict(results, way, "after the word: shortest, longest")
    return (
        f"Right after “{results['word']}”, where one word of context is nearly enough, the "
        f"{HOLDING[way]} of the shortest fifth costs {shortest:.4f} bits and that of the longest "
        f"{longest:.4f}: {_compare(verdict)}."
    )


def _compare(verdict: str) -> str:
    if verdict == UNDECIDED:
        return "which of the two is larger is undecided"
    return f"the first is {'larger' if verdict == 'more' else 'smaller'}"


def _alone(results: Results, way: Way) -> str:
    runs = results["runs"]
    correlations = rank_correlations(runs, way)
    low, high = t_interval(correlations)
    most = mean(max(costs_alone(run, way)) for run in runs)
    return (
        f"Of the units held alone, the one whose {HOLDING[way]} matters most costs {most:.3f} over "
        f"{distance_at(runs, LONGEST_DISTANCE)}, mean over seeds; the rank correlation of a unit's "
        f"span with the cost of its {HOLDING[way]} is {mean(correlations):+.2f} ({low:+.2f} to "
        f"{high:+.2f})."
    )


def _verdict(results: Results, way: Way, compared: str) -> str:
    verdicts = {
        (statement["way"], statement["compared"]): statement["verdict"]
        for statement in results["statements"]
    }
    return verdicts[way, compared]
