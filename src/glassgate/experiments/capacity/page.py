"""The answers of the capacity experiment as a person reads them: sentences, tables, a chart.

Everything here is made of what `results.json` holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from glassgate.analysis.intervals import listed
from glassgate.pages.content import Chart, Line, Page, Section, Table

Results = Mapping[str, Any]

NETWORKS = {"srn": "SRN", "gru": "GRU", "lstm": "LSTM"}
TITLE = "How near to the truth, with how many parameters?"


def statements(results: Results) -> list[dict[str, Any]]:
    """Compare networks at the same numbers of parameters.

    One is nearer to the grammar, or farther, where the 95% interval of the ratio of their
    divergences leaves out 1.
    """
    pairs = dict.fromkeys((one["network"], one["other"]) for one in results["comparisons"])
    return [_statement(results, *pair) for pair in pairs]


def tables(results: Results) -> list[Table]:
    """Return what each size reached, and the comparison at equal numbers of parameters, if any."""
    return [_reached(results), *([_compared(results)] if results["comparisons"] else [])]


def charts(results: Results) -> dict[str, Chart]:
    """Return the divergence by the number of parameters."""
    points = [point["kl_bits"] for point in results["networks"]]
    between = min(p["low"] for p in points) / 1.2, max(p["high"] for p in points) * 1.2
    lines = tuple(_line(results, name) for name in NETWORKS)
    y_title = "KL divergence (bits a word)"
    return {TITLE: Chart("parameters", y_title, between, lines, logarithmic="both")}


def page(results: Results) -> Page:
    """Return the content of the page."""
    plan, training = results["plan"], results["plan"]["training"]
    reached, *compared = tables(results)
    (chart,) = charts(results).values()
    seconds = sum(run["train_seconds"] for run in results["runs"])
    lead = (
        f"SRN, GRU and LSTM of {min(plan['sizes'])} to {max(plan['sizes'])} units learned "
        f"{plan['train']:,} sentences of one grammar in {training['epochs']} epochs, each "
        f"{len(results['seeds'])} times, {seconds / 60:.0f} minutes of training in all. The KL "
        "divergence from the grammar's own distribution of the next word, in bits, says how far "
        "each is from the truth; 0 is the truth."
    )
    said = " ".join(one["statement"] for one in results["statements"])
    facts = {"command": results["command"], "seeds": listed(map(str, results["seeds"]))}
    return Page(
        TITLE,
        lead,
        (
            Section("Parameters against distance from the truth", HOW_CHART, chart),
            *(Section("Who needs fewer?", f"{said}\n\n{HOW_COMPARED}", one) for one in compared),
            Section("What each size reached", HOW_REACHED, reached),
        ),
        facts | results["versions"],
    )


HOW_CHART = (
    "Both axes are logarithmic. Parameters count everything that is learned: embedding, network "
    "and decoder. Points are geometric means over seeds, bars their 95% intervals (Student's t, of "
    "the logarithms). The lower, the nearer to the truth; the farther left, the cheaper."
)
HOW_COMPARED = (
    "The ratio of two divergences at the same number of parameters, between two sizes on the "
    "straight line of the chart: geometric mean over seeds, with its 95% interval; below 1, the "
    "first is nearer to the grammar. Each interval stands for itself, and for this language, this "
    "length of training and one learning rate for all."
)
HOW_REACHED = "Each seed has sentences of its own, to learn from and to measure on."


# The pieces ---------------------------------------------------------------------------------------


def _statement(results: Results, network: str, other: str) -> dict[str, Any]:
    rows = [
        one for one in results["comparisons"] if (one["network"], one["other"]) == (network, other)
    ]
    nearer = [one["parameters"] for one in rows if one["high"] < 1]
    farther = [one["parameters"] for one in rows if one["low"] > 1]
    apart = [one["parameters"] for one in rows if one["low"] <= 1 <= one["high"]]
    said = [
        f"{what} at {listed(f'{count:,}' for count in counts)}"
        for what, counts in (
            ("nearer to the grammar", nearer),
            ("farther from the grammar", farther),
            ("not told apart", apart),
        )
        if counts
    ]
    return {
        "network": network,
        "other": other,
        "nearer": nearer,
        "farther": farther,
        "statement": f"Beside an {NETWORKS[other]} of as many parameters the {NETWORKS[network]} "
        f"is {listed(said)} parameters.",
    }


def _line(results: Results, network: str) -> Line:
    own = [point for point in results["networks"] if point["network"] == network]
    own.sort(key=lambda point: point["parameters"])
    y, low, high = (tuple(point["kl_bits"][v] for point in own) for v in ("mean", "low", "high"))
    x = tuple(float(point["parameters"]) for point in own)
    return Line(NETWORKS[network], x, y, low, high)


def _reached(results: Results) -> Table:
    rows = []
    for point in results["networks"]:
        kl, network = point["kl_bits"], point["parameters_of_the_network"]
        counts = (f"{n:,}" for n in (point["hidden_size"], point["parameters"], network))
        interval = f"{kl['low']:.4f} to {kl['high']:.4f}"
        seconds = f"{point['train_seconds']:.0f}"
        rows.append((NETWORKS[point["network"]], *counts, f"{kl['mean']:.4f}", interval, seconds))
    columns = ("network", "units", "parameters", "of the network", "KL", "95% interval", "seconds")
    return Table(columns, rows)


def _compared(results: Results) -> Table:
    rows = [
        (
            f"{one['parameters']:,}",
            f"{NETWORKS[one['network']]} / {NETWORKS[one['other']]}",
            f"{one['mean']:.3f}",
            f"{one['low']:.3f} to {one['high']:.3f}",
        )
        for one in results["comparisons"]
    ]
    return Table(("parameters", "KL of", "ratio", "95% interval"), rows)
