"""What a page on an experiment says, as plain data: whoever renders it decides how it looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Line:
    """One line of a chart: a y for each x, and perhaps an interval around each."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()


@dataclass(frozen=True)
class Chart:
    """Lines over one pair of axes.

    `band` is a stretch of x that stands out, with its name; `ticks` are what stands at x = 0, 1,
    2, ... in place of numbers; `logarithmic` names the axes that are: y, or both.
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
    """Rows as a person reads them; the first column names the row."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""


@dataclass(frozen=True)
class UnitPicture:
    """What each unit did at each word of one text.

    `gates` holds, by the name of the gate, 0..1 for each word and unit, [T][H]. The units stand in
    `order` from top to bottom, `by` says which order that is. `band` are words that stand out, from
    the one to before the other, with their name.
    """

    words: Sequence[str]
    gates: Mapping[str, Sequence[Sequence[float]]]
    order: Sequence[int]
    by: str
    band: tuple[float, float, str]


@dataclass(frozen=True)
class Section:
    """One answer: a heading, how to read what follows, and what answers it.

    That is a table, a chart, charts by title, or what units did over a text. The explanation's
    paragraphs have an empty line between them.
    """

    heading: str
    explanation: str
    body: Table | Chart | Mapping[str, Chart] | UnitPicture


@dataclass(frozen=True)
class Page:
    """A page: what it is about, its sections from top to bottom, and how it was made."""

    title: str
    lead: str
    sections: tuple[Section, ...]
    facts: Mapping[str, str]
