"""A figure or table that explains itself, and gives its numbers away."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from plotly import graph_objects as go

from glassgate.pages.content import Table


@dataclass(frozen=True)
class Numbers:
    """What a figure shows, as a table for a program: columns by name, rows of numbers and text.

    Numbers are written so that they read back as the same; an infinite one is `inf`.
    """

    file: str
    columns: Sequence[str]
    rows: Iterable[Sequence[object]]

    def csv(self) -> str:
        """Return the text of the CSV file."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows([str(value) for value in row] for row in self.rows)
        return text.getvalue()

    def link(self) -> str:
        """Return the file as an address that a browser saves without a network."""
        return (
            "data:text/csv;charset=utf-8;base64," + base64.b64encode(self.csv().encode()).decode()
        )


@dataclass(frozen=True)
class Definition:
    """What a term means and who says so: a sentence or two."""

    term: str
    meaning: str


@dataclass(frozen=True)
class Exhibit:
    """A figure or table with all that a reader needs.

    Attributes
    ----------
    title
        What it shows.
    reading
        How to read it, one sentence.
    definition
        Of what is measured; it shows on hover and to whoever comes by keyboard.
    numbers
        To download.
    body
        The figure or table itself.
    width
        The least that it needs, in pixels; on a narrower screen it scrolls.
    row
        Whether it has a row to itself.
    """

    title: str
    reading: str
    definition: Definition
    numbers: Numbers
    body: go.Figure | Table
    width: int = 0
    row: bool = False
