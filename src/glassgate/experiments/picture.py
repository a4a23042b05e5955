"""The charts of an experiment as a picture file."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from glassgate.experiments.content import Chart
from glassgate.report.colours import colour

MARKS = "os^DvP*"
DASHES: tuple[Any, ...] = ("-", "--", ":", "-.", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 3)), (0, (9, 3)))


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
        axes.plot(line.x, line.y, marker=MARKS[i], markersize=4, **style)
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
