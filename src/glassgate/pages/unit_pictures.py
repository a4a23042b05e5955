"""PNG pictures of a layer's units: memory spans and saturation of the gates."""

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
from glassgate.pages.colours import INK, SOFT, colour
from glassgate.pages.pictures import Target, save
from glassgate.weights import require_shape

MARKERS = "os^Dv"
AXIS_MARGIN = 1.3  # factor beyond the extreme spans, where spans of 0 and infinity are drawn


def span_picture(profiles: Mapping[str, Array], path: Target, title: str) -> None:
    """Draw the sorted memory spans of a layer's units, one line per profile.

    Parameters
    ----------
    profiles
        One to five profiles by name, such as before and after training: spans in steps, [H], in
        any order, as `glassgate.inside.Memory` measures them. An infinite span is drawn as a
        triangle at the upper edge, a span of 0 at the lower edge.
    path
        Where the PNG is written: a file name, or a file open for writing.
    title
        Above the picture.

    Raises
    ------
    BadInput
        When there is no profile or more than five, or a span is negative or NaN.
    """
    if not 1 <= len(profiles) <= len(MARKERS):
        raise BadInput(f"profiles must be 1 to {len(MARKERS)}, got {len(profiles)}")
    for name, spans in profiles.items():
        require_shape(f"spans of {name}", spans.shape, ("H",))
        if not np.all(spans >= 0):
            raise BadInput(f"spans of {name} must be at least 0, got {spans.min()}")
    all_spans = np.concatenate([np.array([SHORT, LONG]), *profiles.values()])
    positive = all_spans[(all_spans > 0) & np.isfinite(all_spans)]
    low, high = positive.min() / AXIS_MARGIN, positive.max() * AXIS_MARGIN
    figure = Figure(figsize=(7.5, 4.6), layout="constrained")
    axes = figure.subplots()
    for index, (name, spans) in enumerate(profiles.items()):
        profile = np.clip(np.sort(spans)[::-1], low, high)
        ranks, infinite = np.arange(1, len(profile) + 1), profile == high
        style: dict[str, Any] = {"color": colour(name, index), "linewidth": 1, "clip_on": False}
        axes.plot(ranks, profile, marker=MARKERS[index], markersize=4, label=name, **style)
        if infinite.any():
            style |= {"linestyle": "none", "marker": "^", "markersize": 8}
            axes.plot(ranks[infinite], profile[infinite], label=f"{name}: infinite", **style)
    axes.set_ylim(low, high)
    axes.set_xlim(0.5, max(map(len, profiles.values())) + 0.5)
    _format_span_axes(axes)
    _format_axes(axes, title)
    axes.legend(frameon=False)
    save(figure, path)


def _format_span_axes(axes: Axes) -> None:
    """Label the axes, and draw the limits of long and short spans."""
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    for text, steps in ((f"long: ≥ {LONG:g}", LONG), (f"short: ≤ {SHORT:g}", SHORT)):
        axes.axhline(steps, color=SOFT, linewidth=0.8, linestyle="--")
        beside = axes.get_yaxis_transform()
        axes.text(1.01, steps, text, transform=beside, ha="left", va="center", size=8, color=SOFT)
    axes.set_xlabel("units, longest memory first", color=INK)
    axes.set_ylabel("memory span (steps)", color=INK)


def saturation_picture(gates: Mapping[str, Saturation], path: Target, title: str) -> None:
    """Draw each unit as a point: how often its gate is nearly open, and how often nearly shut.

    Parameters
    ----------
    gates
        By the gate's name, as `glassgate.inside.saturation` returns them; one panel
        per gate.
    path
        Where the PNG is written: a file name, or a file open for writing.
    title
        Above the picture.

    Raises
    ------
    BadInput
        When there is no gate.
    """
    if not gates:
        raise BadInput("gates must be at least one, got none")
    figure = Figure(figsize=(3.4 * len(gates) + 0.6, 4.4), layout="constrained")
    panels = figure.subplots(1, len(gates), squeeze=False, sharey=True)[0]
    for index, (axes, (name, shares)) in enumerate(zip(panels, gates.items(), strict=True)):
        axes.plot([0, 1], [1, 0], color=SOFT, linewidth=0.8, linestyle="--")
        gate_colour = colour(name, index)
        axes.plot(shares.right, shares.left, "o", color=gate_colour, alpha=0.6, clip_on=False)
        axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
        axes.set_xlabel(f"share of time above {HIGH:g}", color=INK)
        _format_axes(axes, name)
    panels[0].set_ylabel(f"share of time below {LOW:g}", color=INK)
    figure.suptitle(title, fontsize=12, color=INK, parse_math=False)
    save(figure, path)


def _format_axes(axes: Axes, title: str) -> None:
    axes.set_title(title, fontsize=12, color=INK, loc="left", parse_math=False)
    axes.grid(color="#dddddd", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
