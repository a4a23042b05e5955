"""Stacks of GRU nodes: networks of several layers, where each node reads another's output."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from glassgate.engine import GRU
from glassgate.engine.plan import State, as_state
from glassgate.errors import BadInput
from glassgate.exchange.file_gru import FileGRU, describe, join_values
from glassgate.exchange.onnx.tensor import MAX_SHARING
from glassgate.formulation import Array

CALL_FACTS = ("lengths", "initial state")  # facts about a node's call, not about its weights


def add_stacks(nodes: Sequence[FileGRU], below: Sequence[int | None]) -> list[FileGRU]:
    """List the stacks that the nodes of a graph form, then the nodes.

    Parameters
    ----------
    nodes
        The graph's nodes, each a network of one layer or refused.
    below
        For each node, the index of the one whose output it reads; None if it reads none.
    """
    readers = Counter(below)
    chains: dict[int, list[int]] = {}  # by the index of their topmost node so far
    for i, under in enumerate(below):
        single = under is None or readers[under] > 1
        chains[i] = [i] if single or under is None else [*chains.pop(under), i]
    stacks, result = [], list(nodes)
    for chain in (chain for chain in chains.values() if len(chain) > 1):
        stacks.append(_stack([nodes[i] for i in chain]))
        if stacks[-1].network:
            for i in chain:
                result[i] = replace(nodes[i], part_of=stacks[-1].name)
    return stacks + result


def _stack(layers: Sequence[FileGRU]) -> FileGRU:
    """Build the network of nodes that each read the one before, or say why there is none."""
    name = "+".join(layer.name for layer in layers)
    facts = {"layers": str(len(layers))}
    facts |= {
        fact: join_values(layer.facts.get(fact, "?") for layer in layers) for fact in CALL_FACTS
    }
    refusal = next((layer.refusal for layer in layers if layer.refusal), None)
    networks = [layer.network for layer in layers if layer.network]
    if refusal:
        return FileGRU(
            name, refusal=f"one of its layers cannot be converted: {refusal}", facts=facts
        )
    (_, repeats), *_ = Counter(map(id, networks)).most_common(1)
    if repeats > MAX_SHARING:
        refusal = f"it must repeat a layer at most {MAX_SHARING} times, got {repeats}"
        return FileGRU(name, refusal=refusal, facts=facts)
    try:
        network = GRU(
            [network.weights[0] for network in networks], [network.plan[0] for network in networks]
        )
    except BadInput as error:
        refusal = f"its layers do not form one network here: {error}"
        return FileGRU(name, refusal=refusal, facts=facts)
    facts = describe(network) | facts
    return FileGRU(
        name,
        network,
        facts=facts,
        reference=partial(_run, layers),
        runtime=layers[0].runtime,
        unrun=layers[0].unrun,
        notes=tuple(dict.fromkeys(note for layer in layers for note in layer.notes)),
    )


def _run(layers: Sequence[FileGRU], input: Array, state: State) -> tuple[Array, State]:
    """Run the nodes' references one after the other, each on the output of the one before."""
    last: list[Array] = []
    for layer in layers:
        if layer.network is None or layer.reference is None:
            raise BadInput(f"{layer.name} cannot be run")
        initial = state[len(last) : len(last) + layer.network.states]
        input, states = layer.reference(input, np.stack(list(initial)))
        last += list(states)
    return input, as_state(last)
