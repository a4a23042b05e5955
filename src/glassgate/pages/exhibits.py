"""Exhibits: a figure, table or text with title, explanation, definition and numbers to download."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike
from plotly import graph_objects as go

from glassgate.pages.coloured_text import ColouredText
from glassgate.pages.content import Table
from glassgate.pages.definitions import TREE, VALUES, Definition
from glassgate.pages.figures import FEW_COLUMNS, Band, gate_figure
from glassgate.pages.trees import tree_figure

if TYPE_CHECKING:
    from glassgate.inside.clusters import Tree

UNIT_GRID = "Each row is a unit and each column a step: "
READINGS = {
    "kept": UNIT_GRID
    + "yellow means that the state is passed on unchanged, blue that it is dropped.",
    "reset": UNIT_GRID + "where it is blue, the candidate ignores the past.",
    "input": UNIT_GRID + "where it is yellow, new content is written.",
    "output": UNIT_GRID + "where it is yellow, the rest of the network sees the cell.",
    "hidden": UNIT_GRID + "orange is a state near 1, blue near -1, white near 0.",
}
COLUMN_WIDTH, NARROW_COLUMN_WIDTH = 14, 10  # pixels, of a picture of few words or of many
SIDE_WIDTH = 130  # pixels, of axis title and colour bar together


@dataclass(frozen=True)
class Numbers:
    """The numbers behind a figure, as a CSV file.

    Numbers are written so that they read back unchanged; infinity is written as `inf`.
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
        """Return the file as a data URL, which a browser can save without a network."""
        return (
            "data:text/csv;charset=utf-8;base64," + base64.b64encode(self.csv().encode()).decode()
        )


@dataclass(frozen=True)
class Exhibit:
    """A figure or table that explains itself.

    Attributes
    ----------
    title
        What it shows.
    reading
        How to read it, in one sentence.
    definition
        Of what is measured; it appears on hover or keyboard focus.
    numbers
        To download.
    body
        The figure, table or coloured text itself.
    width
        Its minimum width in pixels; it scrolls on a narrower screen.
    full_row
        Whether it takes a whole row of the page.
    """

    title: str
    reading: str
    definition: Definition
    numbers: Numbers
    body: go.Figure | Table | ColouredText
    width: int = 0
    full_row: bool = False


def unit_exhibit(
    name: str,
    source: str,
    words: Sequence[str],
    values: ArrayLike,
    order: Sequence[int],
    y_title: str,
    file: str,
    band: Band | None = None,
) -> Exhibit:
    """Show one gate, or the state, of every unit at every word of a text.

    Parameters
    ----------
    name
        "kept", "reset", "input", "output" or "hidden", the state.
    source
        Follows the name in the title: the layer and the text.
    words
        What each of the T steps read.
    values
        [T][H].
    order
        The units from top to bottom.
    y_title
        Explains that order.
    file
        The name of the CSV file.
    band
        The words to highlight.
    """
    array = np.asarray(values)  # (T, H)
    rows = [
        (step, word, unit, array[step, unit])
        for step, word in enumerate(words)
        for unit in range(array.shape[1])
    ]
    return Exhibit(
        f"{VALUES[name].term}{source}",
        READINGS[name],
        VALUES[name],
        Numbers(file, ("step", "word", "unit", name), rows),
        gate_figure("", words, array, order, y_title, signed=name == "hidden", band=band),
        picture_width(words),
    )


def tree_exhibit(
    title: str, tree: Tree, classes: Sequence[str], file: str, step: str = "word"
) -> Exhibit:
    """Show which words a network treats alike; `file` is the name of the CSV file."""
    N = len(tree.labels)
    names = [*tree.labels, *(f"cluster {N + row}" for row in range(N - 1))]
    rows = [
        (f"cluster {N + row}", names[int(first)], names[int(second)], distance, int(size))
        for row, (first, second, distance, size) in enumerate(tree.merges.tolist())
    ]
    return Exhibit(
        title,
        f"Branches that meet early, near the {step}s, lead to {step}s that leave the network in "
        f"similar states{'; a branch within one group has its colour' if classes else ''}.",
        TREE,
        Numbers(file, ("cluster", "joins", "and", "distance", f"{step}s"), rows),
        tree_figure(tree, classes),
    )


def picture_width(words: Sequence[str]) -> int:
    """Return the minimum width in pixels of a picture with these words as columns."""
    column = COLUMN_WIDTH if len(words) <= FEW_COLUMNS else NARROW_COLUMN_WIDTH
    return SIDE_WIDTH + column * len(words)
