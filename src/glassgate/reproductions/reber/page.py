"""The results for readers: tables, charts, a page."""

from __future__ import annotations

from glassgate.analysis.intervals import Estimate
from glassgate.pages.content import Chart, Line, Page, Section, Table
from glassgate.reproductions.networks import HOW_NETWORKS, NETWORKS
from glassgate.reproductions.page import (
    comparison_sections,
    comparison_table,
    count_outcomes,
)
from glassgate.reproductions.reber.results import Embedded, Results

GRAMMARS = {
    "embedded": "nothing in between depends on the letter",
    "biased": "the letters in between depend on it a little",
}


def tables(results: Results) -> list[Table]:
    """Return which strings are accepted, how often the letter is right, and what was published."""
    return [
        _plain_table(results),
        _embedded_table(results),
        comparison_table(results["comparisons"]),
    ]


def charts(results: Results) -> dict[str, Chart]:
    """Return the share of right letters by the number of letters in between."""
    return {
        f"The letter that returns, where {title}": _chart(results, grammar)
        for grammar, title in GRAMMARS.items()
    }


def page(results: Results) -> Page:
    """Return the content of the page."""
    plain, embedded, _ = tables(results)
    return Page(
        "Do networks learn the Reber grammar?",
        _lead(results),
        (
            *comparison_sections(results["comparisons"]),
            Section("Plain: which strings are accepted?", HOW_PLAIN, plain),
            Section("Embedded: is the letter remembered?", HOW_EMBEDDED, charts(results)),
            Section("Embedded: all lengths together", HOW_ALL, embedded),
        ),
        {},
    )


HOW_PLAIN = (
    "A string is accepted if each of its letters is predicted with more than 0.3: after each "
    "letter two are possible, and each has 0.5. The table has the share of new grammatical strings "
    "that are accepted, of the longest tenth of them, and the share of random strings that are "
    "rejected if they are not grammatical; the last column counts the seeds that judge every "
    "string correctly. Means over seeds with 95% intervals (Student's t)."
)
HOW_EMBEDDED = (
    "A string of the plain grammar stands in a frame: t or p comes before it and returns behind "
    "it. The network has to prefer the right one of the two there; guessing is right half of the "
    "time. In one grammar the string in between is the same after t and p. In the other its arcs "
    "have weights of 0.6 and 0.4 after t, and the other way round after p, so each letter in "
    "between also says a little about the first."
)
HOW_ALL = "Means over seeds with 95% intervals (Student's t)."


# The pieces ---------------------------------------------------------------------------------------


def _lead(results: Results) -> str:
    plan = results["plan"]
    runs = [*results["plain_runs"], *results["embedded_runs"]]
    seconds = sum(run["train_seconds"] for run in runs)
    return (
        "An SRN that predicts the next letter of strings of a finite-state grammar becomes a "
        "perfect recognizer of it, wrote Cleeremans, Servan-Schreiber and McClelland (1989), and "
        "a letter that comes back much later tends to be lost, if nothing in between depends on "
        f"it. Here SRNs and GRUs of {plan['hidden_size']} units learn the plain grammar, and "
        f"others of {plan['embedded_size']} units the embedded ones, from {plan['train']:,} "
        f"strings, with {len(results['seeds'])} seeds each, {seconds / 60:.0f} minutes of training "
        "in total. "
        f"{HOW_NETWORKS} "
        f"{count_outcomes(results['comparisons'])}"
    )


def _plain_table(results: Results) -> Table:
    rows = [
        (
            NETWORKS[row["network"]],
            str(row["parameters"]),
            *(_cell(row[name]) for name in ("grammatical", "longest", "random")),
            f"{row['perfect']} of {len(results['seeds'])}",
        )
        for row in results["plain"]
    ]
    columns = ("network", "parameters", "accepted", "the longest", "rejected", "perfect")
    return Table(columns, rows)


def _embedded_table(results: Results) -> Table:
    rows = [
        (
            f"{NETWORKS[row['network']]}: {row['grammar']}",
            str(row["parameters"]),
            _cell(row["right"]),
        )
        for row in results["embedded"]
    ]
    return Table(("network and grammar", "parameters", "right letter preferred"), rows)


def _cell(value: Estimate) -> str:
    return f"{value['mean']:.3f} ({value['low']:.3f} to {value['high']:.3f})"


def _chart(results: Results, grammar: str) -> Chart:
    lines = tuple(_line(row) for row in results["embedded"] if row["grammar"] == grammar)
    lowest = min((low for line in lines for low in line.low), default=0.5)
    y_range = (min(0.4, lowest - 0.03), 1.05)
    return Chart("letters in between", "accuracy", y_range, lines, ticks=tuple(results["bins"]))


def _line(row: Embedded) -> Line:
    points = [(float(x), share) for x, share in enumerate(row["by_length"]) if share is not None]
    return Line(
        NETWORKS[row["network"]],
        tuple(x for x, _ in points),
        tuple(share["mean"] for _, share in points),
        tuple(share["low"] for _, share in points),
        tuple(share["high"] for _, share in points),
    )
