"""What a reader hands over: one GRU in another tool's file, taken or refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from glassgate.engine import GRU, LayerPlan
from glassgate.engine.plan import State
from glassgate.formulation import Array

Reference: TypeAlias = Callable[[Array, State], tuple[Array, State]]
EQUATIONS = "the source's own equations"


@dataclass(frozen=True)
class Found:
    """One GRU in a file.

    Parameters
    ----------
    name
        Its name in the file.
    network
        The network; `None` where it cannot be taken exactly.
    refusal
        The sentence that says why it cannot; `None` where there is a network.
    facts
        What `glassgate inspect` says of it beside what `describe` does, or instead.
    reference
        Runs the source itself on an input, [T, B, I], and a state, as `GRU.initial_state` gives
        it, and gives its output, [T, B, `output_size`], and its last state, as `GRU.run` does.
        The arrays are of the network's dtype, or of float64 where the source computes in it.
    runtime
        What `reference` runs in: "torch 2.13.0", or the source's own equations.
    part_of
        The name of the larger network in the same file that this one is a layer of: found beside
        it, and taken only where it is named. `None` for all others.
    """

    name: str
    network: GRU | None = None
    refusal: str | None = None
    facts: dict[str, str] = field(default_factory=dict)
    reference: Reference | None = None
    runtime: str = EQUATIONS
    part_of: str | None = None


def describe(network: GRU) -> dict[str, str]:
    """Say what every reader says of a network it takes, as `Found.facts` holds it.

    Examples
    --------
    >>> import numpy as np
    >>> from glassgate import GRUWeights
    >>> weights = GRUWeights(*(np.ones(shape) for shape in ((6, 3), (6, 2), 6, 6)))
    >>> describe(GRU([[weights]]))["formulation"]
    'reset after, update keeps'
    """
    form = network.formulation
    return {
        "layers": str(network.num_layers),
        **arrangement(network.plan),
        "input size": str(network.input_size),
        "hidden size": each(network.hidden_sizes),
        "formulation": f"reset {form.reset}, update {form.update}",
        "activations": f"{form.gate}, {form.squash}",
        "initial state": "given at run time",
        "numbers": "bfloat16" if network.bfloat16 else network.dtype.name,
    }


def arrangement(plan: Sequence[LayerPlan]) -> dict[str, str]:
    """Say in which directions layers read, and what becomes of their states where it is unusual.

    Examples
    --------
    >>> arrangement([LayerPlan(("forward", "reverse"), "sum"), LayerPlan()])
    {'direction': 'both, forward', 'merge': 'sum, concat'}
    """
    ways = [layer.directions[0] if len(layer.directions) == 1 else "both" for layer in plan]
    facts = {"direction": each(ways)}
    if any(layer.merge != "concat" for layer in plan):
        facts["merge"] = each(layer.merge for layer in plan)
    if any(layer.turns for layer in plan):
        facts["order of output"] = each("as read" if layer.turns else "time" for layer in plan)
    return facts


def each(values: Iterable[object]) -> str:
    """List values, one alone where they are all the same."""
    said = [f"{value!s:.60}" for value in values]
    return said[0] if len(set(said)) == 1 else ", ".join(said)
