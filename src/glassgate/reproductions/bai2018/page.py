"""The results of either reproduction for readers: tables, a chart, a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from glassgate.analysis.intervals import Estimate, join_names
from glassgate.experiments.long_lags.networks import FORMS
from glassgate.pages.content import Chart, Line, Page, Section, Table
from glassgate.reproductions.bai2018.results import Network, Results
from glassgate.reproductions.page import comparison_sections, comparison_table, count_outcomes

BASELINE = "input-blind baseline"


class Text(NamedTuple):
    """What a page says of its problem.

    `loss` names the loss, `right` says what counts as right, and `margins` explains the margins of
    the comparisons.
    """

    title: str
    problem: str
    loss: str
    right: str
    margins: str


def tables(results: Results) -> list[Table]:
    """Return the comparisons, and what each network reached."""
    return [comparison_table(results["comparisons"]), _network_table(results)]


def charts(results: Results, text: Text) -> dict[str, Chart]:
    """Return the learning curves."""
    baseline, steps = results["baseline"]["loss"], tuple(map(float, results["steps"]))
    lines = [_curve(row, steps, baseline) for row in results["networks"]]
    lowest = min(end for line in lines for end in line.low)
    highest = max(end for line in lines for end in line.high)
    lines.append(Line(BASELINE, (steps[0], steps[-1]), (1.0, 1.0)))
    y_range = (min(0.8, lowest / 1.3), max(1.25, min(highest * 1.1, 5.0)))
    y_title = "loss relative to the input-blind baseline"
    chart = Chart("training steps", y_title, y_range, tuple(lines), logarithmic="y")
    return {f"{text.title}, T = {results['plan']['T']:,}": chart}


def page(results: Results, text: Text) -> Page:
    """Return the content of the page."""
    outcomes, conditions = comparison_sections(results["comparisons"])
    explained = f"{outcomes.explanation} {text.margins}"
    how_reached = (
        f"Geometric means of the test loss ({text.loss}) over seeds, with 95% intervals (Student's "
        f"t, of the logarithms). {text.right} With spans set, biases are drawn before training so "
        "that memory spans reach up to the length of a sequence (chrono initialisation, Tallec & "
        "Ollivier 2018); the publication has no such row."
    )
    return Page(
        text.title,
        _lead(results, text),
        (
            Section(outcomes.heading, explained, outcomes.body),
            Section("Learning curves", HOW_CURVES, charts(results, text)),
            Section("What each network reached", how_reached, _network_table(results)),
            conditions,
        ),
        {},
    )


HOW_CURVES = (
    "Loss on held-out sequences during training, relative to the input-blind baseline, the lowest "
    "loss that a network can reach while ignoring its input: geometric means over seeds, with 95% "
    "intervals."
)


# The pieces ---------------------------------------------------------------------------------------


def _lead(results: Results, text: Text) -> str:
    plan = results["plan"]
    reached = join_names(
        f"{FORMS[row['network']].long} {row['loss']['mean']:.3g}" for row in results["networks"]
    )
    return (
        f"{count_outcomes(results['comparisons'])} {text.problem} The test loss at T = "
        f"{plan['T']:,}, geometric mean over {len(results['seeds'])} seeds: {reached}; without "
        f"reading the input at best {results['baseline']['loss']:.3g}. Each network was trained "
        f"for {plan['steps']:,} steps of {plan['batch_size']} new sequences (AdamW; the learning "
        f"rate rises to {_rates(plan['learning_rates'])} and falls to 0; gradients are scaled down "
        f"to a norm of {plan['clip']:g}). The published figures are those of Bai, Kolter & Koltun "
        "2018 (arXiv:1803.01271), table 1."
    )


def _rates(rates: Mapping[str, float]) -> str:
    """Name each rate once, with the networks that have it.

    >>> _rates({"srn": 0.003, "gru": 0.01, "lstm": 0.01}), _rates({"gru": 0.01})
    ('0.003 (SRN) and 0.01 (GRU and LSTM)', '0.01 (GRU)')
    """
    names: dict[float, list[str]] = {}
    for name, rate in rates.items():
        names.setdefault(rate, []).append(FORMS[name].long)
    return join_names(f"{rate:g} ({join_names(names[rate])})" for rate in sorted(names))


def _network_table(results: Results) -> Table:
    baseline = results["baseline"]
    rows = [
        (BASELINE, f"{baseline['loss']:.3g}", "", f"{baseline['right']:.1%}", "", "", ""),
        *(
            (
                FORMS[row["network"]].short,
                f"{row['loss']['mean']:.3g}",
                _interval(row["loss"]),
                f"{row['right']['mean']:.1%}",
                str(row["units"]),
                f"{row['parameters']:,}",
                f"{row['train_seconds']:.0f}",
            )
            for row in results["networks"]
        ),
    ]
    columns = ("loss", "95% interval", "right", "units", "parameters", "training (s)")
    return Table(("network", *columns), rows)


def _interval(estimate: Estimate) -> str:
    return f"{estimate['low']:.3g} to {estimate['high']:.3g}"


def _curve(row: Network, steps: tuple[float, ...], baseline: float) -> Line:
    """Draw the held-out loss as a multiple of the baseline's."""
    curve = row["valid_loss"]
    return Line(
        FORMS[row["network"]].short,
        steps,
        tuple(point["mean"] / baseline for point in curve),
        tuple(point["low"] / baseline for point in curve),
        tuple(point["high"] / baseline for point in curve),
    )
