"""Plotly figures for pages, one colour and one marker a network."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from plotly import graph_objects as go

from glassgate.pages.colours import NETWORKS, colour

Band: TypeAlias = tuple[float, float, str]
"""A stretch of x that stands out: from where, up to where, and its name."""

SYMBOLS = {
    "feedforward": "x",
    "srn": "triangle-up",
    "gru": "circle",
    "lstm": "square",
    "the grammar": "diamond",
}
TOP = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}  # above what it explains
SIGNS = {" ": "␣", "\n": "⏎", "\t": "⇥"}
GATE, STATE = "Cividis", ["#0072B2", "#ffffff", "#D55E00"]  # the same to all eyes
MANY = 50  # words that a picture names in letters of the usual size
ROUND = [digit * 10.0**power for power in range(-9, 9) for digit in (1, 2, 5)]


def new_figure(title: str, height: int, **layout: object) -> go.Figure:
    """Return an empty figure as all of them look; `layout` is plotly's own."""
    figure = go.Figure()
    figure.update_layout(
        title={"text": title, "font": {"size": 15}, "x": 0, "xref": "paper"},
        template="plotly_white",
        height=height,
        margin={"l": 56, "r": 12, "t": 48 if title else 12, "b": 56},
        legend={"orientation": "h", "y": -0.22} if title else TOP,
        **layout,
    )
    return figure


def shown(word: str) -> str:
    """Return a word as plotly shows it: white space visible, its markup taken literally.

    >>> shown("<bos>"), shown(" ")
    ('&lt;bos&gt;', '␣')
    """
    return SIGNS.get(word, word).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def line_figure(
    title: str,
    x: Sequence[object],
    lines: Mapping[str, Sequence[float | None]],
    x_title: str,
    y_title: str,
    *,
    logarithmic: bool = False,
) -> go.Figure:
    """Draw lines over common places, each in a colour and with a mark of its own; None is a gap."""
    figure = new_figure(title, 380, xaxis_title=x_title, yaxis_title=y_title)
    for place, (name, values) in enumerate(lines.items()):
        figure.add_scatter(
            x=list(x),
            y=list(values),
            name=name,
            mode="lines+markers",
            line={"color": colour(name, place), "width": 2.5},
            marker={"symbol": SYMBOLS.get(name, list(SYMBOLS.values())[place]), "size": 9},
            hovertemplate=f"{name}: %{{y:.4~g}}<extra></extra>",
        )
    if logarithmic:
        figure.update_yaxes(exponentformat="power", dtick=1)
        _logarithmic(figure, (value for values in lines.values() for value in values if value))
    return figure


def _logarithmic(figure: go.Figure, values: Iterable[float]) -> None:
    """Make the axis logarithmic, of one decade at least: what is level looks level on it."""
    figure.update_yaxes(type="log")
    drawn = [value for value in values if 0 < value < np.inf]
    if not drawn:
        return
    low, high = min(*drawn, max(drawn) / 10), max(drawn)
    margin = 0.05 * np.log10(high / low)
    figure.update_yaxes(range=[np.log10(low) - margin, np.log10(high) + margin])
    if high < 1000 * low:  # powers of ten alone are too few
        figure.update_yaxes(tickvals=ROUND)


def bar_figure(
    title: str,
    groups: Sequence[str],
    bars: Mapping[str, Sequence[float]],
    y_title: str,
    x_title: str = "",
) -> go.Figure:
    """Draw a group of bars for each of `groups`, one bar a name."""
    figure = new_figure(title, 380, barmode="group", xaxis_title=x_title, yaxis_title=y_title)
    figure.update_xaxes(type="category")
    for place, (name, values) in enumerate(bars.items()):
        figure.add_bar(
            x=list(groups),
            y=list(values),
            name=name,
            marker_color=colour(name, place),
            hovertemplate=f"{name}, %{{x}}: %{{y:.4~g}}<extra></extra>",
        )
    return figure


def span_figure(
    title: str, spans: ArrayLike, step: str = "word", network: str = "gru"
) -> go.Figure:
    """Draw the memory span of each unit of a layer, the longest first; endless ones have no bar."""
    every = np.asarray(spans, np.float64)
    order = np.argsort(-every, kind="stable")
    figure = new_figure(
        title, 380, xaxis_title="units, longest memory first", yaxis_title=f"memory span ({step}s)"
    )
    figure.add_bar(
        x=list(range(1, len(every) + 1)),
        y=[float(every[unit]) if np.isfinite(every[unit]) else None for unit in order],
        marker={"color": NETWORKS[network], "line_width": 0},  # many bars are all border
        customdata=[[int(unit)] for unit in order],
        hovertemplate=f"unit %{{customdata[0]}}: %{{y:.2f}} {step}s<extra></extra>",
    )
    _logarithmic(figure, every.tolist())
    return figure.update_yaxes(tickvals=ROUND)


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
    """Draw values [T][H] as units x words, units in the given order from top to bottom.

    The values are those of a gate, 0..1, or if `signed` those of a state, -1..1. The words of the
    `band`, from the one to before the other, stand between two lines.
    """
    array = np.asarray(gate)[:, list(order)].T  # (H, T)
    low, middle = (-1, 0) if signed else (0, 0.5)
    figure = new_figure(title, min(max(200 + 8 * len(order), 300), 560), yaxis_title=y_title)
    figure.add_heatmap(
        z=array,
        x=list(range(len(words))),
        customdata=[[[shown(word), int(unit)] for word in words] for unit in order],
        colorscale=STATE if signed else GATE,
        zmin=low,
        zmax=1,
        colorbar={"thickness": 12, "tickvals": [low, middle, 1]},
        hovertemplate="unit %{customdata[1]} at “%{customdata[0]}”: %{z:.3f}<extra></extra>",
    )
    figure.update_yaxes(autorange="reversed", showticklabels=False)
    if band:
        _stand_out(figure, *band)
    return name_columns(figure, words)


def _stand_out(figure: go.Figure, begin: float, end: float, name: str) -> None:
    """Draw lines around the columns from `begin` to before `end`, and their name above."""
    for place in (begin - 0.5, end - 0.5):
        figure.add_vline(place, line={"color": "#ffffff", "width": 5})
        figure.add_vline(place, line={"color": "#000000", "width": 2})
    label = {"text": name, "yanchor": "bottom", "showarrow": False}
    figure.add_annotation(x=(begin + end - 1) / 2, y=1, yref="paper", **label)
    figure.update_layout(margin_t=32)


def name_columns(figure: go.Figure, words: Sequence[str]) -> go.Figure:
    """Write the words below the columns of a picture, and return it."""
    figure.update_xaxes(
        tickvals=list(range(len(words))),
        ticktext=[shown(word) for word in words],
        tickangle=-60 if any(len(word) > 2 for word in words) else 0,
        tickfont_size=12 if len(words) <= MANY else 9,
    )
    return figure
