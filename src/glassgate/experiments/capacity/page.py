"""The results of the capacity experiment as a person reads them: tables, a chart, a page."""

from __future__ import annotations

from glassgate.experiments.capacity.results import Results
from glassgate.experiments.capacity.summary import NETWORKS
from glassgate.pages.content import Chart, Line, Page, Section, Table

TITLE = "How near to the truth, with how many parameters?"


def tables(results: Results) -> list[Table]:
    """Return what each size reached, and the comparison at equal numbers of parameters, if any."""
    return [_point_table(results), *([_ratio_table(results)] if results["comparisons"] else [])]


def charts(results: Results) -> dict[str, Chart]:
    """Return the divergence by the number of parameters."""
    points = [point["kl_bits"] for point in results["networks"]]
    y_range = min(p["low"] for p in points) / 1.2, max(p["high"] for p in points) * 1.2
    lines = tuple(_line(results, network) for network in NETWORKS)
    y_title = "KL divergence (bits a word)"
    return {TITLE: Chart("parameters", y_title, y_range, lines, logarithmic="both")}


def page(results: Results) -> Page:
    """Return the content of the page."""
    plan, training = results["plan"], results["plan"]["training"]
    points, *ratios = tables(results)
    (chart,) = charts(results).values()
    seconds = sum(run["train_seconds"] for run in results["runs"])
    lead = (
        f"SRN, GRU and LSTM of {min(plan['sizes'])} to {max(plan['sizes'])} units learned "
        f"{plan['train']:,} sentences of one grammar in {training['epochs']} epochs, each "
        f"{len(results['seeds'])} times, {seconds / 60:.0f} minutes of training in all. The KL "
        "divergence from the grammar's own distribution of the next word, in bits, says how far "
        "each is from the truth; 0 is the truth."
    )
    statements = " ".join(one["statement"] for one in results["statements"])
    explanation = f"{statements}\n\n{HOW_COMPARED}"
    return Page(
        TITLE,
        lead,
        (
            Section("Parameters against distance from the truth", HOW_CHART, chart),
            *(Section("Which network needs fewer?", explanation, table) for table in ratios),
            Section("What each size reached", HOW_REACHED, points),
        ),
        {},
    )


HOW_CHART = (
    "Both axes are logarithmic. Parameters include everything that is learned: embedding, network "
    "and decoder. Points are geometric means over seeds, bars their 95% intervals (Student's t, of "
    "the logarithms). Lower is nearer to the truth; farther left is cheaper."
)
HOW_COMPARED = (
    "The table has the ratio of two divergences at the same number of parameters, read between two "
    "sizes along the straight line of the chart: the geometric mean over seeds, with its 95% "
    "interval. Below 1, the first network is nearer to the grammar; where the interval contains 1, "
    "the comparison is undecided. Each interval is for one comparison alone, not for all together, "
    "and holds for this language, this length of training and one learning rate for all."
)
HOW_REACHED = "Each seed has sentences of its own, both to learn from and to be tested on."


# The pieces ---------------------------------------------------------------------------------------


def _line(results: Results, network: str) -> Line:
    points = [point for point in results["networks"] if point["network"] == network]
    points.sort(key=lambda point: point["parameters"])
    x = tuple(float(point["parameters"]) for point in points)
    kl = [point["kl_bits"] for point in points]
    return Line(
        NETWORKS[network],
        x,
        tuple(one["mean"] for one in kl),
        tuple(one["low"] for one in kl),
        tuple(one["high"] for one in kl),
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
    columns = ("network", "units", "parameters", "of the network", "KL", "95% interval", "seconds")
    return Table(columns, rows)


def _ratio_table(results: Results) -> Table:
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
