"""A sentence with its words shaded: how strongly each output hangs on each of them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from glassgate.errors import BadInput
from glassgate.formulation import Array
from glassgate.pages.pictures import INK, Target, save
from glassgate.weights import require_shape

SHADES = "Blues"  # one hue, told apart by lightness alone
PALE = "#aaaaaa"  # of words that have no part in an output, as those still to come
SIZE = 9  # of the letters, in points
PADDING, LINE = 0.16, 0.34  # inches: what a word has around it, and the height of a row


def word_picture(
    words: Sequence[str], outputs: Sequence[str], connectivity: Array, path: Target, title: str
) -> None:
    """Draw the sentence once for each output, each word shaded by what the output owes to it.

    The strongest word of a row has the darkest shade, and words of which nothing comes are pale:
    rows tell where an output looks, not how strongly beside others (Madsen 2019, Visualizing
    memorization in RNNs, Distill).

    Parameters
    ----------
    words
        The T words read.
    outputs
        What is expected in each row, from the top.
    connectivity
        Of each output to each word, at least 0, [rows, T]: rows of
        `glassgate.inside.connections.connectivity`.
    path
        Where the PNG goes: a file name, or a file open for writing.
    title
        What stands above.

    Raises
    ------
    BadInput
        When there is no word or output, the shape does not fit, or a number is negative or none.
    """
    require_shape("connectivity", connectivity.shape, (len(outputs), len(words)))
    if not connectivity.size:
        raise BadInput(f"expected words and outputs, got {len(words)} and {len(outputs)}")
    if not np.all(np.isfinite(connectivity) & (connectivity >= 0)):
        raise BadInput("connectivity must be finite and at least 0, got a number that is not")
    most = connectivity.max(axis=1, keepdims=True)
    shades = np.divide(connectivity, most, out=np.zeros(connectivity.shape), where=most > 0)
    outputs = [f"→ {output}" for output in outputs]
    edges = np.cumsum([0, *(width + PADDING for width in _widths(words))])
    side = max(_widths(outputs)) + PADDING
    size = (max(edges[-1] + side + 0.3, 4), LINE * len(outputs) + 0.8)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots()
    rows = np.arange(len(outputs) + 1)
    axes.pcolormesh(edges, rows, shades, cmap=SHADES, vmin=0, vmax=1, edgecolor="white")
    for row, output in enumerate(outputs):
        for word, left, right, shade in zip(words, edges, edges[1:], shades[row], strict=False):
            ink = "white" if shade > 0.6 else INK if shade else PALE
            place = ((left + right) / 2, row + 0.5)
            axes.text(
                *place, word, color=ink, size=SIZE, ha="center", va="center", parse_math=False
            )
        place = (edges[-1] + PADDING / 2, row + 0.5)
        axes.text(*place, output, color=INK, size=SIZE, va="center", parse_math=False)
    axes.set(xlim=(0, edges[-1] + side), ylim=(len(outputs), 0))
    axes.set_axis_off()
    axes.set_title(title, fontsize=12, color=INK, loc="left", parse_math=False)
    save(figure, path)


def _widths(texts: Sequence[str]) -> list[float]:
    """Measure how wide texts are drawn, in inches."""
    figure = Figure()
    with warnings.catch_warnings():  # a letter that the font lacks is drawn as a box
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        boxes = [
            figure.text(0, 0, text, size=SIZE, parse_math=False).get_window_extent()
            for text in texts
        ]
    return [box.width / figure.dpi for box in boxes]
