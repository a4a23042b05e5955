"""Plotly figures for pages, one colour and one marker a network."""

from collections.abc import Mapping, Sequence

import numpy as np
from plotly import graph_objects as go

from glassgate.experiments.content import Chart, Line
from glassgate.report.colours import NETWORKS, colour

SYMBOLS = {
    "feedforward": "x",
    "srn": "triangle-up",
    "gru": "circle",
    "lstm": "square",
    "the grammar": "diamond",
}


def _figure(title: str, height: int, **layout: object) -> go.Figure:
    figure = go.Figure()
    figure.update_layout(
        title={"text": title, "font": {"size": 15}, "x": 0, "xref": "paper"},
        template="plotly_white",
        height=height,
        margin={"l": 56, "r": 12, "t": 48, "b": 56},
        legend={"orientation": "h", "y": -0.22},
        **layout,
    )
    return figure


def line_figure(
    title: str,
    x: Sequence[object],
    lines: Mapping[str, Sequence[float | None]],
    x_title: str,
    y_title: str,
    *,
    logarithmic: bool = False,
) -> go.Figure:
    """Draw one line a network over common places; None leaves a gap."""
    figure = _figure(title, 380, xaxis_title=x_title, yaxis_title=y_title)
    for name, values in lines.items():
        figure.add_scatter(
            x=list(x),
            y=list(values),
            name=name,
            mode="lines+markers",
            line={"color": NETWORKS[name], "width": 2.5},
            marker={"symbol": SYMBOLS[name], "size": 9},
            hovertemplate=f"{name}: %{{y:.4~g}}<extra></extra>",
        )
    if logarithmic:
        figure.update_yaxes(type="log", exponentformat="power", dtick=1)
    return figure


def bar_figure(
    title: str, groups: Sequence[str], bars: Mapping[str, Sequence[float]], y_title: str
) -> go.Figure:
    """Draw a group of bars for each of `groups`, one bar a network."""
    figure = _figure(title, 380, barmode="group", yaxis_title=y_title)
    for name, values in bars.items():
        figure.add_bar(
            x=list(groups),
            y=list(values),
            name=name,
            marker_color=NETWORKS[name],
            hovertemplate=f"{name}, %{{x}}: %{{y:.4f}}<extra></extra>",
        )
    return figure


def span_figure(title: str, spans: Sequence[float]) -> go.Figure:
    """Draw the memory span of each unit of a layer, the longest first, in words."""
    order = np.argsort(-np.asarray(spans), kind="stable")
    figure = _figure(
        title, 380, xaxis_title="units, longest memory first", yaxis_title="memory span (words)"
    )
    figure.add_bar(
        x=list(range(1, len(spans) + 1)),
        y=[spans[unit] for unit in order],
        marker_color=NETWORKS["gru"],
        customdata=[[int(unit)] for unit in order],
        hovertemplate="unit %{customdata[0]}: %{y:.2f} words<extra></extra>",
    )
    figure.update_yaxes(type="log")
    return figure


def gate_figure(
    title: str, words: Sequence[str], gate: Sequence[Sequence[float]], order: Sequence[int]
) -> go.Figure:
    """Draw a gate [T][H] as units x words, units in the given order from top to bottom."""
    array = np.asarray(gate)[:, list(order)].T  # (H, T)
    figure = _figure(title, 560, yaxis_title="units, longest memory on top")
    places = list(range(len(words)))
    figure.add_heatmap(
        z=array,
        x=places,
        customdata=[[[word, unit] for word in words] for unit in order],
        colorscale="Cividis",
        zmin=0,
        zmax=1,
        colorbar={"thickness": 12, "tickvals": [0, 0.5, 1]},
        hovertemplate="unit %{customdata[1]} at “%{customdata[0]}”: %{z:.3f}<extra></extra>",
    )
    figure.update_xaxes(tickvals=places, ticktext=list(words), tickangle=-60)
    figure.update_yaxes(autorange="reversed", showticklabels=False)
    return figure


def chart_figure(chart: Chart) -> go.Figure:
    """Draw a chart, each line in a colour and with a marker of its own."""
    figure = _figure("", 420, xaxis_title=chart.x_title, yaxis_title=chart.y_title)
    for place, (line, symbol) in enumerate(zip(chart.lines, SYMBOLS.values(), strict=False)):
        drawn = colour(line.name, place)
        figure.add_scatter(
            x=line.x,
            y=line.y,
            name=line.name,
            mode="lines+markers" if line.low else "lines",
            line={"color": drawn, "width": 2.5},
            marker={"symbol": symbol, "size": 9},
            error_y=_intervals(line, drawn) if line.low else None,
            hovertemplate=f"{line.name}: %{{y:.3f}}<extra></extra>",
        )
    if chart.band:
        left, right, name = chart.band
        figure.add_vrect(left, right, fillcolor="#000000", opacity=0.08, line_width=0)
        figure.add_annotation(x=(left + right) / 2, y=1, yref="paper", text=name, showarrow=False)
    if chart.ticks:
        figure.update_xaxes(tickvals=list(range(len(chart.ticks))), ticktext=list(chart.ticks))
    figure.update_yaxes(range=list(chart.y_range))
    return figure


def _intervals(line: Line, drawn: str) -> dict[str, object]:
    above = [high - y for y, high in zip(line.y, line.high, strict=True)]
    below = [y - low for y, low in zip(line.y, line.low, strict=True)]
    return {"array": above, "arrayminus": below, "color": drawn, "thickness": 1}
