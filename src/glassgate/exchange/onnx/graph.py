"""GRU nodes in an ONNX graph, and the constants they read. Files come from strangers."""

from collections import ChainMap, Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple, TypeAlias

from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, helper

from glassgate.engine import LayerPlan
from glassgate.errors import BadInput
from glassgate.exchange.onnx.node import DIRECTIONS, Pair, activation_pairs
from glassgate.exchange.onnx.tensor import seen
from glassgate.exchange.onnx.trail import Trail, Trails

Constants: TypeAlias = ChainMap[str, TensorProto]
MOST_NODES = 2**12
WEIGHTS = ("W", "R", "B")
INPUTS = ("X", *WEIGHTS, "sequence_lens", "initial_h")


Words: TypeAlias = tuple[str, int, bool, tuple[Pair, ...] | str, float | None, int | None]
Starts: TypeAlias = ChainMap[str, str]  # what a tensor is as an initial state, by its name
ZEROS = "zeros"
GIVEN = "given at run time"
CONSTANT = "a constant, to be passed as the state"
LAST = "the last state of another GRU, to be passed"
COMPUTED = "computed by the graph, to be passed"
PASSING = ("Split", "Slice", "Identity", "Transpose", "Squeeze", "Unsqueeze", "Gather", "Expand")


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
    linear_before_reset, clip
        As in `glassgate.exchange.onnx.node.NodeArrays`.
    activations
        As there, or the sentence that says why the node's own cannot be told.
    hidden_size
        H as the node says it; None where it does not.
    plan
        What becomes of its states.
    below
        The number of the GRU node whose output it reads, among those of its graph; None if none.
    start
        Where the initial state that it reads comes from, as `glassgate.exchange.onnx.graph` says.
    """

    name: str
    given: frozenset[str]
    constants: dict[str, TensorProto]
    direction: str
    layout: int
    linear_before_reset: bool
    activations: tuple[Pair, ...] | str
    clip: float | None
    hidden_size: int | None
    plan: LayerPlan = LayerPlan()
    below: int | None = None
    start: str = ZEROS

    @property
    def makes(self) -> Hashable:
        """What decides which network the node is: equal for calls of one GRU."""
        tensors = tuple(id(self.constants.get(name)) for name in WEIGHTS)
        form = self.plan, self.linear_before_reset, self.activations, self.clip, self.hidden_size
        return tensors, self.given.intersection(WEIGHTS), form


def gru_nodes(model: ModelProto) -> Iterator[list[Node]]:
    """Find all GRU nodes, graph by graph: branches, loops and functions have graphs of their own.

    Later ones of the same name have "#2", "#3" and so on at its end.

    Raises
    ------
    BadInput
        When a node's inputs or attributes are not what ONNX says, or there are more than
        `MOST_NODES`.
    """
    count, names = 0, Counter[str]()
    given: Starts = ChainMap(dict.fromkeys((input.name for input in model.graph.input), GIVEN))
    graphs = [_in_graph(model.graph, ChainMap(), set(), given)]
    graphs += (
        _in_nodes(function.node, ChainMap(), Trails(set(function.output)), ChainMap())
        for function in model.functions
    )
    for nodes in chain(*graphs):
        count += len(nodes)
        _require_few(count)
        yield [node._replace(name=_told_apart(node.name, names)) for node in nodes]


def _told_apart(name: str, names: Counter[str]) -> str:
    """Give a name that no node before has, and count it."""
    free = name
    while free in names:
        names[name] += 1
        free = f"{name}#{names[name]}"
    names[free] = 1
    return free


def _in_graph(
    graph: GraphProto, outer: Constants, used: set[str], starts: Starts
) -> Iterator[list[Node]]:
    """Go through a graph; add the tensors that it uses to those that the graph around it does."""
    known = outer.new_child({tensor.name: tensor for tensor in graph.initializer})
    trails = Trails({output.name for output in graph.output})
    yield from _in_nodes(graph.node, known, trails, starts)
    used |= trails.used


def _in_nodes(
    nodes: Iterable[NodeProto], known: Constants, trails: Trails, starts: Starts
) -> Iterator[list[Node]]:
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
            found.append(read._replace(start=_start(node, starts)))
            _require_few(len(found))
        _note_constant(node, known)
        trails.follow(node, known)
        note_start(node, starts)
        for graph in _graphs(node):
            yield from _in_graph(graph, known, trails.used, inside(starts, graph))
    plans = trails.plans([node.direction for node in found])
    yield [
        node._replace(plan=plan, below=_below(read, plans))
        for node, plan, read in zip(found, plans, reads, strict=True)
    ]


def _graphs(node: NodeProto) -> Iterator[GraphProto]:
    for attribute in node.attribute:
        if attribute.type == AttributeProto.GRAPH:
            yield attribute.g
        yield from attribute.graphs


def _start(node: NodeProto, starts: Starts) -> str:
    return starts.get(node.input[5], COMPUTED) if len(node.input) > 5 else ZEROS


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
    name = seen(node.name or next(filter(None, node.output), "GRU"))
    given = {role: said for role, said in zip(INPUTS, node.input, strict=False) if said}
    missing = [role for role in ("X", "W", "R") if role not in given]
    if missing:
        raise BadInput(f"GRU node {name} has no input {' and no '.join(missing)}")
    constants = {role: known[said] for role, said in given.items() if said in known}
    try:
        return Node(name, frozenset(given), constants, *_words(node))
    except BadInput as error:
        raise BadInput(f"GRU node {name} is damaged: {error}") from error


def _words(node: NodeProto) -> Words:
    said = {attribute.name: attribute for attribute in node.attribute}
    direction = _value(said, "direction", AttributeProto.STRING, b"forward")
    direction = direction.decode(errors="replace").lower()
    if direction not in DIRECTIONS:
        raise BadInput(f"direction must be one of {', '.join(DIRECTIONS)}, got {direction[:40]!r}")
    size = said.get("hidden_size")
    return (
        direction,
        _value(said, "layout", AttributeProto.INT, 0),
        _value(said, "linear_before_reset", AttributeProto.INT, 0) != 0,
        _activations(said, len(DIRECTIONS[direction])),
        _value(said, "clip", AttributeProto.FLOAT, None),
        size.i if size is not None and not size.ref_attr_name else None,
    )


def _activations(said: dict[str, AttributeProto], directions: int) -> tuple[Pair, ...] | str:
    """Give a node's curves, or say why they cannot be told: no other node suffers from it."""
    names = [
        curve.decode(errors="replace")
        for curve in _value(said, "activations", AttributeProto.STRINGS, [])
    ]
    alphas = _value(said, "activation_alpha", AttributeProto.FLOATS, [])
    betas = _value(said, "activation_beta", AttributeProto.FLOATS, [])
    try:
        return activation_pairs(names, alphas, betas, directions)
    except BadInput as error:
        return str(error)


def _value(said: dict[str, AttributeProto], name: str, kind: int, default: Any) -> Any:
    if name not in said:
        return default
    attribute = said[name]
    if attribute.type != kind or attribute.ref_attr_name:
        raise BadInput(
            f"attribute {name} must be of type {AttributeProto.AttributeType.Name(kind)}"
        )
    return helper.get_attribute_value(attribute)


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
