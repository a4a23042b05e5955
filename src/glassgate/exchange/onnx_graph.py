"""GRU nodes in an ONNX graph, and the constants they read. Files come from strangers.

A tensor is compared with the bytes that are there before any array is made of it, and external
data is read inside the model's own folder alone.
"""

import math
import os
from collections import ChainMap
from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, helper

from glassgate.engine import LayerPlan
from glassgate.errors import BadInput
from glassgate.exchange.onnx_node import DIRECTIONS, Pair, activation_pairs
from glassgate.exchange.onnx_trail import Trail, Trails
from glassgate.formulation import Array

Constants: TypeAlias = ChainMap[str, TensorProto]
MOST_NODES = 2**12
WEIGHTS = ("W", "R", "B")
INPUTS = ("X", *WEIGHTS, "sequence_lens", "initial_h")
FLOATS: dict[int, np.dtype[np.floating]] = {
    TensorProto.FLOAT: np.dtype("<f4"),
    TensorProto.DOUBLE: np.dtype("<f8"),
}


class Node(NamedTuple):
    """One GRU node, its words read and its tensors found.

    Attributes
    ----------
    name
        The node's name, or that of its first output.
    given
        The names of ONNX's inputs that the node connects, out of `INPUTS`.
    constants
        Those of them that are constants.
    direction
        ``"forward"``, ``"reverse"`` or ``"bidirectional"``.
    layout
        0, or 1 where the batch comes first in inputs and outputs; the weights are the same.
    linear_before_reset, activations, clip
        As in `glassgate.exchange.onnx_node.NodeArrays`.
    plan
        What becomes of its states.
    below
        The number of the GRU node whose output it reads, among those of its graph; None if none.
    """

    name: str
    given: frozenset[str]
    constants: dict[str, TensorProto]
    direction: str
    layout: int
    linear_before_reset: bool
    activations: tuple[Pair, ...]
    clip: float | None
    plan: LayerPlan = LayerPlan()
    below: int | None = None

    @property
    def makes(self) -> Hashable:
        """What decides which network the node is: equal for calls of one GRU."""
        tensors = tuple(id(self.constants.get(name)) for name in WEIGHTS)
        form = self.plan, self.linear_before_reset, self.activations, self.clip
        return tensors, self.given.intersection(WEIGHTS), form


def gru_nodes(model: ModelProto) -> Iterator[list[Node]]:
    """Find all GRU nodes, graph by graph: branches, loops and functions have graphs of their own.

    Raises
    ------
    BadInput
        When a node's inputs or attributes are not what ONNX says, or there are more than
        `MOST_NODES`.
    """
    count = 0
    graphs = [_in_graph(model.graph, ChainMap(), set())]
    graphs += (
        _in_nodes(function.node, ChainMap(), Trails(set(function.output)))
        for function in model.functions
    )
    for nodes in chain(*graphs):
        count += len(nodes)
        _require_few(count)
        yield nodes


def _in_graph(graph: GraphProto, outer: Constants, used: set[str]) -> Iterator[list[Node]]:
    """Go through a graph; add the tensors that it uses to those that the graph around it does."""
    known = outer.new_child({tensor.name: tensor for tensor in graph.initializer})
    trails = Trails({output.name for output in graph.output})
    yield from _in_nodes(graph.node, known, trails)
    used |= trails.used


def _in_nodes(nodes: Iterable[NodeProto], known: Constants, trails: Trails) -> Iterator[list[Node]]:
    found: list[Node] = []
    reads: list[Trail | None] = []
    for node in nodes:
        if node.op_type == "GRU" and node.domain in ("", "ai.onnx"):
            read = _node(node, known)
            lengths = node.input[4] if len(node.input) > 4 else ""
            below = trails.read(node.input[0])
            reads.append(below if below and below.lengths == lengths and not read.layout else None)
            if node.output and not read.layout:
                trails.start(node.output[0], len(found), read.direction, lengths)
            found.append(read)
            _require_few(len(found))
        _note_constant(node, known)
        trails.follow(node, known)
        for attribute in node.attribute:
            if attribute.type == AttributeProto.GRAPH:
                yield from _in_graph(attribute.g, known, trails.used)
            for graph in attribute.graphs:
                yield from _in_graph(graph, known, trails.used)
    plans = trails.plans([node.direction for node in found])
    yield [
        node._replace(plan=plan, below=_below(read, plans))
        for node, plan, read in zip(found, plans, reads, strict=True)
    ]


def _below(read: Trail | None, plans: Sequence[LayerPlan]) -> int | None:
    """Give the node that a trail comes from, if the trail is what the node's plan makes."""
    if read is None:
        return None
    plan = plans[read.source]
    return read.source if (read.merge, read.order) == (plan.merge, plan.order) else None


def _require_few(count: int) -> None:
    if count > MOST_NODES:
        raise BadInput(f"it must hold at most {MOST_NODES} GRU nodes")


def _note_constant(node: NodeProto, known: Constants) -> None:
    """Add what a Constant node holds, or an Identity passes on, to the known constants."""
    if node.op_type == "Constant" and node.output:
        for attribute in node.attribute:
            if attribute.name == "value" and attribute.type == AttributeProto.TENSOR:
                known[node.output[0]] = attribute.t
    if node.op_type == "Identity" and node.output and node.input and node.input[0] in known:
        known[node.output[0]] = known[node.input[0]]


def _node(node: NodeProto, known: Constants) -> Node:
    name = printable(node.name or next(filter(None, node.output), "GRU"))
    given = {role: said for role, said in zip(INPUTS, node.input, strict=False) if said}
    missing = [role for role in ("X", "W", "R") if role not in given]
    if missing:
        raise BadInput(f"GRU node {name} has no input {' and no '.join(missing)}")
    constants = {role: known[said] for role, said in given.items() if said in known}
    try:
        return Node(name, frozenset(given), constants, *_words(node))
    except BadInput as error:
        raise BadInput(f"GRU node {name} is damaged: {error}") from error


def _words(node: NodeProto) -> tuple[str, int, bool, tuple[Pair, ...], float | None]:
    said = {attribute.name: attribute for attribute in node.attribute}
    direction = _value(said, "direction", AttributeProto.STRING, b"forward")
    direction = direction.decode(errors="replace").lower()
    if direction not in DIRECTIONS:
        raise BadInput(f"direction must be one of {', '.join(DIRECTIONS)}, got {direction[:40]!r}")
    names = [
        curve.decode(errors="replace")
        for curve in _value(said, "activations", AttributeProto.STRINGS, [])
    ]
    alphas = _value(said, "activation_alpha", AttributeProto.FLOATS, [])
    betas = _value(said, "activation_beta", AttributeProto.FLOATS, [])
    return (
        direction,
        _value(said, "layout", AttributeProto.INT, 0),
        _value(said, "linear_before_reset", AttributeProto.INT, 0) != 0,
        activation_pairs(names, alphas, betas, DIRECTIONS[direction]),
        _value(said, "clip", AttributeProto.FLOAT, None),
    )


def _value(said: dict[str, AttributeProto], name: str, kind: int, default: Any) -> Any:
    if name not in said:
        return default
    attribute = said[name]
    if attribute.type != kind or attribute.ref_attr_name:
        raise BadInput(
            f"attribute {name} must be of type {AttributeProto.AttributeType.Name(kind)}"
        )
    return helper.get_attribute_value(attribute)


def printable(name: str | bytes) -> str:
    """Give a name without what a terminal would obey; protobuf hands over bytes if not UTF-8."""
    text = name if isinstance(name, str) else name.decode(errors="replace")
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def to_array(tensor: TensorProto, folder: Path) -> Array:
    """Give a tensor of float32 or float64 as an array.

    Parameters
    ----------
    tensor
        Of a type that `FLOATS` names.
    folder
        Where the model lies: the only place that external data is read from.

    Raises
    ------
    BadInput
        When the tensor holds more or less than its shape says, or when its external data is not
        there or lies elsewhere.
    OSError
        When external data cannot be read.
    """
    shape, dtype = tuple(tensor.dims), FLOATS[tensor.data_type]
    name = printable(tensor.name)
    if not 2 <= len(shape) <= 3 or min(shape) < 1:
        raise BadInput(f"tensor {name} must have 2 or 3 axes of 1 or more, got {shape[:8]}")
    count = math.prod(shape)
    try:
        data = _data(tensor, count * dtype.itemsize, folder)
    except BadInput as error:
        raise BadInput(f"tensor {name} of shape {shape} cannot be read: {error}") from error
    array: Array = np.frombuffer(data, dtype).reshape(shape)
    return array.astype(dtype.newbyteorder("="))


def _data(tensor: TensorProto, size: int, folder: Path) -> bytes:
    """Give the bytes of a tensor, wherever it keeps them, as many as its shape asks for."""
    dtype = FLOATS[tensor.data_type]
    if tensor.data_location == TensorProto.EXTERNAL:
        return _external(tensor, size, folder)
    values = tensor.float_data if dtype.itemsize == 4 else tensor.double_data
    holds = len(tensor.raw_data) or len(values) * dtype.itemsize
    if holds != size:
        raise BadInput(f"it must hold {size} bytes, got {holds}")
    return tensor.raw_data or np.fromiter(values, dtype, len(values)).tobytes()


def _external(tensor: TensorProto, size: int, folder: Path) -> bytes:
    said = {entry.key: entry.value for entry in tensor.external_data}
    path = _inside(folder, printable(said.get("location", "")))
    offset = _number("offset", said.get("offset", "0"))
    length = _number("length", said.get("length", str(size)))
    if length != size:
        raise BadInput(f"its external data must be {size} bytes, got {length}")
    with path.open("rb") as file:
        there = os.fstat(file.fileno()).st_size
        if offset + size > there:
            raise BadInput(
                f"{path.name} must hold {size} bytes from {offset} on, got a file of {there}"
            )
        file.seek(offset)
        return file.read(size)


def _inside(folder: Path, location: str) -> Path:
    """Give the file of that name below the folder; no name leads out, no link either."""
    try:
        folder = folder.resolve()
        path = (folder / location).resolve()
        outside = not path.is_relative_to(folder) or Path(location).is_absolute()
        there = not outside and path.is_file()
    except (OSError, ValueError, RuntimeError) as error:  # too long, a loop of links
        raise BadInput(f"its external data has no usable name: {location[:80]!r}") from error
    if outside or ".." in Path(location).parts:
        raise BadInput(f"its external data lies outside the model's folder: {location[:80]!r}")
    if not there:
        raise BadInput(f"its external data is missing: {location[:80]!r}")
    return path


def _number(name: str, said: str) -> int:
    if not (said.isascii() and said.isdigit() and len(said) < 19):
        raise BadInput(f"the {name} of its external data must be a number, got {said[:40]!r}")
    return int(said)
