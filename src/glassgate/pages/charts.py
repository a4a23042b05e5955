"""The charts of an experiment, each with what a reader needs of it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from plotly import graph_objects as go

from glassgate.pages.colours import colour
from glassgate.pages.content import Chart, Line
from glassgate.pages.definitions import GRADIENT, VALUES
from glassgate.pages.exhibit import Definition, Exhibit, Numbers
from glassgate.pages.figures import ROUND, SYMBOLS, new_figure

MARKS = (*SYMBOLS.values(), "cross", "star")
FORMS = {"gru, spans set": "circle-open", "lstm, spans set": "square-open"}
OWN = SYMBOLS | FORMS
"""The marks of networks, the same in every chart; those of `FORMS` have a dotted line."""
MEASURES = {
    "accuracy": Definition(
        "Accuracy", "the share of choices that are right, of two each, so that 0.5 is chance."
    ),
    "cost in accuracy": Definition(
        "Cost", "the accuracy of the whole network less that with the unit held."
    ),
    "KL divergence (bits a word)": Definition(
        "KL divergence",
        "the mean over places of sum p(w) log2 (p(w) / q(w)), p the grammar's own distribution of "
        "the next word and q the network's (Kullback & Leibler 1951): 0 where they are the same.",
    ),
    "loss / loss of ignoring the input": Definition(
        "Loss",
        "the squared error of a sum, or -ln of the probability of what is to be said, as a "
        "multiple of what the best network reaches that ignores its input.",
    ),
    "share of the gradient that is left": GRADIENT,
    "kept share": VALUES["kept"],
    "reset gate": VALUES["reset"],
}
"""What is measured up a chart, by the title of that axis."""


MARKERS = "os^DvP*"
DASHES: tuple[Any, ...] = ("-", "--", ":", "-.", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 3)), (0, (9, 3)))


def chart_exhibit(chart: Chart, title: str, file: str) -> Exhibit:
    """Show a chart with how to read it, what it measures, and its numbers in a CSV `file`."""
    return Exhibit(
        title or f"{chart.y_title[0].upper()}{chart.y_title[1:]}",
        _reading(chart),
        MEASURES[chart.y_title],
        Numbers(file, ("line", "x", "y", "low", "high"), _rows(chart)),
        chart_figure(chart),
    )


def _reading(chart: Chart) -> str:
    axes = {"none": "", "y": " Up, the axis is logarithmic.", "both": " Both axes are logarithmic."}
    bars = " Bars are 95% intervals." if any(line.low for line in chart.lines) else ""
    return f"Up: {chart.y_title}; across: {chart.x_title}.{axes[chart.logarithmic]}{bars}"


def chart_figure(chart: Chart) -> go.Figure:
    """Draw a chart of seven lines at most, each in a colour and with a marker of its own."""
    figure = new_figure("", 420, xaxis_title=chart.x_title, yaxis_title=chart.y_title)
    figure.update_xaxes(ticklabelstandoff=8)  # so that labels do not touch at the origin
    form = ".3f" if chart.logarithmic == "none" else ".3~g"
    for place, line in enumerate(chart.lines):
        drawn, own = colour(line.name, place), line.name.lower()
        figure.add_scatter(
            x=line.x,
            y=line.y,
            name=line.name,
            mode="lines+markers" if line.low else "lines",
            line={"color": drawn, "width": 2.5, "dash": "dot" if own in FORMS else "solid"},
            marker={"symbol": OWN.get(own, MARKS[place]), "size": 9},
            error_y=_intervals(line, drawn) if line.low else None,
            hovertemplate=f"{line.name}: %{{y:{form}}}<extra></extra>",
        )
    if chart.band:
        left, right, name = chart.band
        figure.add_vrect(left, right, fillcolor="#000000", opacity=0.08, line_width=0)
        figure.add_annotation(x=(left + right) / 2, y=1, yref="paper", text=name, showarrow=False)
    if chart.ticks:
        figure.update_xaxes(tickvals=list(range(len(chart.ticks))), ticktext=list(chart.ticks))
    figure.update_yaxes(range=list(chart.y_range))
    if chart.logarithmic != "none":
        figure.update_yaxes(type="log", range=np.log10(chart.y_range).tolist())
        few = chart.y_range[1] < 1e4 * chart.y_range[0]  # powers of ten
        figure.update_yaxes(exponentformat="power", tickvals=ROUND if few else None)
    if chart.logarithmic == "both":
        figure.update_xaxes(type="log", tickvals=ROUND)
    return figure


def _rows(chart: Chart) -> list[tuple[object, ...]]:
    """Give a row for each point; what has no interval has no ends of one."""
    none = ("",)
    return [
        (line.name, *point)
        for line in chart.lines
        for point in zip(
            [chart.ticks[int(x)] for x in line.x] if chart.ticks else line.x,
            line.y,
            line.low or none * len(line.y),
            line.high or none * len(line.y),
            strict=True,
        )
    ]


def _intervals(line: Line, drawn: str) -> dict[str, object]:
    above = [high - y for y, high in zip(line.y, line.high, strict=True)]
    below = [y - low for y, low in zip(line.y, line.low, strict=True)]
    return {"array": above, "arrayminus": below, "color": drawn, "thickness": 1}


def picture(charts: Mapping[str, Chart]) -> bytes:
    """Draw charts below one another, each under its title, and return a PNG.

    A chart has seven lines at most, each told apart by colour, mark and dashes.
    """
    figure = Figure(figsize=(8, 3.35 * len(charts)), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    subplots = figure.subplots(len(charts), 1, squeeze=False)[:, 0]
    for axes, (title, chart) in zip(subplots, charts.items(), strict=True):
        _draw(axes, chart)
        axes.set_title(title, loc="left")
    file = io.BytesIO()
    figure.savefig(file, format="png", metadata={"Software": None})
    return file.getvalue()


def _draw(axes: Axes, chart: Chart) -> None:
    if chart.band:
        axes.axvspan(chart.band[0], chart.band[1], color="0.9", label=chart.band[2])
    for i, line in enumerate(chart.lines):
        drawn = colour(line.name, i)
        style: dict[str, Any] = {"color": drawn, "linestyle": DASHES[i], "label": line.name}
        axes.plot(line.x, line.y, marker=MARKERS[i], markersize=4, **style)
        if line.low:
            y, low, high = np.array(line.y), np.array(line.low), np.array(line.high)
            size = (np.maximum(0, y - low), np.maximum(0, high - y))
            axes.errorbar(line.x, y, yerr=size, fmt="none", capsize=3, color=drawn)
    if chart.ticks:
        axes.set_xticks(range(len(chart.ticks)), chart.ticks)
    if chart.logarithmic != "none":
        axes.set_yscale("log")
    if chart.logarithmic == "both":
        axes.set_xscale("log")
    axes.set(xlabel=chart.x_title, ylabel=chart.y_title, ylim=chart.y_range)
    axes.grid(alpha=0.3)
    axes.legend(loc="best", fontsize="small")
