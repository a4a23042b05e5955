"""PNG pictures of gates over words and of learning curves, drawn without a display."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter, ScalarFormatter
from numpy.typing import NDArray

from glassgate.formulation import Array
from glassgate.gates import Gates, kept_share, memory_span
from glassgate.inside.trace.states import LayerTrace, SRNStates
from glassgate.pages.colours import INK, SOFT, STATE_SCALE, colour
from glassgate.weights import require_shape

GATE_COLOURS = "cividis"  # dark blue for 0, yellow for 1; readable with any colour vision
STATE_COLOURS = LinearSegmentedColormap.from_list("state", STATE_SCALE)
TITLES = {  # of panels; {} is what a network carries from step to step
    "kept": "kept: share of the {} passed on",
    "reset": "reset: share of the {} that the candidate sees",
    "input": "input: share of the candidate written",
    "output": "output: share of the {} shown",
    "hidden": "hidden: the {} after each word",
}
MAX_LABELS = 60  # words; of a longer text every second, third, ... word is labelled
DPI = 160

Target = Path | BinaryIO
"""Where a PNG is written: a file name, or a file open for writing."""


class GatePanel(NamedTuple):
    """One layer of a picture.

    Attributes
    ----------
    gates
        What is drawn side by side, by name: ``"kept"`` and ``"reset"`` of a GRU, ``"kept"``,
        ``"input"`` and ``"output"`` of an LSTM, ``"hidden"``, the state, of an SRN; [T, H] each.
    span
        Memory spans in words, [H], by which units are sorted; None where there is no gate.
    span_over
        The text that the spans were measured over, for the axis title.
    """

    gates: Mapping[str, Array]
    span: Array | None = None
    span_over: str = "this text"

    @classmethod
    def of(cls, layer: LayerTrace) -> GatePanel:
        """Return the panel of one sequence, arrays [T, 1, H], with the spans of that sequence."""
        if isinstance(layer, SRNStates):
            return cls({"hidden": layer.hidden[:, 0]})
        names = ("kept", "reset") if isinstance(layer, Gates) else ("kept", "input", "output")
        span = memory_span(np.clip(kept_share(layer.kept), 0, 1))
        return cls({name: getattr(layer, name)[:, 0] for name in names}, span)


def gate_picture(
    words: Sequence[str], layers: Sequence[GatePanel], path: Target, title: str
) -> None:
    """Draw gates, or states, of units by words side by side, one row of panels per layer.

    Units are sorted by memory span, the longest on top, with the spans written at the side; units
    without gates keep their order.

    Parameters
    ----------
    words
        What each of the T steps read.
    layers
        One entry per layer, all of one kind of network.
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
        for name, array in layer.gates.items():
            require_shape(name, array.shape, (len(words), "H"))
    names = list(layers[0].gates)
    heights = [min(max(layer.gates[names[0]].shape[1] * 0.05, 2.4), 5.0) for layer in layers]
    width = min(max(0.27 * len(words), 3.2), 24 / len(names))
    size = (max(len(names) * width, 5.2) + 2.6, sum(heights) + 1.7)
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(
        len(layers),
        len(names),
        squeeze=False,
        sharex=True,
        gridspec_kw={"height_ratios": heights},
    )
    for index, (layer, row) in enumerate(zip(layers, panels, strict=True)):
        _draw_layer(layer, row, f"layer {index}: units" if len(layers) > 1 else "units")
    for panel, name in zip(panels[-1], names, strict=True):
        _label_words(panel, words)
        memory = "cell" if "output" in names else "state"
        panels[0, names.index(name)].set_title(TITLES[name].format(memory), fontsize=10, color=INK)
    _draw_scale(figure, panels, signed="hidden" in names)
    figure.suptitle(title, fontsize=12, color=INK, parse_math=False)
    save(figure, path)


def _draw_scale(figure: Figure, panels: NDArray[Any], *, signed: bool) -> None:
    """Draw the scale of all panels at the right."""
    bar = figure.colorbar(panels[0, 0].images[0], ax=panels, shrink=0.9, aspect=30, pad=0.015)
    if signed:
        bar.set_ticks([-1, -0.5, 0, 0.5, 1])
    else:
        bar.set_ticks([0, 0.25, 0.5, 0.75, 1], labels=["0 none", "0.25", "0.5", "0.75", "1 all"])
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=8, length=0)


def _draw_layer(layer: GatePanel, row: Sequence[Axes], name: str) -> None:
    """Draw the panels of one layer, units sorted by span."""
    H = next(iter(layer.gates.values())).shape[1]
    order = np.arange(H) if layer.span is None else np.argsort(-layer.span, kind="stable")
    for axes, (gate, array) in zip(row, layer.gates.items(), strict=True):
        scale = (STATE_COLOURS, -1, 1) if gate == "hidden" else (GATE_COLOURS, 0, 1)
        colours, low, high = scale
        axes.imshow(
            array[:, order].T, colours, vmin=low, vmax=high, aspect="auto", interpolation="nearest"
        )
        axes.tick_params(length=0, labelsize=8, labelcolor=SOFT)
        axes.spines[:].set_visible(False)
        axes.set_yticks([])
    rows = np.unique(np.linspace(0, H - 1, 5).round().astype(int))
    if layer.span is None:
        row[0].set_yticks(rows, [str(unit) for unit in rows])
        row[0].set_ylabel(name, fontsize=9, color=INK)
        return
    row[0].set_yticks(rows, [_span_text(layer.span[order[unit]]) for unit in rows])
    row[0].set_ylabel(f"{name}, by\nmemory span over {layer.span_over}", fontsize=9, color=INK)


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
