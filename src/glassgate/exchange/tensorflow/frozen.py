"""Finds the GRU cells of a frozen TensorFlow graph, and proves each by the graph's own operations.

A frozen graph has a model's weights as constants, and no layers any more: a cell is the nodes below
one name, in the body of a loop or unrolled. Its constants say which arrays it has, but not what it
computes, so every form that arrays of these shapes can have is tried, and the one that computes
what the nodes compute is taken. That holds for Keras' GRU in all of its forms and for TensorFlow
1's GRUCell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
from glassgate.exchange.tensorflow.cells import Cell, find_cells, unique_cells
from glassgate.exchange.tensorflow.graph import read_graph
from glassgate.exchange.tensorflow.step import Reference, UnknownOperationError, run_cell
from glassgate.formulation import Array, Formulation, Gate, Reset, Squash
from glassgate.reference import step
from glassgate.weights import GRUWeights

RUNTIME = "the graph's own operations in float64"
MAX_ARRAYS = 6  # of a cell's weights; Keras' GRU has 3, TensorFlow 1's GRUCell 4
MAX_TRIES = 20_000  # of forms, for all cells of a file together
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
        cells = list(unique_cells(find_cells(main, functions)))
    except BadInput as error:
        raise BadInput(f"{path} cannot be read as a frozen TensorFlow graph: {error}") from error
    if not cells:
        raise BadInput(
            f"{path} holds no GRU cell with constant weights: give the file that it was made from, "
            "such as .keras or .h5"
        )
    tries = iter(range(MAX_TRIES))
    return [_file_gru(cell, tries) for cell in cells]


def _file_gru(cell: Cell, tries: Iterator[int]) -> FileGRU:
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


def _match(cell: Cell, tries: Iterator[int]) -> tuple[GRUWeights, bool] | None:
    """Return the weights of the form that computes what a cell's nodes do, and which leaf is h."""
    results: dict[tuple[int, int, bool], Array | None] = {}
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


def _result(cell: Cell, known: Mapping[Reference, NDArray[np.generic]]) -> Array | None:
    try:
        result: Array = run_cell(cell.output, cell.operations, known).astype(np.float64)
    except UnknownOperationError:
        return None
    return result


def _known(
    cell: Cell, state_first: bool, x: Array, h: Array
) -> dict[Reference, NDArray[np.generic]]:
    values = (h, x) if state_first else (x, h)
    return {**cell.constants, **dict(zip(cell.leaves, values, strict=True))}


def _run(cell: Cell, state_first: bool, input: Array, state: State) -> tuple[Array, State]:
    """Run a cell's nodes along a sequence, [T, B, I], from a state, as `GRU.run` does."""
    h, outputs = np.asarray(state[0], np.float64), []
    for x in input.astype(np.float64):
        known = _known(cell, state_first, x, h)
        h = run_cell(cell.output, cell.operations, known).astype(np.float64)
        outputs.append(h)
    return np.stack(outputs), as_state([h])


def _candidates(cell: Cell) -> Iterator[GRUWeights]:
    """Yield the weights of every form that a cell's constants can have, by their shapes."""
    constants = {id(array): array for array in cell.constants.values()}.values()
    arrays: list[Array] = [
        array.astype(array.dtype.newbyteorder("="))
        for array in constants
        if array.dtype.kind == "f" and array.ndim in (1, 2) and array.size
    ]
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
    return GRUWeights(
        swap_reset_update(W.T),
        swap_reset_update(U.T),
        swap_reset_update(one),
        swap_reset_update(other),
        form,
    )
