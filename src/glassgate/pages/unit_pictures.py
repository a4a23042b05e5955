"""Pictures of a layer's units: how long they remember, and how their gates saturate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from glassgate.errors import BadInput
from glassgate.formulation import Array
from glassgate.inside.memory import LONG, SHORT
from glassgate.inside.saturation import HIGH, LOW, Saturation
from glassgate.pages.colours import colour
from glassgate.pages.pictures import INK, SOFT, Target, save
from glassgate.weights import require_shape

MARKS = "os^Dv"
EDGE = 1.3  # how far beyond the outermost spans the axis goes; there stand 0 and endless


def span_picture(profiles: Mapping[str, Array], path: Target, title: str) -> None:
    """Draw the memory spans of a layer's units, sorted: one profile below the other, or several.

    Parameters
    ----------
    profiles
        Spans in steps, [H], in any order, by a name each: such as those before training and after.
        An endless one stands at the upper edge as a triangle, one of 0 at the lower edge. They
        are measured by `glassgate.inside.memory.Memory`.
    path
        Where the PNG goes: a file name, or a file open for writing.
    title
        What stands above.

    Raises
    ------
    BadInput
        When there is no profile, or more than five, or a span is negative or no number.
    """
    if not 1 <= len(profiles) <= len(MARKS):
        raise BadInput(f"profiles must be 1 to {len(MARKS)}, got {len(profiles)}")
    for name, spans in profiles.items():
        require_shape(f"spans of {name}", spans.shape, ("H",))
        if not np.all(spans >= 0):
            raise BadInput(f"spans of {name} must be at least 0, got {spans.min()}")
    every = np.concatenate([np.array([SHORT, LONG]), *profiles.values()])
    known = every[(every > 0) & np.isfinite(every)]
    low, high = known.min() / EDGE, known.max() * EDGE
    figure = Figure(figsize=(7.5, 4.6), layout="constrained")
    axes = figure.subplots()
    for i, (name, spans) in enumerate(profiles.items()):
        profile = np.clip(np.sort(spans)[::-1], low, high)
        places, endless = np.arange(1, len(profile) + 1), profile == high
        style: dict[str, Any] = {"color": colour(name, i), "linewidth": 1, "clip_on": False}
        axes.plot(places, profile, marker=MARKS[i], markersize=4, label=name, **style)
        if endless.any():
            style |= {"linestyle": "none", "marker": "^", "markersize": 8}
            axes.plot(places[endless], profile[endless], label=f"{name}: endless", **style)
    axes.set_ylim(low, high)
    axes.set_xlim(0.5, max(map(len, profiles.values())) + 0.5)
    _mark_spans(axes)
    _finish(axes, title)
    axes.legend(frameon=False)
    save(figure, path)


def _mark_spans(axes: Axes) -> None:
    """Name the axes of a profile of spans, and draw the lines from long and to short."""
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    for text, steps in ((f"long from {LONG:g}", LONG), (f"short to {SHORT:g}", SHORT)):
        axes.axhline(steps, color=SOFT, linewidth=0.8, linestyle="--")
        along = axes.get_yaxis_transform()
        axes.text(1.01, steps, text, transform=along, ha="left", va="center", size=8, color=SOFT)
    axes.set_xlabel("units, those of the longest memory first", color=INK)
    axes.set_ylabel("memory span in steps", color=INK)


def saturation_picture(gates: Mapping[str, Saturation], path: Target, title: str) -> None:
    """Draw each unit's gates as points: the time they are all but open, and all but shut.

    Parameters
    ----------
    gates
        By the gate's name, as `glassgate.inside.saturation.saturation` gives them: a panel each.
    path, title
        As `span_picture` takes them.

    Raises
    ------
    BadInput
        When there is no gate.
    """
    if not gates:
        raise BadInput("gates must be at least one, got none")
    figure = Figure(figsize=(3.4 * len(gates) + 0.6, 4.4), layout="constrained")
    panels = figure.subplots(1, len(gates), squeeze=False, sharey=True)[0]
    for i, (axes, (name, found)) in enumerate(zip(panels, gates.items(), strict=True)):
        axes.plot([0, 1], [1, 0], color=SOFT, linewidth=0.8, linestyle="--")
        axes.plot(found.right, found.left, "o", color=colour(name, i), alpha=0.6, clip_on=False)
        axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
        axes.set_xlabel(f"share of time above {HIGH:g}", color=INK)
        _finish(axes, name)
    panels[0].set_ylabel(f"share of time below {LOW:g}", color=INK)
    figure.suptitle(title, fontsize=12, color=INK, parse_math=False)
    save(figure, path)


def _finish(axes: Axes, title: str) -> None:
    axes.set_title(title, fontsize=12, color=INK, loc="left", parse_math=False)
    axes.grid(color="#dddddd", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
