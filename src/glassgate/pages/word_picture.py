"""PNG picture of a sentence whose words are shaded by how strongly each output depends on them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from glassgate.errors import BadInput
from glassgate.formulation import Array
from glassgate.pages.colours import INK
from glassgate.pages.pictures import Target, save
from glassgate.weights import require_shape

SHADES = "Blues"  # one hue, which varies in lightness alone
PALE = "#aaaaaa"  # for words that an output does not depend on, such as later ones
FONT_SIZE = 9  # points
WORD_PADDING, ROW_HEIGHT = 0.16, 0.34  # inches


def connectivity_picture(
    words: Sequence[str], outputs: Sequence[str], connectivity: Array, path: Target, title: str
) -> None:
    """Draw the sentence once per output, each word shaded by how much the output depends on it.

    Each row is scaled by itself: its strongest word is darkest, and words without any influence are
    pale. Shades show which words an output depends on; they cannot be compared between rows
    (Madsen 2019, Visualizing memorization in RNNs, Distill).

    Parameters
    ----------
    words
        The T words read.
    outputs
        The word or class predicted in each row, from the top.
    connectivity
        Of each output to each word, at least 0, [rows, T]: rows of
        `glassgate.inside.connectivity`.
    path
        Where the PNG is written: a file name, or a file open for writing.
    title
        Above the picture.

    Raises
    ------
    BadInput
        When there is no word or output, the shape does not fit, or a number is negative or not
        finite.
    """
    require_shape("connectivity", connectivity.shape, (len(outputs), len(words)))
    if not connectivity.size:
        raise BadInput(f"expected words and outputs, got {len(words)} and {len(outputs)}")
    if not np.all(np.isfinite(connectivity) & (connectivity >= 0)):
        raise BadInput("connectivity must be finite and at least 0, got a number that is not")
    strongest = connectivity.max(axis=1, keepdims=True)
    shades = np.divide(
        connectivity, strongest, out=np.zeros(connectivity.shape), where=strongest > 0
    )
    outputs = [f"→ {output}" for output in outputs]
    edges = np.cumsum([0, *(width + WORD_PADDING for width in _widths(words))])
    side = max(_widths(outputs)) + WORD_PADDING
    size = (max(edges[-1] + side + 0.3, 4), ROW_HEIGHT * len(outputs) + 0.8)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots()
    rows = np.arange(len(outputs) + 1)
    axes.pcolormesh(edges, rows, shades, cmap=SHADES, vmin=0, vmax=1, edgecolor="white")
    for row, output in enumerate(outputs):
        for word, left, right, shade in zip(words, edges, edges[1:], shades[row], strict=False):
            ink = "white" if shade > 0.6 else INK if shade else PALE
            centre = ((left + right) / 2, row + 0.5)
            axes.text(
                *centre, word, color=ink, size=FONT_SIZE, ha="center", va="center", parse_math=False
            )
        beside = (edges[-1] + WORD_PADDING / 2, row + 0.5)
        axes.text(*beside, output, color=INK, size=FONT_SIZE, va="center", parse_math=False)
    axes.set(xlim=(0, edges[-1] + side), ylim=(len(outputs), 0))
    axes.set_axis_off()
    axes.set_title(title, fontsize=12, color=INK, loc="left", parse_math=False)
    save(figure, path)


def _widths(texts: Sequence[str]) -> list[float]:
    """Return the widths of texts as drawn, in inches."""
    figure = Figure()
    with warnings.catch_warnings():  # a character missing from the font is drawn as a box
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        boxes = [
            figure.text(0, 0, text, size=FONT_SIZE, parse_math=False).get_window_extent()
            for text in texts
        ]
    return [box.width / figure.dpi for box in boxes]
