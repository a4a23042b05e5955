"""Finds the GRU nodes of an ONNX model, with the constants they read and where their states start.

Files come from strangers.
"""

from collections import ChainMap, Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, helper

from glassgate.engine import LayerPlan
from glassgate.errors import BadInput
from glassgate.exchange.onnx.fold import Constants, Folder
from glassgate.exchange.onnx.node import DIRECTIONS, Pair, activation_pairs
from glassgate.exchange.onnx.tensor import printable_name
from glassgate.exchange.onnx.trail import Trail, Trails

MAX_NODES = 2**12
WEIGHTS = ("W", "R", "B")
FOLDED = (*WEIGHTS, "initial_h")  # inputs whose constants matter
INPUTS = ("X", *WEIGHTS, "sequence_lens", "initial_h")

# The sources of an initial state, as `glassgate inspect` shows them.
StateSources: TypeAlias = ChainMap[str, str | Callable[[], str]]  # by the name of the tensor
ZEROS = "zeros"
GIVEN = "given at run time"
CONSTANT = "a constant, to be passed as the state"
LAST = "the last state of another GRU, to be passed"
COMPUTED = "computed by the graph, to be passed"
PASS_THROUGH = (
    "Split",
    "Slice",
    "Identity",
    "Transpose",
    "Squeeze",
    "Unsqueeze",
    "Gather",
    "Expand",
    "Cast",
)


class Node(NamedTuple):
    """One GRU node, with its attributes read and its constants found.

    Attributes
    ----------
    name
        The node's name, or that of its first output.
    given
        Which of `INPUTS` the node connects.
    constants
        The tensors of those that are constants, by the names in `INPUTS`.
    direction
        ``"forward"``, ``"reverse"`` or ``"bidirectional"``.
    layout
        0, or 1 where inputs and outputs have the batch first; the weights are the same.
    linear_before_reset, clip
        As in `glassgate.exchange.onnx.node.NodeArrays`.
    activations
        As there, or a sentence that says why they cannot be read.
    hidden_size
        H as the node's attribute says; None where it has none.
    plan
        What the graph makes of its states.
    below
        The index of the GRU node in its graph whose output it reads; None if it reads none.
    state_source
        Where its initial state comes from: one of `ZEROS`, `GIVEN`, `CONSTANT`, `LAST`, `COMPUTED`.
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
    state_source: str = ZEROS

    @property
    def network_key(self) -> Hashable:
        """The key of the node's network, equal for nodes that call the same GRU."""
        tensors = tuple(id(self.constants.get(name)) for name in WEIGHTS)
        form = self.plan, self.linear_before_reset, self.activations, self.clip, self.hidden_size
        return tensors, self.given.intersection(WEIGHTS), form


def gru_nodes(model: ModelProto, folder: Folder) -> Iterator[list[Node]]:
    """Yield the GRU nodes of each graph: branches, loops and functions have graphs of their own.

    Repeated names get "#2", "#3" and so on appended.

    Raises
    ------
    BadInput
        When a node's inputs or attributes are not what ONNX says, or there are more than
        `MAX_NODES`.
    """
    count, names = 0, Counter[str]()
    sources: StateSources = ChainMap(
        dict.fromkeys((input.name for input in model.graph.input), GIVEN)
    )
    known = Constants(folder)
    graphs = [_in_graph(model.graph, known, set(), sources)]
    graphs += (
        _in_nodes(function.node, known.inside([]), Trails(set(function.output)), ChainMap())
        for function in model.functions
    )
    for nodes in chain(*graphs):
        count += len(nodes)
        _require_few(count)
        yield [node._replace(name=_unique_name(node.name, names)) for node in nodes]


def _unique_name(name: str, names: Counter[str]) -> str:
    """Return a name that no node before has, and count it."""
    unique = name
    while unique in names:
        names[name] += 1
        unique = f"{name}#{names[name]}"
    names[unique] = 1
    return unique


def _in_graph(
    graph: GraphProto, outer: Constants, used: set[str], sources: StateSources
) -> Iterator[list[Node]]:
    """Search a graph; add the tensors that it uses to those used by the graph around it."""
    known = outer.inside(graph.initializer)
    trails = Trails({output.name for output in graph.output})
    yield from _in_nodes(graph.node, known, trails, sources)
    used |= trails.used


def _in_nodes(
    nodes: Iterable[NodeProto], known: Constants, trails: Trails, sources: StateSources
) -> Iterator[list[Node]]:
    grus: list[Node] = []
    inputs: list[Trail | None] = []
    for node in nodes:
        if node.op_type == "GRU" and node.domain in ("", "ai.onnx"):
            gru = _node(node, known)
            lengths = node.input[4] if len(node.input) > 4 else ""
            trail = trails.read(node.input[0])
            stacks = trail is not None and trail.lengths == lengths and not gru.layout
            inputs.append(trail if stacks else None)
            if node.output and not gru.layout:
                trails.start(node.output[0], len(grus), gru.direction, lengths)
            grus.append(gru._replace(state_source=_state_source(node, sources, known)))
            _require_few(len(grus))
        known.note(node)
        trails.follow(node, known)
        note_state_source(node, sources, known)
        for graph in _graphs(node):
            yield from _in_graph(graph, known, trails.used, inner_sources(sources, graph))
    plans = trails.plans([gru.direction for gru in grus])
    yield [
        gru._replace(plan=plan, below=_below(trail, plans))
        for gru, plan, trail in zip(grus, plans, inputs, strict=True)
    ]


def _graphs(node: NodeProto) -> Iterator[GraphProto]:
    for attribute in node.attribute:
        if attribute.type == AttributeProto.GRAPH:
            yield attribute.g
        yield from attribute.graphs


def _state_source(node: NodeProto, sources: StateSources, known: Constants) -> str:
    name = node.input[5] if len(node.input) > 5 else ""
    if name and name not in sources and name in known:
        return _constant_source(known, name)
    source = sources.get(name, COMPUTED) if name else ZEROS
    return source if isinstance(source, str) else source()


def _constant_source(known: Constants, name: str) -> str:
    """Say what an initial state is that repeats or rearranges a constant."""
    tensor = known.get(name)
    if tensor is None or tensor.data_location:
        return COMPUTED
    return CONSTANT if _holds_nonzero(tensor) else ZEROS


def _holds_nonzero(tensor: TensorProto) -> bool:
    if tensor.raw_data:
        return bool(np.frombuffer(tensor.raw_data, np.uint8).any())
    fields = (tensor.float_data, tensor.double_data, tensor.int32_data, tensor.int64_data)
    return any(any(field) for field in fields)


def _below(trail: Trail | None, plans: Sequence[LayerPlan]) -> int | None:
    """Return the node that a trail comes from, if it merges and orders as the node's plan does."""
    if trail is None:
        return None
    plan = plans[trail.source]
    return trail.source if (trail.merge, trail.order) == (plan.merge, plan.order) else None


def _require_few(count: int) -> None:
    if count > MAX_NODES:
        raise BadInput(f"it must hold at most {MAX_NODES} GRU nodes")


def _node(node: NodeProto, known: Constants) -> Node:
    label = printable_name(node.name or next(filter(None, node.output), "GRU"))
    given = {role: name for role, name in zip(INPUTS, node.input, strict=False) if name}
    missing = [role for role in ("X", "W", "R") if role not in given]
    if missing:
        raise BadInput(f"GRU node {label} has no input {' and no '.join(missing)}")
    tensors = {role: known.get(name) for role, name in given.items() if role in FOLDED}
    constants = {role: tensor for role, tensor in tensors.items() if tensor is not None}
    try:
        return _read_attributes(node)._replace(
            name=label, given=frozenset(given), constants=constants
        )
    except BadInput as error:
        raise BadInput(f"GRU node {label} is damaged: {error}") from error


def _read_attributes(node: NodeProto) -> Node:
    """Read a node's attributes; its name, inputs and constants are still to be set."""
    attributes = {attribute.name: attribute for attribute in node.attribute}
    direction = _value(attributes, "direction", AttributeProto.STRING, b"forward")
    direction = direction.decode(errors="replace").lower()
    if direction not in DIRECTIONS:
        raise BadInput(f"direction must be one of {', '.join(DIRECTIONS)}, got {direction[:40]!r}")
    size = attributes.get("hidden_size")
    return Node(
        name="",
        given=frozenset(),
        constants={},
        direction=direction,
        layout=_value(attributes, "layout", AttributeProto.INT, 0),
        linear_before_reset=_value(attributes, "linear_before_reset", AttributeProto.INT, 0) != 0,
        activations=_activations(attributes, len(DIRECTIONS[direction])),
        clip=_value(attributes, "clip", AttributeProto.FLOAT, None),
        hidden_size=size.i if size is not None and not size.ref_attr_name else None,
    )


def _activations(attributes: dict[str, AttributeProto], directions: int) -> tuple[Pair, ...] | str:
    """Pair a node's activations, or say why they cannot be read: other nodes may still be."""
    names = [
        name.decode(errors="replace")
        for name in _value(attributes, "activations", AttributeProto.STRINGS, [])
    ]
    alphas = _value(attributes, "activation_alpha", AttributeProto.FLOATS, [])
    betas = _value(attributes, "activation_beta", AttributeProto.FLOATS, [])
    try:
        return activation_pairs(names, alphas, betas, directions)
    except BadInput as error:
        return str(error)


def _value(attributes: dict[str, AttributeProto], name: str, kind: int, default: Any) -> Any:
    if name not in attributes:
        return default
    attribute = attributes[name]
    if attribute.type != kind or attribute.ref_attr_name:
        raise BadInput(
            f"attribute {name} must be of type {AttributeProto.AttributeType.Name(kind)}"
        )
    return helper.get_attribute_value(attribute)


def inner_sources(outer: StateSources, graph: GraphProto) -> StateSources:
    """Start the sources of a graph inside another: the outer one may compute what it is given."""
    return outer.new_child(dict.fromkeys((input.name for input in graph.input), COMPUTED))


def note_state_source(node: NodeProto, sources: StateSources, known: Constants) -> None:
    """Note where a node's outputs come from, as far as it matters for an initial state."""
    if node.domain not in ("", "ai.onnx"):
        return
    if node.op_type == "GRU" and len(node.output) > 1:
        sources[node.output[1]] = LAST
    if node.op_type == "ConstantOfShape" and _is_zero(node):
        sources.update(dict.fromkeys(node.output, ZEROS))
    if node.op_type in PASS_THROUGH and node.input:
        below = node.input[0]
        if below in sources:
            sources.update(dict.fromkeys(node.output, sources[below]))
        elif below in known:
            source = partial(_constant_source, known, below)
            sources.update(dict.fromkeys(node.output, source))


def _is_zero(node: NodeProto) -> bool:
    """Whether a ConstantOfShape makes zeros, which is its default."""
    values = (attribute for attribute in node.attribute if attribute.name == "value")
    return not any(
        value.type != AttributeProto.TENSOR or value.t.data_location or _holds_nonzero(value.t)
        for value in values
    )
