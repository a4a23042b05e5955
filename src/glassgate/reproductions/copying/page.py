"""The results of the reproduction for readers: tables, a chart, a page."""

from __future__ import annotations

from glassgate.pages.content import Chart, Page, Table
from glassgate.reproductions.bai2018 import page as shared
from glassgate.reproductions.copying.results import Results
from glassgate.reproductions.copying.summary import MARGIN

TEXT = shared.Text(
    title="Copying memory",
    problem="Ten symbols, each one of eight, are to be repeated after T steps of waiting.",
    loss="cross-entropy in nats, mean over all T + 20 steps",
    right="The share right is that of the ten symbols where they are due.",
    margins=f"The margin of {MARGIN} is a twentieth of the loss of answering blanks and then "
    "guessing the symbols, 10 ln 8 / (T + 20) = 0.0204 at T = 1,000.",
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
