"""Finds in a frozen graph what may be the cells of recurrent layers: nodes below one name.

A cell has constants, reads two things more, the input of a step and the state, and adds the new
state up at its end. Whether it is a GRU is for `glassgate.exchange.tensorflow.frozen` to tell.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from glassgate.errors import BadInput
from glassgate.exchange.tensorflow.graph import Graph, Operation, constant
from glassgate.exchange.tensorflow.step import PASSING, Reference

MAX_CELL, MAX_CELLS = 300, 2**10  # nodes of a cell; cells of a file
MAX_DEPTH = 8  # of functions that call functions


@dataclass(frozen=True)
class Cell:
    """The nodes below one name, and what they read from outside.

    Attributes
    ----------
    name
        That name.
    operations
        The nodes of the graph that the cell is in.
    constants
        The constants that it reads, by where it reads them.
    leaves
        What else it reads: the input of a step, the state.
    output
        The node that no other node of the cell reads.
    """

    name: str
    operations: Mapping[str, Operation]
    constants: dict[Reference, NDArray[np.generic]]
    leaves: tuple[Reference, ...]
    output: Reference


def find_cells(
    graph: Graph,
    functions: Mapping[str, Graph],
    given: Mapping[str, NDArray[np.generic]] | None = None,
    depth: int = 0,
) -> Iterator[Cell]:
    """Yield the cells of a graph, and those of the functions that it calls with constants.

    Parameters
    ----------
    graph
        The graph.
    functions
        All functions by their names.
    given
        Which of a function's arguments are constants.
    depth
        How many functions call this one.
    """
    resolver = _Resolver(graph, given or {})
    groups: dict[str, list[Operation]] = defaultdict(list)
    for operation in graph.operations.values():
        groups[operation.name.rpartition("/")[0]].append(operation)
    for name, group in groups.items():
        kinds = [operation.kind for operation in group]
        if kinds.count("MatMul") >= 2 and len(group) <= MAX_CELL:
            yield from _cell(name, group, graph, resolver)
    if depth == MAX_DEPTH:
        return
    for operation in graph.operations.values():
        for word in ("body", "f"):
            called = functions.get(operation.function(word))
            if called is not None:
                arrays = _arguments(operation, called, resolver, loop=word == "body")
                yield from find_cells(called, functions, arrays, depth + 1)


def _arguments(
    operation: Operation, called: Graph, resolver: _Resolver, loop: bool
) -> dict[str, NDArray[np.generic]]:
    """Return the arguments of a function that are constants, in a loop only what stays the same."""
    arrays = {}
    inside = _Resolver(called, {})
    for i, (name, source) in enumerate(zip(called.arguments, operation.inputs, strict=False)):
        stays = not loop or (
            i < len(called.returns) and inside.origin(called.returns[i]) == (name, 0)
        )
        array = resolver.constant(source) if stays else None
        if array is not None:
            arrays[name] = array
    return arrays


class _Resolver:
    """Follows references back to what makes them, through nodes that pass a value on."""

    def __init__(self, graph: Graph, given: Mapping[str, NDArray[np.generic]]) -> None:
        self._graph, self._given = graph, given
        self._read: dict[str, NDArray[np.generic] | None] = {}

    def origin(self, reference: Reference) -> Reference:
        """Return the node, or argument, that makes a value."""
        for _ in range(MAX_CELL):
            operation = self._graph.operations.get(reference[0])
            passes = operation is not None and operation.kind in (*PASSING, "Switch")
            if operation is None or not passes or not operation.inputs:
                return (reference[0], 0) if operation is None else reference
            reference = operation.inputs[0]
        return reference

    def constant(self, reference: Reference) -> NDArray[np.generic] | None:
        """Return the constant that a reference leads to; None where it leads to none."""
        name, _ = self.origin(reference)
        if name in self._given:
            return self._given[name]
        operation = self._graph.operations.get(name)
        if operation is None or operation.kind != "Const":
            return None
        if name not in self._read:
            self._read[name] = constant(operation)
        return self._read[name]


def _cell(name: str, group: list[Operation], graph: Graph, resolver: _Resolver) -> Iterator[Cell]:
    """Yield the nodes of a group as a cell, if they have one output and read two things."""
    own = {operation.name for operation in group if operation.kind != "Const"}
    constants: dict[Reference, NDArray[np.generic]] = {}
    leaves: dict[Reference, Reference] = {}
    read = {source for operation in group for source, _ in operation.inputs}
    for operation in group:
        if operation.kind == "Const" or operation.kind in PASSING:
            continue
        for source in operation.inputs:
            if source in constants or (source[0] in own and not _passes(graph, source)):
                continue
            array = resolver.constant(source)
            if array is not None:
                constants[source] = array
            else:
                leaves[source] = resolver.origin(source)
    made = {
        operation.name
        for operation in group
        if operation.kind in ("Add", "AddV2") and operation.name not in read
    }
    origins = dict.fromkeys(leaves.values())
    if len(made) == 1 and len(origins) == 2:
        yield Cell(name, _joined(group, leaves), constants, tuple(origins), (made.pop(), 0))


def _passes(graph: Graph, reference: Reference) -> bool:
    operation = graph.operations.get(reference[0])
    return operation is not None and operation.kind in PASSING


def _joined(group: list[Operation], leaves: Mapping[Reference, Reference]) -> dict[str, Operation]:
    """Return the nodes of a group, reading at once what they read by way of others."""
    return {
        operation.name: replace(
            operation, inputs=tuple(leaves.get(source, source) for source in operation.inputs)
        )
        for operation in group
    }


def unique_cells(cells: Iterator[Cell]) -> Iterator[Cell]:
    """Yield each cell once: a cell that is unrolled, or called twice, has the same constants."""
    seen: set[frozenset[int]] = set()
    for cell in cells:
        key = frozenset(
            array.__array_interface__["data"][0]
            for array in cell.constants.values()
            if array.ndim == 2
        )
        if key and key not in seen:
            seen.add(key)
            yield cell
        if len(seen) > MAX_CELLS:
            raise BadInput(f"it must hold at most {MAX_CELLS} cells")
