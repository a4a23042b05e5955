"""Plotly figures for pages; each network has one colour and one marker throughout."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from plotly import graph_objects as go

from glassgate.pages.colours import NETWORKS, OTHERS, STATE_SCALE, colour

Band: TypeAlias = tuple[float, float, str]
"""A highlighted stretch of columns: index of the first, index after the last, label."""

SYMBOLS = {
    "feedforward": "x",
    "srn": "triangle-up",
    "gru": "circle",
    "lstm": "square",
    "the grammar": "diamond",
}
LINE_SYMBOLS = SYMBOLS | {"training": "x", "held out": "triangle-up"}
POINT_SYMBOLS = (*SYMBOLS.values(), "cross", "star")  # one for each of OTHERS
LEGEND_ABOVE = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}
VISIBLE_SPACES = {" ": "␣", "\n": "⏎", "\t": "⇥"}
GATE_SCALE = "Cividis"  # readable with any kind of colour vision
CLEAR = "rgba(0,0,0,0)"  # the page shows through
FEW_COLUMNS = 50  # up to here columns and their labels have the usual size
ROUND_TICKS = [digit * 10.0**power for power in range(-9, 9) for digit in (1, 2, 5)]


def new_figure(title: str, height: int, **layout: object) -> go.Figure:
    """Return an empty figure in the style of the page; `layout` holds more of plotly's settings."""
    figure = go.Figure()
    figure.update_layout(
        title={"text": title, "font": {"size": 15}, "x": 0, "xref": "paper"},
        template="plotly_white",
        paper_bgcolor=CLEAR,
        plot_bgcolor=CLEAR,
        height=height,
        margin={"l": 56, "r": 12, "t": 48 if title else 12, "b": 56},
        legend={"orientation": "h", "y": -0.22} if title else LEGEND_ABOVE,
        **layout,
    )
    return figure


def label_text(word: str) -> str:
    """Return a word as a plotly label: white space made visible, markup escaped.

    >>> label_text("<bos>"), label_text(" ")
    ('&lt;bos&gt;', '␣')
    """
    return (
        VISIBLE_SPACES.get(word, word)
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
    )


def line_figure(
    title: str,
    x: Sequence[object],
    lines: Mapping[str, Sequence[float | None]],
    x_title: str,
    y_title: str,
    *,
    logarithmic: bool = False,
) -> go.Figure:
    """Draw lines that share their x, each with its own colour and marker; None leaves a gap."""
    figure = new_figure(title, 380, xaxis_title=x_title, yaxis_title=y_title)
    for index, (name, values) in enumerate(lines.items()):
        figure.add_scatter(
            x=list(x),
            y=list(values),
            name=name,
            mode="lines+markers",
            line={"color": colour(name, index), "width": 2.5},
            marker={"symbol": LINE_SYMBOLS.get(name, list(SYMBOLS.values())[index]), "size": 9},
            hovertemplate=f"{name}: %{{y:.4~g}}<extra></extra>",
        )
    if logarithmic:
        figure.update_yaxes(exponentformat="power", dtick=1)
        _use_log_axis(figure, (value for values in lines.values() for value in values if value))
    return figure


def _use_log_axis(figure: go.Figure, values: Iterable[float]) -> None:
    """Make the y axis logarithmic, at least one decade high so that level lines look level."""
    figure.update_yaxes(type="log")
    positive = [value for value in values if 0 < value < np.inf]
    if not positive:
        return
    low, high = min(*positive, max(positive) / 10), max(positive)
    margin = 0.05 * np.log10(high / low)
    figure.update_yaxes(range=[np.log10(low) - margin, np.log10(high) + margin])
    if high < 1000 * low:  # powers of ten alone would be too few ticks
        figure.update_yaxes(tickvals=ROUND_TICKS)


def bar_figure(
    title: str,
    groups: Sequence[str],
    bars: Mapping[str, Sequence[float]],
    y_title: str,
    x_title: str = "",
) -> go.Figure:
    """Draw a group of bars for each of `groups`, one bar per name."""
    figure = new_figure(title, 380, barmode="group", xaxis_title=x_title, yaxis_title=y_title)
    figure.update_xaxes(type="category")
    for index, (name, values) in enumerate(bars.items()):
        figure.add_bar(
            x=list(groups),
            y=list(values),
            name=name,
            marker_color=colour(name, index),
            hovertemplate=f"{name}, %{{x}}: %{{y:.4~g}}<extra></extra>",
        )
    return figure


def span_figure(
    title: str, spans: ArrayLike, step: str = "word", network: str = "gru"
) -> go.Figure:
    """Draw a point for the memory span of each unit of a layer, longest first.

    An infinite span has no point.
    """
    values = np.asarray(spans, np.float64)
    order = np.argsort(-values, kind="stable")
    figure = new_figure(
        title, 380, xaxis_title="units, longest memory first", yaxis_title=f"memory span ({step}s)"
    )
    figure.add_scatter(
        x=list(range(1, len(values) + 1)),
        y=[float(values[unit]) if np.isfinite(values[unit]) else None for unit in order],
        mode="markers",
        marker={"color": NETWORKS[network], "symbol": SYMBOLS[network], "size": 7},
        customdata=[[int(unit)] for unit in order],
        hovertemplate=f"unit %{{customdata[0]}}: %{{y:.2f}} {step}s<extra></extra>",
    )
    _use_log_axis(figure, values.tolist())
    return figure.update_yaxes(tickvals=ROUND_TICKS)


def gate_figure(
    title: str,
    words: Sequence[str],
    gate: ArrayLike,
    order: Sequence[int],
    y_title: str = "units, longest memory on top",
    *,
    signed: bool = False,
    band: Band | None = None,
) -> go.Figure:
    """Draw values [T][H] as a heat map of units by words, units in this order from top to bottom.

    The values are those of a gate, 0..1, or with `signed` those of a state, -1..1. The words of the
    `band` stand between two vertical lines.
    """
    array = np.asarray(gate)[:, list(order)].T  # (H, T)
    low, middle = (-1, 0) if signed else (0, 0.5)
    figure = new_figure(title, min(max(200 + 8 * len(order), 300), 560), yaxis_title=y_title)
    figure.add_heatmap(
        z=array,
        x=list(range(len(words))),
        customdata=[[[label_text(word), int(unit)] for word in words] for unit in order],
        colorscale=STATE_SCALE if signed else GATE_SCALE,
        zmin=low,
        zmax=1,
        colorbar={"thickness": 12, "tickvals": [low, middle, 1]},
        hovertemplate="unit %{customdata[1]} at “%{customdata[0]}”: %{z:.3f}<extra></extra>",
    )
    figure.update_yaxes(autorange="reversed", showticklabels=False)
    if band:
        _mark_band(figure, *band)
    return label_columns(figure, words)


def _mark_band(figure: go.Figure, begin: float, end: float, name: str) -> None:
    """Draw a line on either side of the columns from `begin` to before `end`, and label them."""
    for edge in (begin - 0.5, end - 0.5):
        figure.add_vline(edge, line={"color": "#ffffff", "width": 5})
        figure.add_vline(edge, line={"color": "#000000", "width": 2})
    label = {"text": name, "yanchor": "bottom", "showarrow": False}
    figure.add_annotation(x=(begin + end - 1) / 2, y=1, yref="paper", **label)
    figure.update_layout(margin_t=32)


def label_columns(figure: go.Figure, words: Sequence[str]) -> go.Figure:
    """Write the words below the columns of a heat map, and return it."""
    figure.update_xaxes(
        tickvals=list(range(len(words))),
        ticktext=[label_text(word) for word in words],
        tickangle=-60 if any(len(word) > 2 for word in words) else 0,
        tickfont_size=12 if len(words) <= FEW_COLUMNS else 9,
    )
    return figure


def component_figure(
    scores: ArrayLike,
    shares: Sequence[float],
    classes: Sequence[str],
    texts: Sequence[str],
    names: Sequence[str],
) -> go.Figure:
    """Draw states in the two directions in which they differ most, a colour for each class.

    Parameters
    ----------
    scores, shares
        The first two of `glassgate.inside.principal_components`, [N, 2] and [2].
    classes
        The class of each state, [N].
    texts
        Appear on hover, [N].
    names
        The classes in the order of their colours, at most seven. Groups of
        `glassgate.inside.Tree`, in order of their numbers, have the colours that `tree_figure`
        gives them.
    """
    array, kinds = np.asarray(scores), np.asarray(classes)
    horizontal, vertical = (
        f"component {number} ({share:.0%} of the variance)"
        for number, share in enumerate(shares[:2], start=1)
    )
    figure = new_figure("", 480, xaxis_title=horizontal, yaxis_title=vertical)
    for index, name in enumerate(names):
        chosen = np.flatnonzero(kinds == name)
        figure.add_scatter(
            x=array[chosen, 0].tolist(),
            y=array[chosen, 1].tolist(),
            name=label_text(name),
            mode="markers",
            marker={
                "color": OTHERS[index],
                "symbol": POINT_SYMBOLS[index],
                "size": 7,
                "opacity": 0.75,
            },
            text=[label_text(texts[i]) for i in chosen.tolist()],
            hovertemplate="%{text}<extra></extra>",
        )
    return figure
