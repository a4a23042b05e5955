"""What becomes of a GRU node's output in a graph: how its directions are merged, and who reads it.

ONNX has a node a layer, and its output is [T, D, B, H]. Between a layer and the one above stand a
few nodes that a network here has no parts for: they are told by what they do, and nothing is
assumed of any other.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

import numpy as np
from onnx import AttributeProto, NodeProto, TensorProto

from glassgate.engine import LayerPlan
from glassgate.engine.plan import Direction, Merge, Order
from glassgate.exchange.onnx.node import DIRECTIONS

Constants: TypeAlias = Mapping[str, TensorProto]
MOST_NUMBERS = 8  # of a shape, or of axes
LEAST = -(2**31)  # where a slice that reads from the end to the start may end, or below


@dataclass(frozen=True)
class Trail:
    """What one tensor of a graph is of a GRU node's output.

    Attributes
    ----------
    source
        The number of the node among the GRU nodes of its graph.
    directions
        The node's.
    form
        ``"states"``, [T, D, B, H], ``"by sequence"``, [T, B, D, H], or ``"output"``, what a layer
        above can read, [T, B, H] or [T, B, D * H].
    merge, order
        As `LayerPlan` has them.
    lengths
        The tensor that the node reads as its sequence_lens; empty where it reads none.
    """

    source: int
    directions: tuple[Direction, ...]
    form: Literal["states", "by sequence", "output"] = "states"
    merge: Merge = "concat"
    order: Order = "time"
    lengths: str = ""


@dataclass
class Trails:
    """The trails through one graph, whose nodes come in an order in which they could be run.

    Attributes
    ----------
    used
        The tensors that more is made of than a further trail: at first the graph's outputs.
    known
        The trails, by their tensors.
    """

    used: set[str]
    known: dict[str, Trail] = field(default_factory=dict)

    def start(self, tensor: str, source: int, direction: str, lengths: str) -> None:
        """Begin at the first output of a GRU node."""
        self.known[tensor] = Trail(source, DIRECTIONS[direction], lengths=lengths)

    def follow(self, node: NodeProto, constants: Constants) -> None:
        """Go on through a node, if it is one that is known and reads a trail."""
        further = self._further(node, constants)
        if further is not None:
            self.known[node.output[0]] = further
        self.used.update(node.input[1:] if further else node.input)

    def _further(self, node: NodeProto, constants: Constants) -> Trail | None:
        trail = self.known.get(node.input[0]) if node.input and node.output else None
        if trail is None or node.op_type not in STEPS or node.domain not in ("", "ai.onnx"):
            return None
        return STEPS[node.op_type](trail, node, constants)

    def read(self, tensor: str) -> Trail | None:
        """Say which node's output a tensor is, as a layer above reads it; None if it is none."""
        trail = self.known.get(tensor)
        return trail if trail is not None and trail.form == "output" else None

    def plans(self, directions: Sequence[str]) -> list[LayerPlan]:
        """Give every node's plan; where the graph uses its output in several ways, the plain one.

        Parameters
        ----------
        directions
            Those of the graph's GRU nodes, in their order.
        """
        ends: list[set[tuple[Merge, Order]]] = [set() for _ in directions]
        for tensor in self.used & self.known.keys():
            trail = self.known[tensor]
            if trail.form == "output":
                ends[trail.source].add((trail.merge, trail.order))
        return [
            LayerPlan(DIRECTIONS[direction], *(only.pop() if len(only) == 1 else ()))
            for direction, only in zip(directions, ends, strict=True)
        ]


def _squeeze(trail: Trail, node: NodeProto, constants: Constants) -> Trail | None:
    one = trail.form == "states" and len(trail.directions) == 1
    return replace(trail, form="output") if one and _axes(node, constants) == [1] else None


def _transpose(trail: Trail, node: NodeProto, constants: Constants) -> Trail | None:  # noqa: ARG001
    turned = trail.form == "states" and _listed(node, "perm") == [0, 2, 1, 3]
    return replace(trail, form="by sequence") if turned else None


def _reshape(trail: Trail, node: NodeProto, constants: Constants) -> Trail | None:
    shape = _integers(node, 1, constants)
    joined = shape is not None and len(shape) == 3 and shape[:2] == [0, 0]
    return replace(trail, form="output") if joined and trail.form == "by sequence" else None


def _reduce(merge: Merge) -> "Step":
    def reduce(trail: Trail, node: NodeProto, constants: Constants) -> Trail | None:
        both = trail.form == "states" and len(trail.directions) == 2
        flat = _listed(node, "keepdims") == [0] and _axes(node, constants) == [1]
        return replace(trail, form="output", merge=merge) if both and flat else None

    return reduce


def _slice(trail: Trail, node: NodeProto, constants: Constants) -> Trail | None:
    numbers = [_integers(node, i, constants) for i in range(1, 5)]  # starts, ends, axes, steps
    starts, ends, axes, steps = (one[0] if one and len(one) == 1 else None for one in numbers)
    turned = (starts, axes, steps) == (-1, 0, -1) and ends is not None and ends <= LEAST
    read = trail.directions == ("reverse",) and trail.order == "time" and trail.form == "output"
    # With lengths the order as read turns a sequence's own steps alone, a slice the padding too.
    return replace(trail, order="read") if turned and read and not trail.lengths else None


def _same(trail: Trail, node: NodeProto, constants: Constants) -> Trail | None:  # noqa: ARG001
    return trail


Step: TypeAlias = Callable[[Trail, NodeProto, Constants], Trail | None]
STEPS: dict[str, Step] = {
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
    """Give a node's axes: an input in newer operator sets, an attribute in older ones."""
    return _integers(node, 1, constants) if len(node.input) > 1 else _listed(node, "axes")


def _listed(node: NodeProto, name: str) -> list[int] | None:
    """Give an attribute that is an integer or several."""
    for attribute in node.attribute:
        if attribute.name == name and not attribute.ref_attr_name:
            if attribute.type == AttributeProto.INT:
                return [attribute.i]
            if attribute.type == AttributeProto.INTS:
                return list(attribute.ints[:MOST_NUMBERS])
    return None


def _integers(node: NodeProto, place: int, constants: Constants) -> list[int] | None:
    """Give an input that is a constant of a few integers; None for all else."""
    tensor = constants.get(node.input[place]) if place < len(node.input) else None
    if tensor is None or tensor.data_type != TensorProto.INT64:
        return None
    if tensor.raw_data:
        whole = len(tensor.raw_data) in range(8, 8 * MOST_NUMBERS + 1, 8)
        return np.frombuffer(tensor.raw_data, "<i8").tolist() if whole else None
    return list(tensor.int64_data[:MOST_NUMBERS])
