"""Reads and writes GRU networks in ``.onnx`` files.

ONNX has one node per layer. Every GRU node of a file is read, also those in branches, loops and
functions, and every stack of them. Nothing in a file is executed, not even for a proof, which runs
a model made here from the node's arrays alone. Files come from strangers: damaged ones are refused
before arrays are made from them.
"""

import warnings
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError
from onnx import ModelProto, TensorProto, defs

from glassgate.engine import GRU
from glassgate.errors import BadInput
from glassgate.exchange.file_gru import SOURCE_EQUATIONS, FileGRU, Reference, as_notes, describe
from glassgate.exchange.onnx.arrays import from_onnx
from glassgate.exchange.onnx.fold import Folder
from glassgate.exchange.onnx.graph import CONSTANT, WEIGHTS, ZEROS, Node, gru_nodes
from glassgate.exchange.onnx.loops import describe_unread
from glassgate.exchange.onnx.model import OPSET, PRODUCER, network_model, node_model
from glassgate.exchange.onnx.node import (
    DIRECTIONS,
    Activation,
    NodeArrays,
    Pair,
    node_sizes,
    run_node,
)
from glassgate.exchange.onnx.stack import add_stacks
from glassgate.exchange.onnx.tensor import FLOATS, MAX_SHARING, ExternalData, to_array
from glassgate.files import write_whole
from glassgate.formulation import Array
from glassgate.weights import require_shape

LENGTHS_NOTE = (
    "the graph gives it the lengths of its sequences (sequence_lens), which the network takes as "
    "lengths: without them it reads the padding, too"
)


def write_onnx(path: str | PathLike[str], network: GRU, notes: Sequence[str] = ()) -> None:
    """Write a network as an ONNX model of opset 17, checked by ``onnx.checker``.

    Batch and time may have any size. The inputs are ``input`` [time, batch, I] and
    ``initial_state`` [states, batch, H], the outputs ``output`` [time, batch, `GRU.output_size`]
    and ``state``, as `GRU.run` takes and returns them: a stream is run in chunks, each with the
    state that the chunk before returned. An existing file is replaced, as a whole or not at all.

    Parameters
    ----------
    path
        The file.
    network
        Of float32, or of float64, which ONNX Runtime does not run. bfloat16 weights are written as
        float32, exactly.
    notes
        What to know to run it, as `glassgate.exchange.write` takes them.

    Raises
    ------
    BadInput
        When the formulation has no reset gate, or the weights exceed 2 GiB.
    OSError
        When the file cannot be written.
    """
    write_whole(Path(path), network_model(network, notes).SerializeToString())


def read_onnx(path: str | PathLike[str]) -> list[FileGRU]:
    """Read every GRU node of an ONNX file.

    A valid node that has no exact counterpart in Glassgate is listed with its refusal.

    Parameters
    ----------
    path
        The file; external data is read only from its folder.

    Returns
    -------
    list of FileGRU
        The stacks of each graph, under the names of their nodes joined by ``+``, then its nodes;
        empty where there is no GRU.

    Raises
    ------
    BadInput
        When the file is not an ONNX model, or one of its nodes is damaged.
    OSError
        When a file cannot be read.

    Warns
    -----
    UserWarning
        When weights are NaN or infinite; they are kept.
    """
    path = Path(path)
    try:
        model = _parse(path.read_bytes())
        external = ExternalData(path.parent)
        graphs = list(gru_nodes(model, _folder(model, external)))
        # By network, its first node: nodes that call the same GRU share one copy of its weights.
        first = {node.network_key: node for nodes in reversed(graphs) for node in reversed(nodes)}
        _require_limited_sharing(first.values())
        networks = {key: _file_gru(node, external) for key, node in first.items()}
        grus: list[FileGRU] = []
        states, notes = _InitialStates(external), _notes(model)
        for nodes in graphs:
            layers = [_add_call_facts(node, networks[node.network_key], states) for node in nodes]
            grus += add_stacks(layers, [node.below for node in nodes])
    except BadInput as error:
        raise BadInput(f"{path} cannot be read as an ONNX model: {error}") from error
    if not grus and (unread := describe_unread(model)):
        raise BadInput(
            f"{path} holds no GRU node, but {unread}: give the file that it was exported from, "
            f"such as .keras, .h5 or .pt, or the arrays (glassgate.exchange.keras.from_keras)"
        )
    return [replace(gru, notes=(*gru.notes, *notes)) for gru in grus]


def _folder(model: ModelProto, external: ExternalData) -> Folder:
    """Return what computes the model's constants, as large as the model and the files beside it."""
    opset = max((entry.version for entry in model.opset_import if not entry.domain), default=OPSET)
    uses_files = any(tensor.data_location for tensor in model.graph.initializer)
    size = model.ByteSize() + (external.size() if uses_files else 0)
    return Folder(external, size, min(max(opset, 1), defs.onnx_opset_version()))


def _parse(data: bytes) -> ModelProto:
    model = ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError as error:
        raise BadInput("it is truncated, or not a protobuf message") from error
    if not model.HasField("graph"):
        raise BadInput("it holds no graph")
    return model


def _notes(model: ModelProto) -> tuple[str, ...]:
    """Return the notes of a model that was written here."""
    return as_notes(model.doc_string.splitlines()) if model.producer_name == PRODUCER else ()


def _require_limited_sharing(nodes: Collection[Node]) -> None:
    """Refuse a small file that asks for many copies of one large tensor."""
    readers = Counter(id(tensor) for node in nodes for tensor in node.constants.values())
    for node in nodes:
        for name in node.constants.keys() & set(WEIGHTS):
            count = readers[id(node.constants[name])]
            if count > MAX_SHARING:
                raise BadInput(
                    f"{name} of GRU node {node.name} must be shared by at most {MAX_SHARING} "
                    f"different GRUs, got {count}"
                )


def _add_call_facts(node: Node, gru: FileGRU, states: "_InitialStates") -> FileGRU:
    """Add the facts of one node's call to those of its weights."""
    facts = {
        **gru.facts,
        "layout": str(node.layout),
        "lengths": "given" if "sequence_lens" in node.given else "none",
        "initial state": states.describe(node),
    }
    notes = (LENGTHS_NOTE,) if "sequence_lens" in node.given else ()
    return replace(gru, name=node.name, facts=facts, notes=notes)


def _file_gru(node: Node, external: ExternalData) -> FileGRU:
    """Read a node's weights as a network, or say why there is none."""
    facts = {"layers": "1", "direction": node.direction}
    if isinstance(node.activations, str):
        return FileGRU(node.name, refusal=node.activations, facts=facts)
    activations = (_describe(activation) for pair in node.activations for activation in pair)
    facts["activations"] = ", ".join(activations)
    refusal = _weights_refusal(node)
    if refusal:
        return FileGRU(node.name, refusal=refusal, facts=facts)
    arrays = _read_arrays(node, node.activations, external)
    _, H = node_sizes(arrays)
    facts |= {"input size": str(arrays.W.shape[2]), "hidden size": str(H)}
    if node.hidden_size not in (None, H):
        refusal = f"hidden_size must be {H}, as in R, got {node.hidden_size}"
        return FileGRU(node.name, refusal=refusal, facts=facts)
    try:
        network = GRU([from_onnx(arrays)], [node.plan])
    except BadInput as error:
        return FileGRU(node.name, refusal=str(error), facts=facts)
    reference, runtime, unrun = _choose_reference(arrays, node)
    return FileGRU(
        node.name,
        network,
        facts=describe(network),
        reference=reference,
        runtime=runtime,
        unrun=unrun,
    )


def _describe(activation: Activation) -> str:
    parameters = (activation.alpha, activation.beta)
    numbers = [f"{number:g}" for number in parameters if number is not None]
    return f"{activation.name}({', '.join(numbers)})" if numbers else activation.name


def _weights_refusal(node: Node) -> str | None:
    """Say why the weights of a valid node cannot be read; None where they can."""
    given = [name for name in WEIGHTS if name in node.given]
    variable = [name for name in given if name not in node.constants]
    if variable:
        return (
            f"weights must be constants, but the graph computes or is given "
            f"{' and '.join(variable)} (onnxsim may fold what it computes)"
        )
    types = {node.constants[name].data_type for name in given}
    if len(types) > 1 or not types <= FLOATS.keys():
        names = " and ".join(sorted(map(_type_name, types)))
        return f"weights must all be float32 or all float64, got {names}"
    return None


def _type_name(kind: int) -> str:
    known: dict[str, int] = dict(TensorProto.DataType.items())
    return next((name for name, number in known.items() if number == kind), f"type {kind}")


def _read_arrays(node: Node, activations: tuple[Pair, ...], external: ExternalData) -> NodeArrays:
    """Read the arrays of a node whose tensors are constants of one type; warn of NaN."""
    arrays = {
        name: to_array(node.constants[name], external) for name in WEIGHTS if name in node.constants
    }
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            message = f"{name} of GRU node {node.name} holds numbers that are NaN or infinite"
            warnings.warn(message, stacklevel=4)
    return NodeArrays(
        W=arrays["W"],
        R=arrays["R"],
        B=arrays.get("B"),
        linear_before_reset=node.linear_before_reset,
        activations=activations,
        clip=node.clip,
    )


class _InitialStates:
    """The initial states of nodes, each tensor read once."""

    def __init__(self, external: ExternalData) -> None:
        self.external = external
        self.known: dict[int, tuple[tuple[int, ...], bool]] = {}  # by tensor: shape, is it nonzero

    def describe(self, node: Node) -> str:
        """Say where a node's initial state comes from; the caller of a network passes it."""
        if "initial_h" not in node.given:
            return ZEROS
        tensor = node.constants.get("initial_h")
        if tensor is None or tensor.data_type not in FLOATS:
            return node.state_source
        if id(tensor) not in self.known:
            state = to_array(tensor, self.external)
            self.known[id(tensor)] = state.shape, bool(state.any())
        shape, nonzero = self.known[id(tensor)]
        D = len(DIRECTIONS[node.direction])
        require_shape("initial_h", shape, ("B", D, "H") if node.layout else (D, "B", "H"))
        return CONSTANT if nonzero else ZEROS


def _choose_reference(arrays: NodeArrays, node: Node) -> tuple[Reference, str, str]:
    """Choose what runs a node as a reference, name it, and say why it is equations where it is."""
    equations = partial(_run_equations, arrays, node)
    if arrays.W.dtype != np.float32:
        return equations, SOURCE_EQUATIONS, "ONNX Runtime runs no GRU of float64"
    if find_spec("onnxruntime") is None:
        return equations, SOURCE_EQUATIONS, "onnxruntime is not installed"
    runtime = import_module("onnxruntime")
    run = partial(_run_runtime, runtime, arrays, node)
    return run, f"onnxruntime {runtime.__version__}, node by node", ""


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
    options.log_severity_level = 3  # log errors only, which are raised as well
    model = node_model(arrays, node.direction).SerializeToString()
    session = runtime.InferenceSession(model, options, ["CPUExecutionProvider"])
    output, last = session.run(["Y", "Y_h"], {"X": input, "initial_h": state})
    return _merged(output, node), last


def _merged(output: Array, node: Node) -> Array:
    """Merge ONNX's [T, D, B, H] into the layer's output, as the graph does."""
    merged = node.plan.combine(list(output.swapaxes(0, 1)))
    return merged[::-1] if node.plan.turns else merged
