"""The content of a page as plain data; `glassgate.pages.render` decides how it looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from glassgate.inside.clusters import Tree


@dataclass(frozen=True)
class Line:
    """One line of a chart: a y for each x, and optionally an interval around each y."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()


@dataclass(frozen=True)
class Chart:
    """Lines that share one pair of axes.

    Attributes
    ----------
    x_title, y_title
        Of the axes. `y_title` also selects the definition shown with the chart: see
        `glassgate.pages.charts.MEASURES`.
    y_range
        Of the vertical axis.
    lines
        Seven at most.
    band
        A highlighted stretch of x: where it starts, where it ends, its label.
    ticks
        Labels for x = 0, 1, 2, ... in place of numbers.
    logarithmic
        Which axes are logarithmic.
    """

    x_title: str
    y_title: str
    y_range: tuple[float, float]
    lines: tuple[Line, ...]
    band: tuple[float, float, str] | None = None
    ticks: tuple[str, ...] = ()
    logarithmic: Literal["none", "y", "both"] = "none"


@dataclass(frozen=True)
class Table:
    """A table of formatted text; the first column names the row.

    A cell may have several lines. The caption stands above the table.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""


@dataclass(frozen=True)
class UnitPicture:
    """The gates of every unit at every word of one text.

    Attributes
    ----------
    words
        The T words of the text.
    gates
        Values from 0 to 1 by the name of the gate, [T][H].
    order
        The units from top to bottom.
    by
        The title of the vertical axis, which explains the order.
    band
        The highlighted words, if any: index of the first, index after the last, label.
    """

    words: Sequence[str]
    gates: Mapping[str, Sequence[Sequence[float]]]
    order: Sequence[int]
    by: str
    band: tuple[float, float, str] | None = None


@dataclass(frozen=True)
class OverTime:
    """Charts, or the gates over a text, at several moments: a slider of the page chooses one.

    Attributes
    ----------
    moments
        What each moment is called, in order; the same in all sections of a page.
    bodies
        What is shown at each: charts with the same titles, axes and names of lines, or gates of
        the same units over the same text.
    """

    moments: Sequence[str]
    bodies: Sequence[Mapping[str, Chart]] | Sequence[UnitPicture]


@dataclass(frozen=True)
class TreePicture:
    """Which words a network treats alike, as a tree.

    Attributes
    ----------
    tree
        As `glassgate.inside.similarity_tree` returns it.
    classes
        The class of each of its labels, at most seven different ones; none is no colours.
    """

    tree: Tree
    classes: Sequence[str] = ()


@dataclass(frozen=True)
class Section:
    """One question, how to read its answer, and the answer.

    Attributes
    ----------
    heading
        The question.
    explanation
        Paragraphs separated by empty lines.
    body
        The answer: a table, several tables with captions, a chart, several charts by title, the
        gates over a text, a tree, several trees by title, or charts or gates at several moments.
    """

    heading: str
    explanation: str
    body: (
        Table
        | Sequence[Table]
        | Chart
        | Mapping[str, Chart]
        | UnitPicture
        | OverTime
        | TreePicture
        | Mapping[str, TreePicture]
    )


@dataclass(frozen=True)
class Page:
    """A page: title, opening paragraph, sections from top to bottom, and how it was made."""

    title: str
    lead: str
    sections: tuple[Section, ...]
    facts: Mapping[str, str]
