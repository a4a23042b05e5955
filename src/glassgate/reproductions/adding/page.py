"""The results of the reproduction for readers: tables, a chart, a page."""

from __future__ import annotations

from glassgate.pages.content import Chart, Page, Table
from glassgate.reproductions.adding.results import Results
from glassgate.reproductions.adding.summary import FACTOR, MARGIN
from glassgate.reproductions.bai2018 import page as shared

TEXT = shared.Text(
    title="The adding problem",
    problem="Each of T steps has a number from 0 to 1 and a mark; two steps are marked, and the "
    "sum of their numbers is due at the end.",
    loss="mean squared error",
    right="A sum within 0.08 counts as right (Hochreiter & Schmidhuber 1997).",
    margins=f"The margin of {MARGIN} is half the 95% interval of an error that a network which "
    f"always answers 1 gets on 1,000 sequences, as many as were published; the factor of "
    f"{FACTOR:g} is a choice.",
)


def tables(results: Results) -> list[Table]:
    """Return the comparisons, and what each network reached."""
    return shared.tables(results)


def charts(results: Results) -> dict[str, Chart]:
    """Return the learning curves."""
    return shared.charts(results, TEXT)


def page(results: Results) -> Page:
    """Return the content of the page."""
    return shared.page(results, TEXT)
