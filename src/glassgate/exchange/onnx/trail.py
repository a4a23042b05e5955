"""Follows a GRU node's output through a graph: how its directions are merged, and who reads it.

ONNX has one node per layer, whose output is [T, D, B, H]. Between a layer and the next there are a
few nodes that reshape or merge it. Those known here are followed; about any other nothing is
assumed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

import numpy as np
from onnx import AttributeProto, NodeProto, TensorProto

from glassgate.engine import LayerPlan
from glassgate.engine.plan import Direction, Merge, Order
from glassgate.exchange.onnx.fold import Constants
from glassgate.exchange.onnx.node import DIRECTIONS

MAX_INTEGERS = 8  # of a shape, or of axes
MAX_SLICE_END = -(2**31)  # a slice that reverses a whole sequence ends here or below


@dataclass(frozen=True)
class Trail:
    """What a tensor of a graph is, if it holds the output of a GRU node.

    Attributes
    ----------
    source
        The index of the node among the GRU nodes of its graph.
    directions
        The directions of the node.
    form
        ``"states"``, [T, D, B, H], ``"by sequence"``, [T, B, D, H], ``"output"``, which the next
        layer can read, [T, B, H] or [T, B, D * H], or ``"batch first"``, an output whose first two
        axes are exchanged.
    merge, order
        As `LayerPlan` has them.
    lengths
        The tensor that the node reads as sequence_lens; empty where it reads none.
    """

    source: int
    directions: tuple[Direction, ...]
    form: Literal["states", "by sequence", "output", "batch first"] = "states"
    merge: Merge = "concat"
    order: Order = "time"
    lengths: str = ""


@dataclass
class Trails:
    """The trails through one graph, whose nodes are in an order in which they can be run.

    Attributes
    ----------
    used
        The tensors that are read by something that no trail follows; at first the graph's outputs.
    known
        The trails by the tensors that they have reached.
    """

    used: set[str]
    known: dict[str, Trail] = field(default_factory=dict)

    def start(self, tensor: str, source: int, direction: str, lengths: str) -> None:
        """Start a trail at the first output of a GRU node."""
        self.known[tensor] = Trail(source, DIRECTIONS[direction], lengths=lengths)

    def follow(self, node: NodeProto, constants: Constants) -> None:
        """Continue a trail through a node that reads one, if it is of a known kind."""
        continued = self._continue(node, constants)
        if continued is not None:
            self.known[node.output[0]] = continued
        self.used.update(node.input[1:] if continued else node.input)

    def _continue(self, node: NodeProto, constants: Constants) -> Trail | None:
        trail = self.known.get(node.input[0]) if node.input and node.output else None
        if trail is None or node.op_type not in FOLLOWED or node.domain not in ("", "ai.onnx"):
            return None
        return FOLLOWED[node.op_type](trail, node, constants)

    def read(self, tensor: str) -> Trail | None:
        """Return the trail of a tensor if it is an output that a layer can read, else None."""
        trail = self.known.get(tensor)
        return trail if trail is not None and trail.form == "output" else None

    def plans(self, directions: Sequence[str]) -> list[LayerPlan]:
        """Return each node's plan; the default one where the graph uses its output in several ways.

        Parameters
        ----------
        directions
            Those of the graph's GRU nodes, in order.
        """
        uses: list[set[tuple[Merge, Order]]] = [set() for _ in directions]
        for tensor in self.used & self.known.keys():
            trail = self.known[tensor]
            if trail.form in ("output", "batch first"):
                uses[trail.source].add((trail.merge, trail.order))
        return [
            LayerPlan(DIRECTIONS[direction], *(ways.pop() if len(ways) == 1 else ()))
            for direction, ways in zip(directions, uses, strict=True)
        ]


def _squeeze(trail: Trail, node: NodeProto, constants: Constants) -> Trail | None:
    single = trail.form == "states" and len(trail.directions) == 1
    return replace(trail, form="output") if single and _axes(node, constants) == [1] else None


def _transpose(trail: Trail, node: NodeProto, constants: Constants) -> Trail | None:  # noqa: ARG001
    perm = _attribute(node, "perm")
    if trail.form == "states" and perm == [0, 2, 1, 3]:
        return replace(trail, form="by sequence")
    if trail.form == "output" and perm == [1, 0, 2]:
        return replace(trail, form="batch first")
    if trail.form == "batch first" and perm == [1, 0, 2]:
        return replace(trail, form="output")
    return None


def _reshape(trail: Trail, node: NodeProto, constants: Constants) -> Trail | None:
    shape = _input(node, 1, constants)
    joined = shape is not None and len(shape) == 3 and shape[:2] == [0, 0]
    return replace(trail, form="output") if joined and trail.form == "by sequence" else None


def _reduce(merge: Merge) -> "Step":
    def reduce(trail: Trail, node: NodeProto, constants: Constants) -> Trail | None:
        both = trail.form == "states" and len(trail.directions) == 2
        reduced = _attribute(node, "keepdims") == [0] and _axes(node, constants) == [1]
        return replace(trail, form="output", merge=merge) if both and reduced else None

    return reduce


def _slice(trail: Trail, node: NodeProto, constants: Constants) -> Trail | None:
    numbers = [_input(node, i, constants) for i in range(1, 5)]  # starts, ends, axes, steps
    starts, ends, axes, steps = (
        values[0] if values and len(values) == 1 else None for values in numbers
    )
    reverses = (starts, axes, steps) == (-1, 0, -1) and ends is not None and ends <= MAX_SLICE_END
    reverse = trail.directions == ("reverse",) and trail.order == "time" and trail.form == "output"
    # A slice reverses the padding too, but the order as read only a sequence's own steps: the two
    # differ where there are lengths.
    return replace(trail, order="read") if reverses and reverse and not trail.lengths else None


def _same(trail: Trail, node: NodeProto, constants: Constants) -> Trail | None:  # noqa: ARG001
    return trail


Step: TypeAlias = Callable[[Trail, NodeProto, Constants], Trail | None]
FOLLOWED: dict[str, Step] = {
    "Squeeze": _squeeze,
    "Transpose": _transpose,
    "Reshape": _reshape,
    "ReduceSum": _reduce("sum"),
    "ReduceMean": _reduce("ave"),
    "ReduceProd": _reduce("mul"),
    "Slice": _slice,
    "Identity": _same,
    "Dropout": _same,
}


def _axes(node: NodeProto, constants: Constants) -> list[int] | None:
    """Return a node's axes: an input in newer operator sets, an attribute in older ones."""
    return _input(node, 1, constants) if len(node.input) > 1 else _attribute(node, "axes")


def _attribute(node: NodeProto, name: str) -> list[int] | None:
    """Return an attribute that holds one integer or several; None for all else."""
    for attribute in node.attribute:
        if attribute.name == name and not attribute.ref_attr_name:
            if attribute.type == AttributeProto.INT:
                return [attribute.i]
            if attribute.type == AttributeProto.INTS:
                return list(attribute.ints[:MAX_INTEGERS])
    return None


def _input(node: NodeProto, position: int, constants: Constants) -> list[int] | None:
    """Return an input that is a constant of a few integers; None for all else."""
    tensor = constants.get(node.input[position]) if position < len(node.input) else None
    if tensor is None or tensor.data_type != TensorProto.INT64:
        return None
    if tensor.raw_data:
        complete = len(tensor.raw_data) in range(8, 8 * MAX_INTEGERS + 1, 8)
        return np.frombuffer(tensor.raw_data, "<i8").tolist() if complete else None
    return list(tensor.int64_data[:MAX_INTEGERS])
