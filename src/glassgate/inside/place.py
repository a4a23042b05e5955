"""Which layer and direction of a network somebody asks for."""

from collections.abc import Sequence

import numpy as np

from glassgate.engine.plan import Direction
from glassgate.errors import BadInput


def checked_place(
    layer: int, direction: Direction | None, directions: Sequence[Sequence[Direction]]
) -> tuple[int, Direction]:
    """Give a layer and a direction of it, the layer's first where none is named.

    Parameters
    ----------
    layer
        From 0.
    direction
        ``"forward"`` or ``"reverse"``, or None.
    directions
        Those that each layer has.

    Raises
    ------
    BadInput
        When there is no such layer, or no such direction of it.

    Examples
    --------
    >>> checked_place(1, None, [["forward"], ["reverse", "forward"]])
    (1, 'reverse')
    """
    number = isinstance(layer, int | np.integer) and not isinstance(layer, bool)
    if not (number and 0 <= layer < len(directions)):
        raise BadInput(f"layer must lie in 0..{len(directions) - 1}, got {layer!r}")
    there = directions[layer]
    direction = there[0] if direction is None else direction
    if direction not in there:
        wanted = " or ".join(there)
        raise BadInput(f"direction of layer {layer} must be {wanted}, got {direction!r}")
    return int(layer), direction
