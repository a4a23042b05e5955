"""The results of the capacity experiment for readers: tables, a chart, a page."""

from __future__ import annotations

from glassgate.experiments.capacity.results import Results
from glassgate.experiments.capacity.summary import NETWORKS
from glassgate.pages.content import Chart, Line, Page, Section, Table

TITLE = "How close to the truth, with how many parameters?"


def tables(results: Results) -> list[Table]:
    """Return what each size reached, and the comparison at equal numbers of parameters, if any."""
    return [_point_table(results), *([_ratio_table(results)] if results["comparisons"] else [])]


def charts(results: Results) -> dict[str, Chart]:
    """Return the divergence by the number of parameters."""
    points = [point["kl_bits"] for point in results["networks"]]
    y_range = min(p["low"] for p in points) / 1.2, max(p["high"] for p in points) * 1.2
    lines = tuple(_line(results, network) for network in NETWORKS)
    y_title = "KL divergence (bits per word)"
    return {TITLE: Chart("parameters", y_title, y_range, lines, logarithmic="both")}


def page(results: Results) -> Page:
    """Return the content of the page."""
    plan, training = results["plan"], results["plan"]["training"]
    points, *ratios = tables(results)
    (chart,) = charts(results).values()
    seconds = sum(run["train_seconds"] for run in results["runs"])
    lead = (
        f"SRNs, GRUs and LSTMs of {min(plan['sizes'])} to {max(plan['sizes'])} units were trained "
        f"on {plan['train']:,} sentences of one grammar for {training['epochs']} epochs, each with "
        f"{len(results['seeds'])} seeds, {seconds / 60:.0f} minutes of training in total. The KL "
        "divergence from the grammar's exact distribution of the next word, in bits per word, "
        "measures how far each network is from the truth, where it is 0."
    )
    statements = " ".join(statement["statement"] for statement in results["statements"])
    explanation = f"{statements}\n\n{HOW_COMPARED}"
    return Page(
        TITLE,
        lead,
        (
            Section("Distance from the truth by number of parameters", HOW_CHART, chart),
            *(Section("Which network needs fewer?", explanation, table) for table in ratios),
            Section("Results by size", HOW_REACHED, points),
        ),
        {},
    )


HOW_CHART = (
    "Both axes are logarithmic. Parameters are those of embedding, network and decoder. Points "
    "are geometric means over seeds, bars their 95% intervals (Student's t, of the logarithms). "
    "Lower is closer to the truth."
)
HOW_COMPARED = (
    "The table has the ratio of two divergences at the same number of parameters, interpolated "
    "along the straight lines of the chart: the geometric mean over seeds, with its 95% "
    "interval. Below 1, the first network is closer to the grammar (yes), above 1 it is not (no); "
    "where the interval contains 1, that is undecided. Each interval is for one comparison alone, "
    "not for all together, and holds for this language, this length of training and one learning "
    "rate for all."
)
HOW_REACHED = "Each seed has its own training and test sentences."


# The pieces ---------------------------------------------------------------------------------------


def _line(results: Results, network: str) -> Line:
    points = [point for point in results["networks"] if point["network"] == network]
    points.sort(key=lambda point: point["parameters"])
    x = tuple(float(point["parameters"]) for point in points)
    kl = [point["kl_bits"] for point in points]
    return Line(
        NETWORKS[network],
        x,
        tuple(estimate["mean"] for estimate in kl),
        tuple(estimate["low"] for estimate in kl),
        tuple(estimate["high"] for estimate in kl),
    )


def _point_table(results: Results) -> Table:
    rows = [
        (
            NETWORKS[point["network"]],
            f"{point['hidden_size']:,}",
            f"{point['parameters']:,}",
            f"{point['parameters_of_the_network']:,}",
            f"{point['kl_bits']['mean']:.4f}",
            f"{point['kl_bits']['low']:.4f} to {point['kl_bits']['high']:.4f}",
            f"{point['train_seconds']:.0f}",
        )
        for point in results["networks"]
    ]
    columns = (
        "network",
        "units",
        "parameters",
        "network alone",
        "KL",
        "95% interval",
        "training (s)",
    )
    return Table(columns, rows)


def _ratio_table(results: Results) -> Table:
    rows = [
        (
            f"{comparison['parameters']:,}",
            f"{NETWORKS[comparison['network']]} / {NETWORKS[comparison['other']]}",
            f"{comparison['mean']:.3f}",
            f"{comparison['low']:.3f} to {comparison['high']:.3f}",
            claim["confirmed"],
        )
        for comparison, claim in zip(results["comparisons"], results["claims"], strict=True)
    ]
    columns = ("parameters", "networks", "ratio of KL", "95% interval", "first is closer")
    return Table(columns, rows)
