"""Charts of lines, drawn with plotly for pages and with matplotlib for PNG files."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from plotly import graph_objects as go

from glassgate.pages.colours import colour
from glassgate.pages.content import Chart, Line
from glassgate.pages.definitions import GRADIENT, SPAN, VALUES, Definition
from glassgate.pages.exhibits import Exhibit, Numbers
from glassgate.pages.figures import ROUND_TICKS, SYMBOLS, new_figure

MIN_TICKS = 3  # of a logarithmic axis, for a reader to see that it is one
SYMBOLS_BY_INDEX = (*SYMBOLS.values(), "cross", "star")
VARIANT_SYMBOLS = {
    "gru, spans set": "circle-open",
    "lstm, spans set": "square-open",
    "srn, copied context": "triangle-up-open",
}
"""The symbols of variants of a network, whose lines are dotted."""
SYMBOLS_BY_NAME = SYMBOLS | VARIANT_SYMBOLS
"""A network has the same symbol in every chart; other lines go by their index."""
MEASURES = {
    "accuracy": Definition("Accuracy", "the share of correct answers; chance is 0.5."),
    "accuracy over ten classes": Definition(
        "Accuracy", "the share of correct answers; chance is 0.1."
    ),
    "cost in accuracy": Definition(
        "Cost", "the accuracy of the whole network minus its accuracy with the unit held."
    ),
    "KL divergence (bits per word)": Definition(
        "KL divergence",
        "the mean over positions of sum p(w) log2(p(w) / q(w)), where p is the grammar's "
        "distribution of the next word and q the network's (Kullback & Leibler 1951): 0 where "
        "they agree.",
    ),
    "loss relative to the input-blind baseline": Definition(
        "Loss",
        "the squared error of a sum, or -ln of the probability of the correct symbol, as a "
        "multiple of the lowest loss that a network can reach without reading its input.",
    ),
    "squared error per bit": Definition(
        "Error",
        "the squared difference of the predicted probability that a bit is 1 and the bit, mean "
        "over the bits of a vector.",
    ),
    "state of the unit that counts": Definition(
        "State",
        "the value that the unit passes on to the next step, of an LSTM its cell, as a share of "
        "its range in this word.",
    ),
    "gradient relative to lag 0": GRADIENT,
    "memory span (words)": SPAN,
    "share of units": SPAN,
    "probability": Definition(
        "Probability", "what the network expects: the probability of a word before it is read."
    ),
    "kept share": VALUES["kept"],
    "reset gate": VALUES["reset"],
}
"""Definitions of what charts measure, by the title of their vertical axis."""

PNG_MARKERS = "os^DvP*"
PNG_DASHES: tuple[Any, ...] = (
    "-",
    "--",
    ":",
    "-.",
    (0, (5, 1, 1, 1, 1, 1)),
    (0, (1, 3)),
    (0, (9, 3)),
)


def chart_exhibit(chart: Chart, title: str, file: str) -> Exhibit:
    """Draw a chart with how to read it, what it measures, and its numbers as a CSV `file`."""
    return Exhibit(
        title or f"{chart.y_title[0].upper()}{chart.y_title[1:]}",
        _reading(chart),
        MEASURES[chart.y_title],
        Numbers(file, ("line", "x", "y", "low", "high"), _rows(chart)),
        chart_figure(chart),
    )


def _reading(chart: Chart) -> str:
    vertical = "" if chart.logarithmic == "none" else ", on a logarithmic axis"
    horizontal = ", on a logarithmic axis" if chart.logarithmic == "both" else ""
    bars = " Bars are 95% intervals." if any(line.low for line in chart.lines) else ""
    return f"Vertical: {chart.y_title}{vertical}; horizontal: {chart.x_title}{horizontal}.{bars}"


def chart_figure(chart: Chart) -> go.Figure:
    """Draw a chart of at most seven lines, each with its own colour and marker."""
    figure = new_figure("", 420, xaxis_title=chart.x_title, yaxis_title=chart.y_title)
    figure.update_xaxes(ticklabelstandoff=8)  # keep the axes' labels apart at the origin
    number_format = ".3f" if chart.logarithmic == "none" else ".3~g"
    for index, line in enumerate(chart.lines):
        line_colour, name = colour(line.name, index), line.name.lower()
        figure.add_scatter(
            x=line.x,
            y=line.y,
            name=line.name,
            mode="lines+markers" if line.low else "lines",
            line={
                "color": line_colour,
                "width": 2.5,
                "dash": "dot" if name in VARIANT_SYMBOLS else "solid",
            },
            marker={"symbol": SYMBOLS_BY_NAME.get(name, SYMBOLS_BY_INDEX[index]), "size": 9},
            error_y=_error_bars(line, line_colour) if line.low else None,
            hovertemplate=f"{line.name}: %{{y:{number_format}}}<extra></extra>",
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
        figure.update_yaxes(exponentformat="power", tickvals=_log_ticks(*chart.y_range))
    if chart.logarithmic == "both":
        figure.update_xaxes(type="log", tickvals=ROUND_TICKS)
    return figure


def _log_ticks(low: float, high: float) -> list[float] | None:
    """Return the ticks of a logarithmic axis; None leaves many decades to plotly.

    >>> _log_ticks(1e-6, 1.0), _log_ticks(0.8, 1.3)
    (None, [0.8, 0.9, 1.0, 1.1, 1.2, 1.3])
    """
    if high >= 1e4 * low:
        return None
    ticks = [tick for tick in ROUND_TICKS if low <= tick <= high]
    if len(ticks) >= MIN_TICKS:
        return ticks
    even = np.round(MaxNLocator(5).tick_values(low, high), 9).tolist()
    return [tick for tick in even if low <= tick <= high]


def _rows(chart: Chart) -> list[tuple[object, ...]]:
    """Return a row for each point; without an interval the cells for its ends are empty."""
    empty = ("",)
    return [
        (line.name, *point)
        for line in chart.lines
        for point in zip(
            [chart.ticks[int(x)] for x in line.x] if chart.ticks else line.x,
            line.y,
            line.low or empty * len(line.y),
            line.high or empty * len(line.y),
            strict=True,
        )
    ]


def _error_bars(line: Line, line_colour: str) -> dict[str, object]:
    above = [high - y for y, high in zip(line.y, line.high, strict=True)]
    below = [y - low for y, low in zip(line.y, line.low, strict=True)]
    return {"array": above, "arrayminus": below, "color": line_colour, "thickness": 1}


def charts_png(charts: Mapping[str, Chart]) -> bytes:
    """Draw charts below one another, each under its title, and return a PNG.

    A chart has at most seven lines, which differ in colour, marker and dashes.
    """
    figure = Figure(figsize=(8, 3.35 * len(charts)), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    subplots = figure.subplots(len(charts), 1, squeeze=False)[:, 0]
    for axes, (title, chart) in zip(subplots, charts.items(), strict=True):
        _draw_axes(axes, chart)
        axes.set_title(title, loc="left")
    file = io.BytesIO()
    figure.savefig(file, format="png", metadata={"Software": None})
    return file.getvalue()


def _draw_axes(axes: Axes, chart: Chart) -> None:
    if chart.band:
        axes.axvspan(chart.band[0], chart.band[1], color="0.9", label=chart.band[2])
    for index, line in enumerate(chart.lines):
        line_colour = colour(line.name, index)
        axes.plot(
            line.x,
            line.y,
            color=line_colour,
            linestyle=PNG_DASHES[index],
            marker=PNG_MARKERS[index],
            markersize=4,
            label=line.name,
        )
        if line.low:
            y, low, high = np.array(line.y), np.array(line.low), np.array(line.high)
            size = (np.maximum(0, y - low), np.maximum(0, high - y))
            axes.errorbar(line.x, y, yerr=size, fmt="none", capsize=3, color=line_colour)
    if chart.ticks:
        axes.set_xticks(range(len(chart.ticks)), chart.ticks)
    if chart.logarithmic != "none":
        axes.set_yscale("log")
    if chart.logarithmic == "both":
        axes.set_xscale("log")
    axes.set(xlabel=chart.x_title, ylabel=chart.y_title, ylim=chart.y_range)
    axes.grid(alpha=0.3)
    axes.legend(loc="best", fontsize="small")
