"""Reads a GraphDef: its nodes, its functions, and the arrays of its constants.

Files come from strangers: there are limits on nodes and on what a constant may hold, and nothing is
ever run here.

Sources: ``graph.proto``, ``node_def.proto``, ``function.proto``, ``attr_value.proto`` and
``tensor.proto`` of TensorFlow 2.21.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glassgate.errors import BadInput
from glassgate.exchange.tensorflow.messages import (
    fields,
    integer,
    last,
    messages,
    read_varint,
    text,
)

MAX_NODES = 2**17
MAX_AXES = 8
MAX_FILL = 2**16  # numbers of a constant that gives one and means all
# TensorFlow's numbers of the types, and the field of a TensorProto for each.
DTYPES = {
    1: ("<f4", 5),
    2: ("<f8", 6),
    3: ("<i4", 7),
    9: ("<i8", 10),
    10: ("|b1", 11),
}


@dataclass(frozen=True)
class Operation:
    """One node of a graph.

    Attributes
    ----------
    name, kind
        Its own name, and that of its operation: ``MatMul``.
    inputs
        The nodes that it reads, or arguments of its function, each with which of its outputs.
    attributes
        Its attributes, each an AttrValue message, by their names.
    """

    name: str
    kind: str
    inputs: tuple[tuple[str, int], ...]
    attributes: Mapping[str, memoryview]

    def number(self, name: str, default: int = 0) -> int:
        """Return an attribute that is an integer or a truth."""
        value = self.attributes.get(name)
        if value is None:
            return default
        return integer(value, 3) or integer(value, 5)

    def function(self, name: str) -> str:
        """Return the name of the function that an attribute gives; empty where it gives none."""
        value = self.attributes.get(name)
        return "" if value is None else text(last(last(value, 10), 1))


@dataclass(frozen=True)
class Graph:
    """The nodes of a graph or of a function, by their names.

    Attributes
    ----------
    operations
        In the order of the file.
    arguments
        The names of a function's arguments.
    returns
        What a function returns, in order.
    """

    operations: dict[str, Operation]
    arguments: tuple[str, ...] = ()
    returns: tuple[tuple[str, int], ...] = ()


def read_graph(data: memoryview) -> tuple[Graph, dict[str, Graph]]:
    """Read a graph and its functions by their names.

    Raises
    ------
    BadInput
        When it is no GraphDef, or has more than `MAX_NODES` nodes.
    """
    functions, count = {}, 0
    main = Graph(_operations(messages(data, 1)))
    count += len(main.operations)
    for function in messages(last(data, 2), 1):
        signature = last(function, 1)
        returned = {
            text(last(entry, 1)): _reference(text(last(entry, 2)))
            for entry in messages(function, 4)
        }
        outputs = [text(last(argument, 1)) for argument in messages(signature, 3)]
        graph = Graph(
            _operations(messages(function, 3)),
            tuple(text(last(argument, 1)) for argument in messages(signature, 2)),
            tuple(returned.get(name, ("", 0)) for name in outputs),
        )
        functions[text(last(signature, 1))] = graph
        count += len(graph.operations) + 1
        if count > MAX_NODES:
            raise BadInput(f"it must have at most {MAX_NODES} nodes")
    return main, functions


def constant(operation: Operation) -> NDArray[np.generic] | None:
    """Return the array of a Const node; None where it holds no numbers that are read here.

    Raises
    ------
    BadInput
        When it holds more or less than its shape says.
    """
    value = operation.attributes.get("value")
    if operation.kind != "Const" or value is None:
        return None
    tensor = last(value, 8)
    kind = integer(tensor, 1)
    if kind not in DTYPES:
        return None
    shape = tuple(integer(axis, 1) for axis in messages(last(tensor, 2), 2))
    if len(shape) > MAX_AXES or any(length > 2**40 for length in shape):
        raise BadInput(f"the constant {operation.name:.80} has too large a shape")
    code, number = DTYPES[kind]
    dtype, count = np.dtype(code), math.prod(shape)
    content = last(tensor, 4)
    if len(content):
        if len(content) != count * dtype.itemsize:
            raise BadInput(
                f"the constant {operation.name:.80} must hold {count * dtype.itemsize} bytes, "
                f"got {len(content)}"
            )
        return np.frombuffer(content, dtype).reshape(shape)
    numbers = _listed(tensor, number, dtype)
    if len(numbers) == count:
        return numbers.reshape(shape)
    if count > MAX_FILL or len(numbers) > count:
        raise BadInput(f"the constant {operation.name:.80} does not hold what its shape says")
    filled = numbers[-1] if len(numbers) else dtype.type(0)
    return np.concatenate([numbers, np.full(count - len(numbers), filled, dtype)]).reshape(shape)


def _listed(tensor: memoryview, number: int, dtype: np.dtype[np.generic]) -> NDArray[np.generic]:
    """Return the numbers of a repeated field, packed or one by one."""
    parts: list[NDArray[np.generic]] = []
    for found, value in fields(tensor):
        if found != number:
            continue
        if isinstance(value, int):
            parts.append(np.array([np.uint64(value)]).astype(np.int64).astype(dtype))
        elif dtype.kind == "f":
            if len(value) % dtype.itemsize:
                raise BadInput("the numbers of a constant are cut short")
            parts.append(np.frombuffer(value, dtype))
        else:
            parts.append(_integers(value, dtype))
    return np.concatenate(parts) if parts else np.zeros(0, dtype)


def _integers(packed: memoryview, dtype: np.dtype[np.generic]) -> NDArray[np.generic]:
    values, at = [], 0
    while at < len(packed):
        value, at = read_varint(packed, at)
        values.append(value - 2**64 if value >= 2**63 else value)
    return np.array(values, np.int64).astype(dtype)


def _operations(nodes: Iterable[memoryview]) -> dict[str, Operation]:
    operations: dict[str, Operation] = {}
    for node in nodes:
        name = text(last(node, 1))
        inputs = [text(reference) for reference in messages(node, 3)]
        operations[name] = Operation(
            name=name,
            kind=text(last(node, 2)),
            inputs=tuple(_reference(word) for word in inputs if not word.startswith("^")),
            attributes={text(last(entry, 1)): last(entry, 2) for entry in messages(node, 5)},
        )
        if len(operations) > MAX_NODES:
            raise BadInput(f"it must have at most {MAX_NODES} nodes")
    return operations


def _reference(word: str) -> tuple[str, int]:
    """Split a reference into a node's name and which output: ``split:output:1``, ``split:1``."""
    name, *rest = word.split(":")
    number = rest[-1] if rest else ""
    return name, int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 0
