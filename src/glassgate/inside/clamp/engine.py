"""Hold units of a `glassgate.GRU`, which runs with edited weights inside the context."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from glassgate.engine import GRU
from glassgate.engine.plan import Direction
from glassgate.inside.clamp.edit import Edit
from glassgate.inside.clamp.units import GRUUnit
from glassgate.weights import ARRAYS, GRUWeights


@dataclass(frozen=True)
class EngineGRU:
    """A `glassgate.GRU` as `glassgate.clamp` sees it."""

    network: GRU
    bias: bool = True

    @property
    def kind(self) -> GRUUnit:
        """What its units are."""
        return GRUUnit(self.network.formulation)

    @property
    def hidden_sizes(self) -> tuple[int, ...]:
        """H of each layer, the number of units in one direction."""
        return self.network.hidden_sizes

    @property
    def directions(self) -> tuple[tuple[Direction, ...], ...]:
        """The directions of each layer, in the order of their weights."""
        return tuple(plan.directions for plan in self.network.plan)

    @contextmanager
    def hold(self, layer: int, direction: Direction, edit: Edit) -> Iterator[None]:
        """Run with an edit of one layer's weights until the context ends."""
        before = self.network.weights
        stack = [list(directions) for directions in before]
        i = self.directions[layer].index(direction)
        stack[layer][i] = apply_edit(stack[layer][i], edit)
        self.network._set_weights(tuple(map(tuple, stack)))
        try:
            yield
        finally:
            self.network._set_weights(before)


def apply_edit(weights: GRUWeights, edit: Edit) -> GRUWeights:
    """Return a copy of a layer's weights with an edit applied."""
    arrays = {name: getattr(weights, name).copy() for name in ARRAYS}
    for name, array in arrays.items():
        array[edit.rows] = edit.bias if name == "bias_input" else 0
    return replace(weights, **arrays)
