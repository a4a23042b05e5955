"""What every reader returns: one GRU in a file, as a network or with the reason it has none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from glassgate.engine import GRU, LayerPlan
from glassgate.engine.plan import State
from glassgate.formulation import Array

Reference: TypeAlias = Callable[[Array, State], tuple[Array, State]]
MAX_NOTES, MAX_NOTE = 16, 1000  # on a network; characters of each
SOURCE_EQUATIONS = "the source's own equations"


@dataclass(frozen=True)
class FileGRU:
    """One GRU in a file; an LSTM or a plain RNN is listed too, with a refusal.

    Parameters
    ----------
    name
        Its name in the file.
    network
        The network; `None` where there is no exact counterpart.
    refusal
        Why there is no network, in one sentence; `None` where there is one.
    facts
        What `glassgate inspect` shows of it. An entry here replaces the one from `describe`.
    reference
        Runs the source itself on an input, [T, B, I], and a state, as `GRU.initial_state` returns
        it. Returns the output, [T, B, `output_size`], and the last state, as `GRU.run` does. The
        arrays have the network's dtype, or float64 where the source computes in float64.
    runtime
        What `reference` runs in: "torch 2.13.0", or the source's own equations.
    unrun
        Why it runs by equations, where it does: "torch is not installed".
    part_of
        The name of the larger network in the same file of which this is one layer. Such a layer is
        converted only where it is asked for by name. `None` for all others.
    notes
        What one has to know to run the network as its source ran, one sentence each. A converted
        file keeps them.
    """

    name: str
    network: GRU | None = None
    refusal: str | None = None
    facts: dict[str, str] = field(default_factory=dict)
    reference: Reference | None = None
    runtime: str = SOURCE_EQUATIONS
    unrun: str = ""
    part_of: str | None = None
    notes: tuple[str, ...] = ()


def describe(network: GRU) -> dict[str, str]:
    """Describe a network in the facts that every reader reports, as `FileGRU.facts` holds them.

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
        **describe_plan(network.plan),
        "input size": str(network.input_size),
        "hidden size": join_values(network.hidden_sizes),
        "formulation": f"reset {form.reset}, update {form.update}",
        "activations": f"{form.gate}, {form.squash}",
        "initial state": "given at run time",
        "numbers": "bfloat16" if network.bfloat16 else network.dtype.name,
    }


def as_notes(value: object) -> tuple[str, ...]:
    """Return notes that a file holds as a list of texts; none where it is no such list.

    >>> as_notes(["its steps are masked"]), as_notes(None)
    (('its steps are masked',), ())
    """
    notes = value if isinstance(value, list) else []
    return tuple(note[:MAX_NOTE] for note in notes[:MAX_NOTES] if isinstance(note, str))


def describe_plan(plan: Sequence[LayerPlan]) -> dict[str, str]:
    """Describe the direction of each layer, and its merge and output order where unusual.

    Examples
    --------
    >>> describe_plan([LayerPlan(("forward", "reverse"), "sum"), LayerPlan()])
    {'direction': 'both, forward', 'merge': 'sum, concat'}
    """
    directions = [layer.directions[0] if len(layer.directions) == 1 else "both" for layer in plan]
    facts = {"direction": join_values(directions)}
    if any(layer.merge != "concat" for layer in plan):
        facts["merge"] = join_values(layer.merge for layer in plan)
    if any(layer.turns for layer in plan):
        facts["order of output"] = join_values(
            "as read" if layer.turns else "time" for layer in plan
        )
    return facts


def join_values(values: Iterable[object]) -> str:
    """List values in one string, or a single one where all are the same."""
    texts = [f"{value!s:.60}" for value in values]
    return texts[0] if len(set(texts)) == 1 else ", ".join(texts)
