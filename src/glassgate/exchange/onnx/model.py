"""Builds ONNX models: of a whole network with its states in and out, and of a single node."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from glassgate.engine import GRU, LayerPlan
from glassgate.engine.plan import Merge
from glassgate.errors import BadInput
from glassgate.exchange.onnx.arrays import to_onnx
from glassgate.exchange.onnx.node import NodeArrays
from glassgate.formulation import Array

Shapes: TypeAlias = Mapping[str, Sequence[int | str]]  # of a model's inputs or outputs
PRODUCER = "glassgate"
OPSET, IR_VERSION = 17, 8  # old enough for every runtime in use
MAX_WEIGHT_BYTES = 2**31 - 2**20  # a protobuf message is limited to 2 GiB
# Constants that the nodes between the GRUs read; 0 in a shape keeps the axis, here time and batch.
INTEGERS = {
    "directions": [1],
    "side_by_side": [0, 0, -1],
    "from": [-1],
    "to": [-(2**63)],
    "steps": [0],
    "backwards": [-1],
}
TENSOR_TYPES = {np.dtype(np.float32): TensorProto.FLOAT, np.dtype(np.float64): TensorProto.DOUBLE}


def network_model(network: GRU, notes: Sequence[str] = ()) -> ModelProto:
    """Build the model of a network with free batch and time sizes, its state in and out.

    Its inputs are ``input`` [time, batch, I] and ``initial_state`` [states, batch, H], its
    outputs ``output`` [time, batch, `GRU.output_size`] and ``state``, of the initial
    state's shape, as `GRU.run` takes and returns them. Where layers differ in H each has its own:
    ``layer0.initial_state`` and ``layer0.state`` [directions, batch, H], and so on. Notes are the
    lines of its ``doc_string``.

    Raises
    ------
    BadInput
        When the formulation has no reset gate, a layer of two directions has the reverse one
        first, or the weights are too large for one file.
    """
    layers = [to_onnx(directions) for directions in network.weights]
    size = sum(array.nbytes for arrays in layers for array in _tensors(arrays).values())
    if size > MAX_WEIGHT_BYTES:
        raise BadInput(
            f"an ONNX file holds at most {MAX_WEIGHT_BYTES} bytes of weights, got {size}"
        )
    constants: dict[str, NDArray[np.generic]] = {}
    between = ["input", *(f"layer{i}.output" for i in range(len(layers) - 1)), "output"]
    nodes: list[NodeProto] = []
    for i, (arrays, plan) in enumerate(zip(layers, network.plan, strict=True)):
        layer_nodes = _layer(f"layer{i}", arrays, plan, between[i])
        layer_nodes[-1].output[0] = between[i + 1]
        nodes += layer_nodes
        constants |= {f"layer{i}.{name}": array for name, array in _tensors(arrays).items()}
    inputs: Shapes = {"input": ["time", "batch", network.input_size]}
    outputs: Shapes = {"output": ["time", "batch", network.output_size]}
    before, after = _states(network)
    if len(set(network.hidden_sizes)) == 1:
        state: Shapes = {"state": [network.states, "batch", network.hidden_size]}
        counts = np.array([len(plan.directions) for plan in network.plan], np.int64)
        constants["states_per_layer"] = counts
        split = ["initial_state", "states_per_layer"]
        nodes.insert(0, helper.make_node("Split", split, list(before), axis=0))
        nodes.append(helper.make_node("Concat", list(after), ["state"], "state", axis=0))
        before, after = {"initial_state": state["state"]}, state
    constants |= {
        name: np.array(values) for name, values in INTEGERS.items() if _is_read(name, nodes)
    }
    arguments = {**inputs, **before}, {**outputs, **after}
    return _model(nodes, *arguments, constants, network.dtype, "\n".join(notes))


def _states(network: GRU) -> tuple[Shapes, Shapes]:
    """Name the initial and the last state of each layer, with their shapes."""
    before: dict[str, list[int | str]] = {}
    after: dict[str, list[int | str]] = {}
    for i, (plan, H) in enumerate(zip(network.plan, network.hidden_sizes, strict=True)):
        before[f"layer{i}.initial_state"] = [len(plan.directions), "batch", H]
        after[f"layer{i}.state"] = before[f"layer{i}.initial_state"]
    return before, after


def node_model(arrays: NodeArrays, direction: str) -> ModelProto:
    """Build the model of one node: X and initial_h in, Y and Y_h out, in ONNX's own shapes."""
    D, H = arrays.R.shape[0], arrays.R.shape[2]
    constants = _tensors(arrays)
    node = _gru(arrays, direction, "", "X", "initial_h", ["Y", "Y_h"])
    inputs: Shapes = {"X": ["time", "batch", arrays.W.shape[2]], "initial_h": [D, "batch", H]}
    outputs: Shapes = {"Y": ["time", D, "batch", H], "Y_h": [D, "batch", H]}
    return _model([node], inputs, outputs, constants, arrays.W.dtype)


def _layer(name: str, arrays: NodeArrays, plan: LayerPlan, below: str) -> list[NodeProto]:
    """Build a layer's nodes: the GRU, then those that merge its states, [T, D, B, H]."""
    states, merged = f"{name}.states", f"{name}.merged"
    outputs = [states, f"{name}.state"]
    nodes = [
        _gru(arrays, _direction(name, plan), f"{name}.", below, f"{name}.initial_state", outputs)
    ]
    if len(plan.directions) == 1:
        nodes.append(helper.make_node("Squeeze", [states, "directions"], [merged], merged))
    elif plan.merge == "concat":
        transposed = f"{name}.states_by_sequence"
        perm = [0, 2, 1, 3]
        nodes.append(helper.make_node("Transpose", [states], [transposed], transposed, perm=perm))
        nodes.append(helper.make_node("Reshape", [transposed, "side_by_side"], [merged], merged))
    else:
        nodes.append(_merge(plan.merge, states, merged))
    if plan.turns:
        as_read, reversal = f"{name}.output_as_read", ["from", "to", "steps", "backwards"]
        nodes.append(helper.make_node("Slice", [merged, *reversal], [as_read], as_read))
    return nodes


def _direction(name: str, plan: LayerPlan) -> str:
    if len(plan.directions) == 1:
        return plan.directions[0]
    if plan.directions[0] == "reverse":
        raise BadInput(
            f"an ONNX node has its forward direction first, but {name} has the reverse one first"
        )
    return "bidirectional"


def _merge(merge: Merge, states: str, output: str) -> NodeProto:
    kind = {"sum": "ReduceSum", "mul": "ReduceProd", "ave": "ReduceMean"}[merge]
    if kind == "ReduceSum":  # in this operator set its axes are an input, elsewhere an attribute
        return helper.make_node(kind, [states, "directions"], [output], output, keepdims=0)
    return helper.make_node(kind, [states], [output], output, axes=[1], keepdims=0)


def _is_read(name: str, nodes: Sequence[NodeProto]) -> bool:
    return any(name in node.input for node in nodes)


def _gru(
    arrays: NodeArrays, direction: str, prefix: str, input: str, initial: str, outputs: list[str]
) -> NodeProto:
    biases = "" if arrays.B is None else f"{prefix}B"
    activations = [activation for pair in arrays.pairs for activation in pair]
    parameters: dict[str, Any] = {
        "activation_alpha": [a.alpha for a in activations if a.alpha is not None],
        "activation_beta": [a.beta for a in activations if a.beta is not None],
    }
    return helper.make_node(
        "GRU",
        [input, f"{prefix}W", f"{prefix}R", biases, "", initial],
        outputs,
        f"{prefix}GRU",
        hidden_size=arrays.R.shape[2],
        direction=direction,
        linear_before_reset=int(arrays.linear_before_reset),
        activations=[activation.name for activation in activations],
        **{name: values for name, values in parameters.items() if values},
    )


def _tensors(arrays: NodeArrays) -> dict[str, Array]:
    tensors = {"W": arrays.W, "R": arrays.R}
    return tensors if arrays.B is None else {**tensors, "B": arrays.B}


def _model(
    nodes: list[NodeProto],
    inputs: Shapes,
    outputs: Shapes,
    constants: Mapping[str, NDArray[np.generic]],
    dtype: np.dtype[np.floating],
    doc: str = "",
) -> ModelProto:
    """Put a model together and check it."""
    tensors = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    arguments = [
        [
            helper.make_tensor_value_info(name, TENSOR_TYPES[dtype], shape)
            for name, shape in shapes.items()
        ]
        for shapes in (inputs, outputs)
    ]
    graph = helper.make_graph(nodes, "gru", arguments[0], arguments[1], tensors)
    opset = helper.make_opsetid("", OPSET)
    model = helper.make_model(
        graph, opset_imports=[opset], ir_version=IR_VERSION, producer_name=PRODUCER, doc_string=doc
    )
    onnx.checker.check_model(model, full_check=True)
    return model
