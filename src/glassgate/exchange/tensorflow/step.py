"""Computes one step of a cell by the operations of its graph, in float64.

A cell is the nodes below one name. What it reads from outside is a constant, the input of the step
or the state. A short list of operations is known; a cell with any other is not computed.

Source: the operations' pages in https://www.tensorflow.org/api_docs/python/tf/raw_ops
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from glassgate.exchange.tensorflow.graph import Operation
from glassgate.reference import sigmoid

Numbers: TypeAlias = NDArray[np.generic]
Reference: TypeAlias = tuple[str, int]
PASSING = {"Identity", "StopGradient", "Enter", "Cast"}
MAX_AXIS = 2


class UnknownOperationError(Exception):
    """An operation that is not computed here."""


def run_cell(
    output: Reference, operations: Mapping[str, Operation], known: Mapping[Reference, Numbers]
) -> Numbers:
    """Compute an output of a cell's node.

    Parameters
    ----------
    output
        The node, and which of its outputs.
    operations
        The nodes of the graph that the cell is in.
    known
        The values of what the cell reads from outside.

    Raises
    ------
    UnknownOperationError
        When an operation is not known, or is given what it cannot be computed from.
    """
    values: dict[Reference, Numbers] = dict(known)
    pending = [output]
    while pending:
        here = pending[-1]
        if here in values:
            pending.pop()
            continue
        operation = operations.get(here[0])
        if operation is None or len(pending) > 10_000:
            raise UnknownOperationError(here[0])
        missing = [source for source in operation.inputs if source not in values]
        if missing:
            if any(source in pending for source in missing):
                raise UnknownOperationError("a loop")
            pending += missing
            continue
        results = _results(operation, [values[source] for source in operation.inputs])
        for i, result in enumerate(results):
            values[here[0], i] = result
        if here not in values:
            raise UnknownOperationError(operation.kind)
    return values[output]


def _results(operation: Operation, inputs: Sequence[Numbers]) -> Sequence[Numbers]:
    function = FUNCTIONS.get(operation.kind)
    if function is None:
        raise UnknownOperationError(operation.kind)
    try:
        with np.errstate(all="ignore"):
            return function(operation, *inputs)
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        raise UnknownOperationError(operation.kind) from error


def _product(operation: Operation, a: Numbers, b: Numbers) -> Sequence[Numbers]:
    if a.ndim != 2 or b.ndim != 2:
        raise ValueError
    a = a.T if operation.number("transpose_a") else a
    b = b.T if operation.number("transpose_b") else b
    return [_floats(a) @ _floats(b)]


def _split(operation: Operation, axis: Numbers, value: Numbers) -> Sequence[Numbers]:
    return np.split(value, operation.number("num_split", 1), _axis(axis))


def _split_sizes(
    operation: Operation, value: Numbers, sizes: Numbers, axis: Numbers
) -> Sequence[Numbers]:
    del operation
    return np.split(value, np.cumsum(_integers(sizes))[:-1], _axis(axis))


def _concat(operation: Operation, *values: Numbers) -> Sequence[Numbers]:
    del operation
    return [np.concatenate(values[:-1], _axis(values[-1]))]


def _squeeze(operation: Operation, value: Numbers) -> Sequence[Numbers]:
    del operation
    return [value.reshape([length for length in value.shape if length != 1] or [1])]


def _slice(
    operation: Operation, value: Numbers, begin: Numbers, end: Numbers, strides: Numbers
) -> Sequence[Numbers]:
    if operation.number("ellipsis_mask") or operation.number("new_axis_mask"):
        raise ValueError
    index: list[int | slice] = []
    for i, (first, last, stride) in enumerate(
        zip(_integers(begin), _integers(end), _integers(strides), strict=True)
    ):
        if operation.number("shrink_axis_mask") >> i & 1:
            index.append(first)
        else:
            start = None if operation.number("begin_mask") >> i & 1 else first
            stop = None if operation.number("end_mask") >> i & 1 else last
            index.append(slice(start, stop, stride))
    return [np.asarray(value[tuple(index)])]


def _elementwise(function: Callable[..., Numbers]) -> Callable[..., Sequence[Numbers]]:
    def run(operation: Operation, *values: Numbers) -> Sequence[Numbers]:
        del operation
        return [function(*map(_floats, values))]

    return run


def _floats(value: Numbers) -> NDArray[np.float64]:
    if value.dtype.kind not in "fiu":
        raise TypeError
    return value.astype(np.float64)


def _integers(value: Numbers) -> list[int]:
    if value.dtype.kind != "i" or value.ndim > 1 or value.size > 8:
        raise TypeError
    return [int(number) for number in value.ravel()]


def _axis(value: Numbers) -> int:
    (axis,) = _integers(value)
    if abs(axis) > MAX_AXIS:
        raise ValueError
    return axis


FUNCTIONS: dict[str, Callable[..., Sequence[Numbers]]] = {
    **dict.fromkeys(PASSING, lambda _, value: [value]),
    "MatMul": _product,
    "Split": _split,
    "SplitV": _split_sizes,
    "ConcatV2": _concat,
    "Squeeze": _squeeze,
    "StridedSlice": _slice,
    **dict.fromkeys(("Add", "AddV2", "BiasAdd"), _elementwise(np.add)),
    "Sub": _elementwise(np.subtract),
    "Mul": _elementwise(np.multiply),
    "Sigmoid": _elementwise(sigmoid),
    "Tanh": _elementwise(np.tanh),
    "Relu": _elementwise(lambda x: np.maximum(x, 0)),
    "Maximum": _elementwise(np.maximum),
    "Minimum": _elementwise(np.minimum),
    "ClipByValue": _elementwise(np.clip),
}
