"""Where a GRU node's initial state comes from, through the nodes that only pass tensors on."""

from collections import ChainMap
from itertools import chain
from typing import TypeAlias

from onnx import AttributeProto, GraphProto, NodeProto

Starts: TypeAlias = ChainMap[str, str]  # what a tensor is as an initial state, by its name

ZEROS = "zeros"
GIVEN = "given at run time"
CONSTANT = "a constant, to be passed as the state"
LAST = "the last state of another GRU, to be passed"
COMPUTED = "computed by the graph, to be passed"
PASSING = ("Split", "Slice", "Identity", "Transpose", "Squeeze", "Unsqueeze", "Gather", "Expand")


def inside(outer: Starts, graph: GraphProto) -> Starts:
    """Begin a graph within a graph: what it takes in is the other's, which may compute it."""
    return outer.new_child(dict.fromkeys((input.name for input in graph.input), COMPUTED))


def note_start(node: NodeProto, starts: Starts) -> None:
    """Note of a node's outputs where they come from, as far as it is known."""
    if node.domain not in ("", "ai.onnx"):
        return
    if node.op_type == "GRU" and len(node.output) > 1:
        starts[node.output[1]] = LAST
    if node.op_type == "ConstantOfShape" and _is_zero(node):
        starts.update(dict.fromkeys(node.output, ZEROS))
    if node.op_type in PASSING and node.input and node.input[0] in starts:
        starts.update(dict.fromkeys(node.output, starts[node.input[0]]))


def _is_zero(node: NodeProto) -> bool:
    """Say whether what a ConstantOfShape fills is zeros, which it does where nothing is said."""
    filled = (one for one in node.attribute if one.name == "value")
    return not any(
        one.type != AttributeProto.TENSOR
        or one.t.data_location
        or any(chain(one.t.raw_data, one.t.float_data, one.t.double_data))
        for one in filled
    )
