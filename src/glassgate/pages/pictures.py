"""PNG pictures of gates over words and of learning curves, drawn without a display."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter, ScalarFormatter

from glassgate.formulation import Array
from glassgate.gates import Gates, kept_share, memory_span
from glassgate.pages.colours import INK, SOFT, colour
from glassgate.weights import require_shape

GATE_COLOURS = "cividis"  # dark blue for 0, yellow for 1; readable with any colour vision
MAX_LABELS = 60  # words; of a longer text every second, third, ... word is labelled
DPI = 160

Target = Path | BinaryIO
"""Where a PNG is written: a file name, or a file open for writing."""


class GatePanel(NamedTuple):
    """One layer of a picture.

    Attributes
    ----------
    kept, reset
        Kept share and reset gate, [T, H].
    span
        Memory spans in words, [H].
    span_over
        The text that the spans were measured over, for the axis title.
    """

    kept: Array
    reset: Array
    span: Array
    span_over: str

    @classmethod
    def of(cls, gates: Gates) -> GatePanel:
        """Return the panel of one sequence, gates [T, 1, H], with the spans of that sequence."""
        span = memory_span(np.clip(kept_share(gates.kept), 0, 1))
        return cls(gates.kept[:, 0], gates.reset[:, 0], span, "this text")


def gate_picture(
    words: Sequence[str], layers: Sequence[GatePanel], path: Target, title: str
) -> None:
    """Draw kept share and reset gate of units by words side by side, one row of panels per layer.

    Units are sorted by memory span, the longest on top; the spans are written at the side.

    Parameters
    ----------
    words
        What each of the T steps read.
    layers
        One entry per layer.
    path
        Where the PNG is written: a file name, or a file open for writing.
    title
        Above the picture.

    Raises
    ------
    BadInput
        When the gates do not have one step for each word.
    """
    for layer in layers:
        require_shape("kept", layer.kept.shape, (len(words), "H"))
    heights = [min(max(layer.kept.shape[1] * 0.05, 2.4), 5.0) for layer in layers]
    width = min(max(0.27 * len(words), 3.2), 12.0)
    figure = Figure(figsize=(2 * width + 2.6, sum(heights) + 1.7), layout="constrained")
    panels = figure.subplots(
        len(layers), 2, squeeze=False, sharex=True, gridspec_kw={"height_ratios": heights}
    )
    for index, (layer, (left, right)) in enumerate(zip(layers, panels, strict=True)):
        name = f"layer {index}: units" if len(layers) > 1 else "units"
        _draw_layer(layer, left, right, name)
    for panel in panels[-1]:
        _label_words(panel, words)
    panels[0, 0].set_title("kept: share of the state passed on", fontsize=10, color=INK)
    panels[0, 1].set_title(
        "reset: share of the state that the candidate sees", fontsize=10, color=INK
    )
    bar = figure.colorbar(panels[0, 0].images[0], ax=panels, shrink=0.9, aspect=30, pad=0.015)
    bar.set_ticks([0, 0.25, 0.5, 0.75, 1], labels=["0 none", "0.25", "0.5", "0.75", "1 all"])
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=8, length=0)
    figure.suptitle(title, fontsize=12, color=INK, parse_math=False)
    save(figure, path)


def _draw_layer(layer: GatePanel, left: Axes, right: Axes, name: str) -> None:
    """Draw one layer's kept share and reset gate, units sorted by span."""
    order = np.argsort(-layer.span, kind="stable")
    for axes, array in ((left, layer.kept), (right, layer.reset)):
        axes.imshow(
            array[:, order].T, GATE_COLOURS, vmin=0, vmax=1, aspect="auto", interpolation="nearest"
        )
        axes.tick_params(length=0, labelsize=8, labelcolor=SOFT)
        axes.spines[:].set_visible(False)
        axes.set_yticks([])
    rows = np.unique(np.linspace(0, len(order) - 1, 5).round().astype(int))
    left.set_yticks(rows, [_span_text(layer.span[order[row]]) for row in rows])
    left.set_ylabel(f"{name}, by memory span over {layer.span_over}", fontsize=9, color=INK)


def _span_text(steps: float) -> str:
    if not np.isfinite(steps):
        return "infinite"
    return f"{steps:.0f} words" if steps >= 10 else f"{steps:.1f} words"


def _label_words(axes: Axes, words: Sequence[str]) -> None:
    """Write the words below a panel, skipping some where they would overlap."""
    stride = -(-len(words) // MAX_LABELS)  # ceil
    labels = axes.set_xticks(range(0, len(words), stride), words[::stride])
    for tick in labels:
        tick.label1.set(
            parse_math=False, rotation=50, ha="right", rotation_mode="anchor", color=INK, size=9
        )


def learning_curves(
    curves: Mapping[str, Sequence[Sequence[float]]], path: Target, title: str, measure: str
) -> None:
    """Draw a held-out measure by epoch: a thin line for each run and a thick line for their mean.

    Parameters
    ----------
    curves
        For each network its runs, and for each run its value after each epoch. The mean ends with
        the shortest run.
    path
        Where the PNG is written: a file name, or a file open for writing.
    title
        Above the picture.
    measure
        The title of the vertical axis, which is logarithmic.
    """
    figure = Figure(figsize=(8, 4.8), layout="constrained")
    axes = figure.subplots()
    for index, (network, runs) in enumerate(curves.items()):
        network_colour = colour(network, index)
        for run in runs:
            axes.plot(range(1, len(run) + 1), run, color=network_colour, linewidth=0.8, alpha=0.5)
        shortest = min(map(len, runs))
        mean: Array = np.mean([run[:shortest] for run in runs], axis=0)
        axes.plot(range(1, shortest + 1), mean, "o-", c=network_colour, lw=2.2, ms=3, label=network)
    axes.set_title(title, fontsize=12, color=INK, loc="left", parse_math=False)
    axes.set_xlabel("epoch", color=INK)
    axes.set_ylabel(measure, color=INK)
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(ScalarFormatter())
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(axis="y", color="#dddddd", linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    save(figure, path)


def save(figure: Figure, path: Target) -> None:
    """Write a figure as a PNG."""
    with warnings.catch_warnings():  # a character missing from the font is drawn as a box
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(path, format="png", dpi=DPI)
