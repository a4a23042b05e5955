"""Figures at several moments, which one slider of the page moves together.

Each figure is drawn as it is at the last moment, which a printed page shows too. A script that
`moments.html` adds to the page exchanges what differs at another moment. Where scripts are off, a
picture shows the last moment.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from plotly import graph_objects as go
from plotly.io.json import to_json_plotly

from glassgate.gates import memory_span
from glassgate.pages.charts import chart_exhibit, charts_png
from glassgate.pages.content import Chart, OverTime, UnitPicture
from glassgate.pages.exhibits import Exhibit, Numbers, unit_exhibit
from glassgate.pages.pictures import GatePanel, gate_picture

X_MARGIN = 0.03  # share of a horizontal axis left free at either end
TICK_MARGIN = 0.4  # of the distance of two named ticks: room for half the name of the last


@dataclass(frozen=True)
class MovingExhibit(Exhibit):
    """An exhibit whose figure shows the last of several moments, and what differs at the others.

    Attributes
    ----------
    moments
        What each moment is called.
    changes
        For each moment, what the slider sets in each trace of the figure.
    """

    moments: Sequence[str] = ()
    changes: Sequence[Sequence[Mapping[str, Any]]] = ()

    def changes_json(self) -> str:
        """Return the changes as JSON that can stand within a script element."""
        return str(to_json_plotly(self.changes)).replace("<", "\\u003c")


def moving_exhibits(body: OverTime, number: int) -> list[MovingExhibit]:
    """Draw what a section shows at each moment; `number` is that of the section on its page."""
    at_moments = [_exhibits(shown, number) for shown in body.bodies]
    return [_join(body.moments, alike) for alike in zip(*at_moments, strict=True)]


def still_picture(body: OverTime) -> bytes:
    """Draw the last moment as a PNG, for browsers that run no scripts."""
    last = body.bodies[-1]
    if not isinstance(last, UnitPicture):
        return charts_png(last)
    gates = {name: np.array(values) for name, values in last.gates.items()}  # (T, H) each
    panel = GatePanel(gates, memory_span(gates["kept"].mean(0)))
    file = io.BytesIO()
    gate_picture(last.words, [panel], file, body.moments[-1])
    return file.getvalue()


def _exhibits(shown: Mapping[str, Chart] | UnitPicture, number: int) -> list[Exhibit]:
    """Draw one moment."""
    if isinstance(shown, UnitPicture):
        return unit_exhibits(shown, number)
    return [
        chart_exhibit(chart, title, f"chart_{number}_{index}.csv")
        for index, (title, chart) in enumerate(shown.items(), start=1)
    ]


def unit_exhibits(picture: UnitPicture, number: int) -> list[Exhibit]:
    """Draw each gate of a picture; `number` is that of the section on its page."""
    return [
        unit_exhibit(
            name,
            source="",
            words=picture.words,
            values=values,
            order=picture.order,
            y_title=picture.by,
            file=f"{name}_{number}.csv",
            band=picture.band,
        )
        for name, values in picture.gates.items()
    ]


def _join(moments: Sequence[str], alike: Sequence[Exhibit]) -> MovingExhibit:
    """Make one exhibit of those of all moments; its numbers are those of all moments, too."""
    last = alike[-1]
    drawn = [exhibit.body for exhibit in alike]
    assert all(isinstance(figure, go.Figure) for figure in drawn)
    numbers = Numbers(
        last.numbers.file,
        ("moment", *last.numbers.columns),
        [
            (moment, *row)
            for moment, exhibit in zip(moments, alike, strict=True)
            for row in exhibit.numbers.rows
        ],
    )
    _fix_x_range(last.body, drawn)
    own = {field.name: getattr(last, field.name) for field in fields(Exhibit)}
    return MovingExhibit(**{**own, "numbers": numbers}, moments=moments, changes=_changes(drawn))


def _changes(figures: Sequence[go.Figure]) -> list[list[dict[str, Any]]]:
    """Return for each figure what its traces have that is not the same in all figures."""
    all_traces = [figure.to_plotly_json()["data"] for figure in figures]
    same_trace = list(zip(*all_traces, strict=True))
    varying = [
        [key for key in traces[-1] if len({to_json_plotly(trace[key]) for trace in traces}) > 1]
        for traces in same_trace
    ]
    return [
        [
            {name: trace[name] for name in names}
            for trace, names in zip(traces, varying, strict=True)
        ]
        for traces in all_traces
    ]


def _fix_x_range(last: go.Figure, figures: Sequence[go.Figure]) -> None:
    """Give a figure of lines a horizontal axis that has room for the lines of all."""
    if any(trace.type != "scatter" for trace in last.data):
        return
    x = np.concatenate([trace.x for figure in figures for trace in figure.data]).astype(float)
    margin = X_MARGIN * (x.max() - x.min())
    if last.layout.xaxis.ticktext:  # a name that does not fit is not drawn
        margin = max(margin, TICK_MARGIN)
    last.update_xaxes(range=[x.min() - margin, x.max() + margin])
