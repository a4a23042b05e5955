"""Finds the GRU cells of a frozen TensorFlow graph, and proves each by the graph's own operations.

A frozen graph has a model's weights as constants, and no layers any more: a cell is the nodes below
one name, in the body of a loop or unrolled. Its constants say which arrays it has, but not what it
computes, so every form that arrays of these shapes can have is tried, and the one that computes
what the nodes compute is taken. That holds for Keras' GRU in all of its forms and for TensorFlow
1's GRUCell.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from glassgate.engine import GRU
from glassgate.engine.plan import State, as_state
from glassgate.errors import BadInput
from glassgate.exchange.arrays.tensorflow1 import from_tensorflow1
from glassgate.exchange.conventions import swap_reset_update
from glassgate.exchange.file_gru import FileGRU, describe
from glassgate.exchange.tensorflow.graph import Graph, Operation, constant, read_graph
from glassgate.exchange.tensorflow.step import PASSING, Reference, UnknownOperationError, run_cell
from glassgate.formulation import Array, Formulation, Gate, Reset, Squash
from glassgate.reference import step
from glassgate.weights import GRUWeights

RUNTIME = "the graph's own operations in float64"
MAX_CELL, MAX_CELLS = 300, 2**10  # nodes of a cell; cells of a file
MAX_ARRAYS = 6  # of a cell's weights; Keras' GRU has 3, TensorFlow 1's GRUCell 4
MAX_TRIES = 20_000  # of forms, for all cells of a file together
MAX_DEPTH = 8  # of functions that call functions
MAX_DIFFERENCE = 1e-9  # between a cell's nodes and the form that it is taken for
ORDER = (
    "it is one cell of a frozen graph, which does not say in which direction its loop reads: the "
    "network reads forward, without the rest of the graph"
)


def read_frozen(path: Path) -> list[FileGRU]:
    """Read the GRU cells of a frozen graph; a cell that is no GRU known here is refused.

    Raises
    ------
    BadInput
        When the file is no GraphDef, or holds no cell.
    OSError
        When it cannot be read.
    """
    try:
        main, functions = read_graph(memoryview(path.read_bytes()))
        cells = list(_unique(_cells(main, functions, {}, 0)))
    except BadInput as error:
        raise BadInput(f"{path} cannot be read as a frozen TensorFlow graph: {error}") from error
    if not cells:
        raise BadInput(
            f"{path} holds no GRU cell with constant weights: give the file that it was made from, "
            "such as .keras or .h5"
        )
    tries = iter(range(MAX_TRIES))
    return [_file_gru(cell, tries) for cell in cells]


@dataclass(frozen=True)
class _Cell:
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


def _cells(
    graph: Graph,
    functions: Mapping[str, Graph],
    given: Mapping[str, NDArray[np.generic]],
    depth: int,
) -> Iterator[_Cell]:
    """Yield the cells of a graph, and those of the functions that it calls with constants."""
    resolver = _Resolver(graph, given)
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
                yield from _cells(called, functions, arrays, depth + 1)


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


def _cell(name: str, group: list[Operation], graph: Graph, resolver: _Resolver) -> Iterator[_Cell]:
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
        yield _Cell(name, _joined(group, leaves), constants, tuple(origins), (made.pop(), 0))


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


def _unique(cells: Iterator[_Cell]) -> Iterator[_Cell]:
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


def _file_gru(cell: _Cell, tries: Iterator[int]) -> FileGRU:
    found = _match(cell, tries)
    if found is None:
        return FileGRU(
            cell.name,
            refusal=(
                "its nodes compute no form of the GRU that is known here: give the file that the "
                "graph was made from, such as .keras or .h5"
            ),
            facts={"kind": "a GRU cell of a frozen graph, perhaps"},
        )
    weights, state_first = found
    network = GRU([[weights]])
    return FileGRU(
        cell.name,
        network,
        facts=describe(network),
        reference=partial(_run, cell, state_first),
        runtime=RUNTIME,
        notes=(ORDER,),
    )


def _match(cell: _Cell, tries: Iterator[int]) -> tuple[GRUWeights, bool] | None:
    """Return the weights of the form that computes what a cell's nodes do, and which leaf is h."""
    results: dict[tuple[int, int, bool], NDArray[np.generic] | None] = {}
    for weights, _ in zip(_candidates(cell), tries, strict=False):
        I, H = weights.input_size, weights.hidden_size
        rng = np.random.default_rng(0)
        x, h = rng.normal(size=(4, I)), rng.uniform(-1, 1, (4, H))
        with np.errstate(all="ignore"):
            wanted = step(weights.astype(np.float64), x, h).hidden
        for state_first in (False, True):
            if (I, H, state_first) not in results:
                results[I, H, state_first] = _result(cell, _known(cell, state_first, x, h))
            got = results[I, H, state_first]
            if got is None or got.shape != wanted.shape:
                continue
            scale = max(1.0, float(np.abs(wanted).max()))
            if np.abs(got - wanted).max() <= MAX_DIFFERENCE * scale:
                return weights, state_first
    return None


def _result(
    cell: _Cell, known: Mapping[Reference, NDArray[np.generic]]
) -> NDArray[np.generic] | None:
    try:
        return run_cell(cell.output, cell.operations, known)
    except UnknownOperationError:
        return None


def _known(
    cell: _Cell, state_first: bool, x: Array, h: Array
) -> dict[Reference, NDArray[np.generic]]:
    values = (h, x) if state_first else (x, h)
    return {**cell.constants, **dict(zip(cell.leaves, values, strict=True))}


def _run(cell: _Cell, state_first: bool, input: Array, state: State) -> tuple[Array, State]:
    """Run a cell's nodes along a sequence, [T, B, I], from a state, as `GRU.run` does."""
    h, outputs = np.asarray(state[0], np.float64), []
    for x in input.astype(np.float64):
        known = _known(cell, state_first, x, h)
        h = run_cell(cell.output, cell.operations, known).astype(np.float64)
        outputs.append(h)
    return np.stack(outputs), as_state([h])


def _candidates(cell: _Cell) -> Iterator[GRUWeights]:
    """Yield the weights of every form that a cell's constants can have, by their shapes."""
    arrays = list({id(array): array for array in cell.constants.values()}.values())
    arrays = [a for a in arrays if a.dtype.kind == "f" and a.ndim in (1, 2) and a.size]
    if len(arrays) > MAX_ARRAYS:
        return
    curves = list(product(get_args(Reset)[:2], get_args(Gate), get_args(Squash)))
    matrices = [array for array in arrays if array.ndim == 2]
    for W, U in product(matrices, matrices):
        H = U.shape[0]
        if W is U or U.shape != (H, 3 * H) or W.shape[1] != 3 * H:
            continue
        biases = [b for b in arrays if b.shape in ((2, 3 * H), (3 * H,))]
        for b, (reset, gate, squash) in product([*biases, None], curves):
            form = Formulation("keeps", reset, gate, squash)
            yield _keras(W, U, np.zeros(3 * H, W.dtype) if b is None else b, form)
    for gates, candidate in product(matrices, matrices):
        H = candidate.shape[1]
        if gates.shape != (candidate.shape[0], 2 * H) or candidate.shape[0] <= H:
            continue
        pairs = product(
            [b for b in arrays if b.shape == (2 * H,)], [b for b in arrays if b.shape == (H,)]
        )
        for (b_gates, b_candidate), squash in product(pairs, get_args(Squash)):
            yield from_tensorflow1(gates, b_gates, candidate, b_candidate, squash)


def _keras(W: Array, U: Array, b: Array, form: Formulation) -> GRUWeights:
    one, other = b if b.ndim == 2 else (b, np.zeros_like(b))
    arrays = (swap_reset_update(array) for array in (W.T, U.T, one, other))
    return GRUWeights(*(np.ascontiguousarray(array) for array in arrays), form)
