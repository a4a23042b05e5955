"""The results of the learning experiment for readers: tables, charts, a page with a slider."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import fmean

from glassgate.analysis.intervals import Estimate, geometric_estimate, join_names, share_estimate
from glassgate.experiments.claim_table import HOW_JUDGED, claim_table
from glassgate.experiments.learning.moments import EXPECTED
from glassgate.experiments.learning.results import Moment, Results
from glassgate.experiments.learning.summary import (
    FAR,
    LAG,
    LEARNED,
    NEAR,
    accuracy,
    at_moments,
    at_moments_geometric,
    by_rank,
    distances,
    gradient_left,
    learned_at,
    long_share,
    short_share,
    spans,
    steps,
)
from glassgate.inside.memory import LONG, SHORT
from glassgate.pages.content import Chart, Line, OverTime, Page, Section, Table, UnitPicture

Charts = Mapping[str, Chart]
START, NOW = "before training", "at this moment"
ACCURACY_RANGE = (0.4, 1.05)
KL_TITLE = "KL divergence (bits per word)"


def tables(results: Results) -> tuple[Table, Table]:
    """Return the claims, and what was measured at each moment."""
    return claim_table(results["claims"]), _moment_table(results)


def charts(results: Results) -> dict[str, Chart]:
    """Return the course of training: what is measured by step."""
    last = len(steps(results["runs"])) - 1
    courses = (_accuracy_course, _span_course, _gradient_course, _expected_course, _kl_course)
    return {title: chart for course in courses for title, chart in course(results, last).items()}


def page(results: Results) -> Page:
    """Return the content of the page."""
    plan, runs = results["plan"], results["runs"]
    claims, moments = tables(results)
    lead = (
        "“How do they learn the appropriate amplification/attenuation weights?” asks the document "
        "that this project grew from, and answers: by backpropagation, and “over many iterations, "
        "the weights will converge on something useful”. GRUs of "
        f"{plan['training']['hidden_size']} units were trained on {plan['train']:,} sentences of "
        f"one grammar, with {len(runs)} seeds, and measured at {len(steps(runs))} moments from "
        f"before the first training step to after the last, step {steps(runs)[-1]:,}. The slider "
        "moves all figures of the page to one of these moments."
    )
    return Page(
        "How do gates come about?",
        lead,
        (
            Section("What was found", f"{_when_learned(results)}\n\n{HOW_JUDGED}", claims),
            Section("How far are the gates open?", HOW_UNITS, _over_time(results, _unit_charts)),
            Section("What is remembered?", HOW_ACCURACY, _over_time(results, _accuracy_charts)),
            Section("How far back does learning reach?", HOW_GRADIENT, _gradients(results)),
            Section(f"“{_phrase(results)} …”, word by word", HOW_WORDS, _word_by_word(results)),
            Section("His, her, its or their?", HOW_EXPECTED, _over_time(results, _expected_course)),
            Section("How far from the truth?", HOW_KL, _over_time(results, _kl_course)),
            Section("Every moment", HOW_MOMENTS, moments),
        ),
        {},
    )


HOW_UNITS = (
    "Each unit's mean kept share and mean reset gate over the held-out sentences, and its memory "
    "span, -1 / ln(mean kept share), all in order of size: means over seeds of the largest value, "
    f"the second largest, and so on, with 95% intervals. A span of {LONG:g} words or more is "
    f"called long, one of {SHORT:g} or less short."
)
HOW_ACCURACY = (
    "“The boy who the dogs chased … hurt”: his, or her? Each choice comes with a twin in which the "
    "other word is right, so that a network without memory scores 0.5. No word between cue and "
    "target repeats the feature. Means over seeds, with 95% intervals (Student's t)."
)
HOW_GRADIENT = (
    "The norm of the gradient of the loss at the target of a dependency across ten words or more, "
    "with respect to the state k words earlier, relative to that at k = 0: geometric means over "
    "seeds, with 95% intervals. Where it falls by a constant factor per word, little of it reaches "
    "far words, and learning from them is slow or, where nothing is left, impossible. The figure "
    "has the gradient before training beside that at the moment: it can grow with what is learned."
)
HOW_WORDS = (
    "The gates of the network with the first seed while it reads the sentence. In the picture of "
    "the kept share yellow means that the state is passed on unchanged; in that of the reset gate "
    "blue means that the candidate ignores the past. Units keep their places: they are in order of "
    "their mean kept share over this sentence after training."
)
HOW_EXPECTED = (
    "What the networks expect after the last word but one of the sentence above. The grammar "
    "allows “his” alone. Means over seeds, with 95% intervals."
)
HOW_KL = (
    "The divergence from the grammar's exact distribution of the next word, on held-out "
    "sentences: geometric means over seeds, with 95% intervals."
)
HOW_MOMENTS = (
    "Means over seeds; those of KL and gradient are geometric. Long and short are the shares of "
    f"units whose memory span is {LONG:g} words or more, or {SHORT:g} or less; the gradient is "
    f"that {LAG} words back, relative to lag 0."
)


# What the slider moves ----------------------------------------------------------------------------


def _over_time(results: Results, draw: Callable[[Results, int], Charts]) -> OverTime:
    places = range(len(steps(results["runs"])))
    return OverTime(_moment_names(results), [draw(results, place) for place in places])


def _moment_names(results: Results) -> list[str]:
    last = steps(results["runs"])[-1]
    return [
        f"step {step:,} of {last:,}" if step else "before training"
        for step in steps(results["runs"])
    ]


def _unit_charts(results: Results, place: int) -> Charts:
    """Draw mean gates and spans of units in order of size."""
    runs = results["runs"]
    gates = {
        "Kept share": ("kept share", by_rank(runs, place, _kept, share_estimate)),
        "Reset gate": ("reset gate", by_rank(runs, place, _reset, share_estimate)),
    }
    titled = {
        title: Chart("units, largest first", y_title, (0, 1), (_ranked(NOW, estimates),))
        for title, (y_title, estimates) in gates.items()
    }
    longest = max(at_rank["high"] for at_rank in by_rank(runs, -1, spans, geometric_estimate))
    lines = (_ranked(NOW, by_rank(runs, place, spans, geometric_estimate)),)
    y_range = (0.1, 1.2 * max(longest, LONG))
    span = Chart("units, longest first", "memory span (words)", y_range, lines, logarithmic="y")
    return {**titled, "Memory span": span, **_span_course(results, place)}


def _accuracy_charts(results: Results, place: int) -> Charts:
    """Draw accuracy by distance at a moment, and up to it."""
    runs = results["runs"]
    names = distances(runs)
    lines = [
        _line(
            name,
            range(len(names)),
            [at_moments(runs, _accuracy_at(i))[at] for i in range(len(names))],
        )
        for name, at in ((START, 0), (NOW, place))
    ]
    by_distance = Chart(
        "distance between cue and target", "accuracy", ACCURACY_RANGE, tuple(lines), ticks=(*names,)
    )
    return {"Accuracy by distance": by_distance, **_accuracy_course(results, place)}


def _gradients(results: Results) -> OverTime:
    return _over_time(
        results,
        lambda results, place: {
            "Gradient by lag": _lag_chart(results, place),
            **_gradient_course(results, place),
        },
    )


def _lag_chart(results: Results, place: int) -> Chart:
    """Draw the gradient by lag at a moment, beside that before training."""
    runs = results["runs"]
    lags = range(len(runs[0]["moments"][0]["gradient"]))
    by_lag = [at_moments_geometric(runs, _left_at(lag)) for lag in lags]
    lines = [
        _line(name, lags, [of_lag[at] for of_lag in by_lag])
        for name, at in ((START, 0), (NOW, place))
    ]
    y_title = "gradient relative to lag 0"
    y_range = _log_range(point for of_lag in by_lag for point in of_lag)
    return Chart("words back (k)", y_title, y_range, tuple(lines), logarithmic="y")


def _word_by_word(results: Results) -> OverTime:
    moments = results["runs"][0]["moments"]
    at_end = [fmean(of_unit) for of_unit in zip(*moments[-1]["kept_by_word"], strict=True)]
    order = sorted(range(len(at_end)), key=lambda unit: -at_end[unit])
    return OverTime(
        _moment_names(results),
        [
            UnitPicture(
                results["sentence"],
                {"kept": moment["kept_by_word"], "reset": moment["reset_by_word"]},
                order,
                "units, most kept at the end on top",
            )
            for moment in moments
        ],
    )


# Courses: what is measured by step, up to a moment ------------------------------------------------


def _accuracy_course(results: Results, place: int) -> Charts:
    names = distances(results["runs"])
    lines = {name: at_moments(results["runs"], _accuracy_at(i)) for i, name in enumerate(names)}
    return {
        "Accuracy by step": _course(results, place, lines, "accuracy", ACCURACY_RANGE),
    }


def _span_course(results: Results, place: int) -> Charts:
    lines = {
        f"long: {LONG:g} words or more": at_moments(results["runs"], long_share),
        f"short: {SHORT:g} words or less": at_moments(results["runs"], short_share),
    }
    return {
        "Long and short units by step": _course(
            results, place, lines, "share of units", (-0.05, 1.05)
        )
    }


def _gradient_course(results: Results, place: int) -> Charts:
    left = at_moments_geometric(results["runs"], _left_at(LAG))
    title, y_title = f"Gradient {LAG} words back by step", "gradient relative to lag 0"
    lines = {f"{LAG} words back": left}
    return {title: _course(results, place, lines, y_title, _log_range(left), logarithmic=True)}


def _expected_course(results: Results, place: int) -> Charts:
    lines = {word: at_moments(results["runs"], _expected_at(word)) for word in EXPECTED}
    title = f"After “{_phrase(results)}”, by step"
    return {title: _course(results, place, lines, "probability", (-0.05, 1.05))}


def _kl_course(results: Results, place: int) -> Charts:
    kl = at_moments_geometric(results["runs"], lambda moment: moment["kl_bits"])
    lines, y_range = {"GRU": kl}, _log_range(kl)
    return {"KL by step": _course(results, place, lines, KL_TITLE, y_range, logarithmic=True)}


def _course(
    results: Results,
    place: int,
    lines: Mapping[str, Sequence[Estimate]],
    y_title: str,
    y_range: tuple[float, float],
    *,
    logarithmic: bool = False,
) -> Chart:
    """Draw lines over the moments up to one."""
    shown = range(place + 1)
    return Chart(
        "training steps",
        y_title,
        y_range,
        tuple(_line(name, shown, of[: place + 1]) for name, of in lines.items()),
        ticks=tuple(f"{step:,}" for step in steps(results["runs"])),
        logarithmic="y" if logarithmic else "none",
    )


def _line(name: str, x: Iterable[float], estimates: Sequence[Estimate]) -> Line:
    return Line(
        name,
        tuple(map(float, x)),
        tuple(estimate["mean"] for estimate in estimates),
        tuple(estimate["low"] for estimate in estimates),
        tuple(estimate["high"] for estimate in estimates),
    )


def _ranked(name: str, estimates: Sequence[Estimate]) -> Line:
    return _line(name, range(1, len(estimates) + 1), estimates)


def _log_range(estimates: Iterable[Estimate]) -> tuple[float, float]:
    """Return the range of an axis that holds these means, with a little room."""
    means = [estimate["mean"] for estimate in estimates]
    return min(means) / 2, max(means) * 2


def _kept(moment: Moment) -> list[float]:
    return moment["kept"]


def _reset(moment: Moment) -> list[float]:
    return moment["reset"]


def _accuracy_at(place: int) -> Callable[[Moment], float]:
    return lambda moment: accuracy(moment, place)


def _left_at(lag: int) -> Callable[[Moment], float]:
    return lambda moment: gradient_left(moment, lag)


def _expected_at(word: str) -> Callable[[Moment], float]:
    return lambda moment: moment["expected"][word]


# Words and tables ---------------------------------------------------------------------------------


def _phrase(results: Results) -> str:
    return " ".join(results["sentence"][:-1])


def _when_learned(results: Results) -> str:
    """Say after how many steps dependencies of each distance are learned."""
    runs, reached, never = results["runs"], [], []
    for place, name in enumerate(distances(runs)):
        at = [step for run in runs if (step := learned_at(run, place)) is not None]
        if at:
            count = f"{len(at)} of {len(runs)} seeds"
            reached.append(f"over {name} with {count}, after {fmean(at):.0f} steps on average")
        else:
            never.append(name)
    said = f"Accuracy reaches {LEARNED} {'; '.join(reached)}. " if reached else ""
    return said + (f"With no seed it reaches {LEARNED} over {join_names(never)}." if never else "")


def _moment_table(results: Results) -> Table:
    runs, names = results["runs"], distances(results["runs"])
    columns = {
        "KL": (at_moments_geometric(runs, lambda moment: moment["kl_bits"]), ".3f"),
        "long": (at_moments(runs, long_share), ".1%"),
        "short": (at_moments(runs, short_share), ".1%"),
        names[NEAR]: (at_moments(runs, _accuracy_at(NEAR)), ".3f"),
        names[FAR]: (at_moments(runs, _accuracy_at(FAR)), ".3f"),
        "gradient": (at_moments_geometric(runs, _left_at(LAG)), ".2g"),
        "“his”": (at_moments(runs, _expected_at("his")), ".3f"),
    }
    rows = [
        (f"{step:,}", *(f"{of[place]['mean']:{form}}" for of, form in columns.values()))
        for place, step in enumerate(steps(runs))
    ]
    return Table(("step", *columns), rows)
