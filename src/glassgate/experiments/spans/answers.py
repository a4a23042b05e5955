"""What holding units showed, in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import mean

from glassgate.analysis.intervals import UNDECIDED, t_interval
from glassgate.experiments.spans.holds import GROUPS, WAYS, Way, group_size
from glassgate.experiments.spans.results import Results
from glassgate.experiments.spans.summary import (
    LONGEST,
    NEAR,
    by_distance,
    costs,
    costs_alone,
    distance_at,
    intact,
    rank_correlations,
    rises,
)

HELD: Mapping[Way, str] = {"forgets": "forget at every word", "silent": "are silent"}
HELD_ALONE: Mapping[Way, str] = {"forgets": "forgets at every word", "silent": "is silent"}
HOLDING: Mapping[Way, str] = {"forgets": "forgetting", "silent": "silence"}


def answers(results: Results) -> list[str]:
    """Say in sentences what was found."""
    by_group = [say(results, way) for way in WAYS for say in (_far, _near)]
    return [*by_group, _after_word(results, "silent"), *(_alone(results, way) for way in WAYS)]


def _far(results: Results, way: Way) -> str:
    runs = results["runs"]
    size, far = group_size(results["plan"]["training"]["hidden_size"]), distance_at(runs, LONGEST)
    shares = {group: by_distance(runs, way, group)[LONGEST]["accuracy"] for group in GROUPS}
    units = f"{size} units" if size > 1 else "one unit"
    against = [_verdict(results, way, f"far: longest, {other}") for other in ("random", "shortest")]
    stands_out = against == ["more", "more"]
    return (
        f"When the {units} of the longest span {HELD[way] if size > 1 else HELD_ALONE[way]}, "
        f"{shares['longest']:.3f} of the choices over {far} are right, where the whole network has "
        f"{intact(runs)[LONGEST]['accuracy']:.3f}; it is {shares['random']:.3f} with as many units "
        f"at random, and {shares['shortest']:.3f} with those of the shortest span: the long units "
        f"{'stand out' if stands_out else 'are not shown to stand out'}."
    )


def _near(results: Results, way: Way) -> str:
    runs = results["runs"]
    far, near = (mean(costs(runs, way, "longest", place)) for place in (LONGEST, NEAR))
    verdict = _verdict(results, way, "longest: far, near")
    return (
        f"Their {HOLDING[way]} costs {far:.3f} over {distance_at(runs, LONGEST)} and {near:.3f} "
        f"over {distance_at(runs, NEAR)}: {_more_or_less(verdict)}."
    )


def _after_word(results: Results, way: Way) -> str:
    shortest, longest = (
        mean(rises(results["runs"], way, name, "kl_after_word")) for name in ("shortest", "longest")
    )
    verdict = _verdict(results, way, "after the word: shortest, longest")
    return (
        f"Right after “{results['word']}”, where one word of context is nearly enough, the "
        f"{HOLDING[way]} of the shortest fifth costs {shortest:.4f} bits and that of the longest "
        f"{longest:.4f}: {_more_or_less(verdict)}."
    )


def _more_or_less(verdict: str) -> str:
    if verdict == UNDECIDED:
        return "which of the two is more is undecided"
    return f"the first is {verdict}"


def _alone(results: Results, way: Way) -> str:
    runs = results["runs"]
    correlations = rank_correlations(runs, way)
    low, high = t_interval(correlations)
    most = mean(max(costs_alone(run, way)) for run in runs)
    return (
        f"Alone, the one unit whose {HOLDING[way]} matters most costs {most:.3f} over "
        f"{distance_at(runs, LONGEST)}, mean over seeds; the rank correlation of a unit's span "
        f"with what its {HOLDING[way]} costs is {mean(correlations):+.2f} ({low:+.2f} to "
        f"{high:+.2f})."
    )


def _verdict(results: Results, way: Way, compared: str) -> str:
    verdicts = {(one["way"], one["compared"]): one["verdict"] for one in results["statements"]}
    return verdicts[way, compared]
