"""GRU networks from and to `.onnx` files.

Every GRU node of a file, in branches, loops and functions too, is one GRU found, and so is every
stack of them: ONNX has a node a layer. Nothing in a file is executed but the proof, and that on a
model made here, of the node's arrays alone. Files come from strangers: what is damaged is refused
before arrays are made of it.
"""

import warnings
from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError
from onnx import ModelProto, TensorProto

from glassgate.engine import GRU
from glassgate.errors import BadInput
from glassgate.exchange.found import EQUATIONS, Found, Reference, describe
from glassgate.exchange.onnx.arrays import from_onnx
from glassgate.exchange.onnx.graph import CONSTANT, WEIGHTS, ZEROS, Node, gru_nodes
from glassgate.exchange.onnx.node import (
    DIRECTIONS,
    Activation,
    NodeArrays,
    Pair,
    node_sizes,
    run_node,
)
from glassgate.exchange.onnx.stack import with_stacks
from glassgate.exchange.onnx.tensor import FLOATS, MOST_SHARED, Beside, to_array
from glassgate.exchange.onnx.write import network_model, node_model
from glassgate.files import write_whole
from glassgate.formulation import Array
from glassgate.weights import require_shape


def write_onnx(path: str | PathLike[str], network: GRU) -> None:
    """Write a network as an ONNX model of opset 17, checked by ``onnx.checker``.

    Batch and time are free. The inputs are ``input`` [time, batch, I] and ``initial_state``
    [states, batch, H], the outputs ``output`` [time, batch, `GRU.output_size`] and ``state``,
    what `GRU.run` takes and gives: a stream is run in chunks, each with the state that
    the one before gave. A file that is there is replaced, as a whole or not at all.

    Parameters
    ----------
    path
        The file.
    network
        In float32 or float64 (which ONNX Runtime does not run); weights in bfloat16 are written
        as float32, exactly.

    Raises
    ------
    BadInput
        When the formulation has no reset gate, or the weights exceed 2 GiB.
    OSError
        When the file cannot be written.
    """
    write_whole(Path(path), network_model(network).SerializeToString())


def read_onnx(path: str | PathLike[str]) -> list[Found]:
    """Read every GRU node of an ONNX file.

    A node that ONNX allows and Glassgate cannot take exactly is found with its refusal.

    Parameters
    ----------
    path
        The file; external data is read from its folder alone.

    Returns
    -------
    list of Found
        The stacks of each graph, under the names of their nodes joined by ``+``, then its nodes;
        empty where it holds no GRU.

    Raises
    ------
    BadInput
        When the file is no ONNX model or a node of it is damaged.
    OSError
        When a file cannot be read.

    Warns
    -----
    UserWarning
        When weights hold NaN or infinity, which is kept.
    """
    path = Path(path)
    try:
        graphs = list(gru_nodes(_parsed(path.read_bytes())))
        first = {node.makes: node for nodes in reversed(graphs) for node in reversed(nodes)}
        _require_few_sharers(first.values())
        beside = Beside(path.parent)
        taken = {makes: _taken(node, beside) for makes, node in first.items()}
        found, states = [], _States(beside)
        for nodes in graphs:
            layers = [_called(node, taken[node.makes], states) for node in nodes]
            found += with_stacks(layers, [node.below for node in nodes])
        return found
    except BadInput as error:
        raise BadInput(f"{path} cannot be read as an ONNX model: {error}") from error


def _parsed(data: bytes) -> ModelProto:
    model = ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError as error:
        raise BadInput("it is truncated or no protobuf message") from error
    if not model.HasField("graph"):
        raise BadInput("it holds no graph")
    return model


def _require_few_sharers(nodes: Collection[Node]) -> None:
    """Keep a small file from asking for many copies of its one large tensor."""
    readers = Counter(id(tensor) for node in nodes for tensor in node.constants.values())
    for node in nodes:
        for name in node.constants.keys() & set(WEIGHTS):
            came = readers[id(node.constants[name])]
            if came > MOST_SHARED:
                raise BadInput(
                    f"{name} of GRU node {node.name} must be part of at most {MOST_SHARED} "
                    f"different GRUs, got {came}"
                )


def _called(node: Node, taken: Found, states: "_States") -> Found:
    """Add what one node says of its call to what its weights give."""
    facts = {
        **taken.facts,
        "layout": str(node.layout),
        "lengths": "given" if "sequence_lens" in node.given else "none",
        "initial state": states.said(node),
    }
    return replace(taken, name=node.name, facts=facts)


def _taken(node: Node, beside: Beside) -> Found:
    """Take a node's weights, or say why they cannot be taken."""
    facts = {"layers": "1", "direction": node.direction}
    if isinstance(node.activations, str):
        return Found(node.name, refusal=node.activations, facts=facts)
    curves = (_curve(curve) for pair in node.activations for curve in pair)
    facts["activations"] = ", ".join(curves)
    refusal = _unreadable(node)
    if refusal:
        return Found(node.name, refusal=refusal, facts=facts)
    arrays = _arrays(node, node.activations, beside)
    _, H = node_sizes(arrays)
    facts |= {"input size": str(arrays.W.shape[2]), "hidden size": str(H)}
    if node.hidden_size not in (None, H):
        refusal = f"hidden_size must be {H}, which R has, got {node.hidden_size}"
        return Found(node.name, refusal=refusal, facts=facts)
    try:
        network = GRU([from_onnx(arrays)], [node.plan])
    except BadInput as error:
        return Found(node.name, refusal=str(error), facts=facts)
    return Found(node.name, network, None, describe(network), *_reference(arrays, node))


def _curve(curve: Activation) -> str:
    numbers = [f"{number:g}" for number in (curve.alpha, curve.beta) if number is not None]
    return f"{curve.name}({', '.join(numbers)})" if numbers else curve.name


def _unreadable(node: Node) -> str | None:
    """Say why a sound file's node has no weights that could be read; None where it has."""
    given = [name for name in WEIGHTS if name in node.given]
    moving = [name for name in given if name not in node.constants]
    if moving:
        return f"the graph computes or is given {' and '.join(moving)}: weights must be constants"
    types = {node.constants[name].data_type for name in given}
    if len(types) > 1 or not types <= FLOATS.keys():
        came = " and ".join(sorted(map(_type_name, types)))
        return f"weights must all be float32 or all float64, got {came}"
    return None


def _type_name(kind: int) -> str:
    known: dict[str, int] = dict(TensorProto.DataType.items())
    return next((name for name, number in known.items() if number == kind), f"type {kind}")


def _arrays(node: Node, activations: tuple[Pair, ...], beside: Beside) -> NodeArrays:
    """Make the arrays of a node whose tensors are constants of one type; warn of NaN."""
    arrays = {
        name: to_array(node.constants[name], beside) for name in WEIGHTS if name in node.constants
    }
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            message = f"{name} of GRU node {node.name} holds numbers that are NaN or infinite"
            warnings.warn(message, stacklevel=4)
    return NodeArrays(
        arrays["W"],
        arrays["R"],
        arrays.get("B"),
        node.linear_before_reset,
        activations,
        node.clip,
    )


class _States:
    """The initial states that nodes start from, each looked at once."""

    def __init__(self, beside: Beside) -> None:
        self.beside, self.known = beside, dict[int, tuple[tuple[int, ...], bool]]()

    def said(self, node: Node) -> str:
        """Say what a node starts from: a network holds no state, its caller passes one."""
        if "initial_h" not in node.given:
            return ZEROS
        tensor = node.constants.get("initial_h")
        if tensor is None or tensor.data_type not in FLOATS:
            return node.start
        if id(tensor) not in self.known:
            state = to_array(tensor, self.beside)
            self.known[id(tensor)] = state.shape, bool(state.any())
        shape, given = self.known[id(tensor)]
        D = len(DIRECTIONS[node.direction])
        require_shape("initial_h", shape, ("B", D, "H") if node.layout else (D, "B", "H"))
        return CONSTANT if given else ZEROS


def _reference(arrays: NodeArrays, node: Node) -> tuple[Reference, str]:
    """Give what runs the node by itself, and its name: ONNX Runtime knows float32 alone."""
    if arrays.W.dtype != np.float32 or find_spec("onnxruntime") is None:
        return partial(_run_equations, arrays, node), EQUATIONS
    runtime = import_module("onnxruntime")
    run = partial(_run_runtime, runtime, arrays, node)
    return run, f"onnxruntime {runtime.__version__}, node by node"


def _run_equations(
    arrays: NodeArrays, node: Node, input: Array, state: Array
) -> tuple[Array, Array]:
    output, last = run_node(arrays, input, state, node.direction)
    return _merged(output, node), last


def _run_runtime(
    runtime: Any, arrays: NodeArrays, node: Node, input: Array, state: Array
) -> tuple[Array, Array]:
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3  # errors, which are raised as well
    model = node_model(arrays, node.direction).SerializeToString()
    session = runtime.InferenceSession(model, options, ["CPUExecutionProvider"])
    output, last = session.run(["Y", "Y_h"], {"X": input, "initial_h": state})
    return _merged(output, node), last


def _merged(output: Array, node: Node) -> Array:
    """Turn ONNX's [T, D, B, H] to the layer's output, as the graph goes on from it."""
    merged = node.plan.combine(list(output.swapaxes(0, 1)))
    return merged[::-1] if node.plan.turns else merged
