"""The results of the reproduction for readers: tables, charts, a page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

from glassgate.analysis.intervals import Estimate, estimate
from glassgate.pages.content import Chart, Line, Page, Section, Table
from glassgate.reproductions.mnist1d.networks import LABELS
from glassgate.reproductions.mnist1d.results import Network, Results
from glassgate.reproductions.mnist1d.signals import ORDERS
from glassgate.reproductions.mnist1d.summary import ACCURACIES, step_ratios
from glassgate.reproductions.mnist1d.timing import CNN
from glassgate.reproductions.page import comparison_sections, comparison_table, count_outcomes

TITLE = "A small GRU on MNIST-1D"


def tables(results: Results) -> list[Table]:
    """Return the comparisons, what each network reached, and the times of a step."""
    return [
        comparison_table(results["comparisons"]),
        _accuracy_table(results),
        _time_table(results),
    ]


def charts(results: Results) -> dict[str, Chart]:
    """Return the learning curves on signals in order and shuffled."""
    return {f"Positions {order}": _curves(results, order) for order in ORDERS}


def page(results: Results) -> Page:
    """Return the content of the page."""
    outcomes, conditions = comparison_sections(results["comparisons"])
    _, accuracies, times = tables(results)
    return Page(
        TITLE,
        _lead(results),
        (
            outcomes,
            Section("Learning curves", HOW_CURVES, charts(results)),
            Section("What each network reached", HOW_REACHED, accuracies),
            Section("How long does a training step take?", _how_timed(results), times),
            conditions,
        ),
        {},
    )


HOW_CURVES = (
    "Accuracy on the test signals every 250 steps: means over seeds, with 95% intervals. Lines "
    "without intervals are the accuracies of the published table, which are those of one run each."
)
HOW_REACHED = (
    "Means over seeds with 95% intervals (Student's t), in per cent. The best of all evaluations, "
    "which the published table appears to have, is chosen by the test signals and so flatters; the "
    "last is that of the weights after the last step. The margin of a comparison is half the width "
    "of the 95% interval of an accuracy measured on 1,000 signals (Wilson 1927)."
)


# The pieces ---------------------------------------------------------------------------------------


def _lead(results: Results) -> str:
    plan = results["plan"]
    in_order, shuffled = (_find(results, "gru", order) for order in ORDERS)
    return (
        f"{count_outcomes(results['comparisons'])} A GRU of 6 units in each direction "
        f"({in_order['parameters']:,} parameters) classifies {in_order['best']['mean']:.1%} of the "
        "test signals of MNIST-1D correctly at its best evaluation, and "
        f"{shuffled['best']['mean']:.1%} where the positions of all signals are shuffled alike: "
        f"means over {len(results['seeds'])} seeds, each trained for {plan['steps']:,} steps. The "
        "publication, Greydanus & Kobak 2024 (arXiv:2011.14439), has 91% and 57%."
    )


def _how_timed(results: Results) -> str:
    times = results["times"]
    threads = "one thread" if times["threads"] == 1 else f"{times['threads']} threads"
    size = results["plan"]["batch_size"]
    return (
        'The publication remarks that "training the GRU takes at least 10x the walltime of the '
        f'CNN". Here each network takes training steps on one batch of {size} signals, on '
        f"{threads}: forward, backward, and Adam's update. In each of {times['rounds']} rounds all "
        "take turns; the ratio is that to the CNN's step of the same round, its mean over rounds "
        "with a 95% interval. Before that, with the same weights, the two GRUs' losses and "
        f"gradients were compared: they differ by at most {times['largest_difference']:.1g}."
    )


def _find(results: Results, network: str, order: str) -> Network:
    return next(
        row for row in results["networks"] if (row["network"], row["order"]) == (network, order)
    )


def _accuracy_table(results: Results) -> Table:
    rows = [
        (
            row["order"],
            LABELS[row["network"]],
            f"{row['parameters']:,}",
            *_percent(row["best"]),
            *_percent(row["last"]),
            f"{row['train_seconds']:.0f}",
        )
        for row in results["networks"]
    ]
    columns = (
        *("positions", "network", "parameters", "best", "95% interval"),
        *("last", "95% interval", "training (s)"),
    )
    return Table(columns, rows)


def _percent(accuracy: Estimate) -> tuple[str, str]:
    low, high = (f"{100 * accuracy[end]:.1f}" for end in ("low", "high"))
    return f"{100 * accuracy['mean']:.1f}", f"{low} to {high}"


def _time_table(results: Results) -> Table:
    times = results["times"]
    rows = []
    for name, seconds in times["seconds"].items():
        ratio = estimate(step_ratios(times, name))
        between = "" if name == CNN else f"{ratio['low']:.2f} to {ratio['high']:.2f}"
        rows.append((name, f"{1000 * median(seconds):.2f}", f"{ratio['mean']:.2f}", between))
    columns = ("network", "step (ms, median)", "times the CNN's step", "95% interval")
    return Table(columns, rows)


def _curves(results: Results, order: str) -> Chart:
    steps = tuple(map(float, results["steps"]))
    measured = [_curve(_find(results, name, order), steps) for name in LABELS]
    published = [_published(name, order, steps) for name in LABELS]
    lowest = max(0.0, min(end for line in measured for end in line.low))
    y_range = (math.floor(10 * lowest) / 10, 1.0)
    lines = (*measured, *published)
    return Chart("training steps", "accuracy over ten classes", y_range, lines)


def _curve(row: Network, steps: tuple[float, ...]) -> Line:
    curve = row["accuracy"]
    return Line(
        LABELS[row["network"]],
        steps,
        tuple(point["mean"] for point in curve),
        tuple(point["low"] for point in curve),
        tuple(point["high"] for point in curve),
    )


def _published(network: str, order: str, steps: Sequence[float]) -> Line:
    """Draw the accuracy of the published table as a level line."""
    share = next(
        published.percent / 100
        for published in ACCURACIES
        if (published.network, published.order, published.where) == (network, order, "table")
    )
    return Line(f"{LABELS[network]}, published", (steps[0], steps[-1]), (share, share))
