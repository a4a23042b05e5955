"""A picture of what every unit did at every word of a text, with all that a reader needs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from glassgate.pages.definitions import VALUES
from glassgate.pages.exhibit import Exhibit, Numbers
from glassgate.pages.figures import MANY, Band, gate_figure

CELL = "A row is a unit, a column what was read there: "
READ = {
    "kept": CELL + "yellow passes the state on as it is, blue lets go of it.",
    "reset": CELL + "where it is blue, the new content ignores the past.",
    "input": CELL + "where it is yellow, new content is written.",
    "output": CELL + "where it is yellow, the cell is shown to the rest of the network.",
    "hidden": CELL + "orange is a state near 1, blue near -1, white near 0.",
}
WORD, WORD_OF_MANY, SIDES = 14, 10, 130  # pixels: of a column, and of what stands beside all


def unit_exhibit(
    name: str,
    text: str,
    words: Sequence[str],
    values: ArrayLike,
    order: Sequence[int],
    by: str,
    file: str,
    band: Band | None = None,
) -> Exhibit:
    """Show values [T][H], of the gate of this name or the state, `hidden`.

    `text` says where they are from. The units stand in `order` from top to bottom, `by` says what
    that is; `band` are words that stand out.
    """
    array = np.asarray(values)
    rows = [
        (step, word, unit, array[step, unit])
        for step, word in enumerate(words)
        for unit in range(array.shape[1])
    ]
    return Exhibit(
        f"{VALUES[name].term}{text}",
        READ[name],
        VALUES[name],
        Numbers(file, ("step", "word", "unit", name), rows),
        gate_figure("", words, array, order, by, signed=name == "hidden", band=band),
        width(words),
    )


def width(words: Sequence[str]) -> int:
    """Return how many pixels a picture needs whose columns are these words."""
    return SIDES + (WORD if len(words) <= MANY else WORD_OF_MANY) * len(words)
