"""Stacks of GRU nodes: networks of several layers, where one node reads another's output."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from glassgate.engine import GRU
from glassgate.engine.plan import State, as_state
from glassgate.errors import BadInput
from glassgate.exchange.found import Found, describe, each
from glassgate.exchange.onnx.tensor import MOST_SHARED
from glassgate.formulation import Array

CALLED = ("lengths", "initial state")  # what a node says of its call


def with_stacks(nodes: Sequence[Found], below: Sequence[int | None]) -> list[Found]:
    """Put the networks that nodes make on each other before the nodes of a graph.

    Parameters
    ----------
    nodes
        The graph's nodes, each a network of one layer or refused.
    below
        For each the number of the one whose output it reads, None if it reads none.
    """
    readers = Counter(below)
    chains: dict[int, list[int]] = {}  # by their topmost node so far
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


def _stack(layers: Sequence[Found]) -> Found:
    """Say of nodes, each reading the one before, what network they are."""
    name = "+".join(layer.name for layer in layers)
    facts = {"layers": str(len(layers))}
    facts |= {fact: each(layer.facts.get(fact, "?") for layer in layers) for fact in CALLED}
    refusal = next((layer.refusal for layer in layers if layer.refusal), None)
    networks = [layer.network for layer in layers if layer.network]
    if refusal:
        return Found(name, refusal=f"a layer of it is refused: {refusal}", facts=facts)
    (_, most), *_ = Counter(map(id, networks)).most_common(1)
    if most > MOST_SHARED:
        refusal = f"a layer must stand at most {MOST_SHARED} times in it, got {most}"
        return Found(name, refusal=refusal, facts=facts)
    try:
        network = GRU(
            [network.weights[0] for network in networks], [network.plan[0] for network in networks]
        )
    except BadInput as error:
        refusal = f"its layers do not make one network here: {error}"
        return Found(name, refusal=refusal, facts=facts)
    facts = describe(network) | facts
    return Found(name, network, None, facts, partial(_run, layers), layers[0].runtime)


def _run(layers: Sequence[Found], input: Array, state: State) -> tuple[Array, State]:
    """Run the nodes' own references, one on the other."""
    last: list[Array] = []
    for layer in layers:
        if layer.network is None or layer.reference is None:
            raise BadInput(f"{layer.name} cannot be run")
        own = state[len(last) : len(last) + layer.network.states]
        input, states = layer.reference(input, np.stack(list(own)))
        last += list(states)
    return input, as_state(last)
