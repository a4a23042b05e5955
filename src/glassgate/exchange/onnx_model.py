"""ONNX models made here: a whole network with its state in and out, and a single node."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from glassgate.engine import GRU
from glassgate.errors import BadInput
from glassgate.exchange.onnx import to_onnx
from glassgate.exchange.onnx_node import NodeArrays
from glassgate.formulation import Array

Shapes: TypeAlias = Mapping[str, Sequence[int | str]]  # of a model's inputs or outputs
OPSET, IR_VERSION = 17, 8  # what every runtime of the last years reads
MOST = 2**31 - 2**20  # bytes of weights: a protobuf message ends at 2 GiB
TYPES = {np.dtype(np.float32): TensorProto.FLOAT, np.dtype(np.float64): TensorProto.DOUBLE}


def network_model(network: GRU) -> ModelProto:
    """Make a model of a network: batch and time free, the state in and out.

    Its inputs are ``input`` [time, batch, I] and ``initial_state`` [layers x directions, batch,
    H], its outputs ``output`` [time, batch, H x directions] and ``state``, of the initial state's
    shape: what `GRU.run` takes and gives.

    Raises
    ------
    BadInput
        When the formulation has no reset gate, or the weights exceed what one file may hold.
    """
    L, D, H = network.num_layers, len(network.weights[0]), network.hidden_size
    layers = [to_onnx(directions) for directions in network.weights]
    size = sum(array.nbytes for arrays in layers for array in _tensors(arrays).values())
    if size > MOST:
        raise BadInput(f"an ONNX file holds at most {MOST} bytes of weights, got {size}")
    constants: dict[str, NDArray[np.generic]] = {
        "states_per_layer": np.full(L, D, np.int64),
        "side_by_side": np.array([0, 0, D * H], np.int64),  # 0 keeps the axis: time, batch
    }
    before = [f"layer{i}.initial_state" for i in range(L)]
    after = [f"layer{i}.state" for i in range(L)]
    nodes = [helper.make_node("Split", ["initial_state", "states_per_layer"], before, axis=0)]
    between = ["input", *(f"layer{i}.output" for i in range(L - 1)), "output"]
    for i, arrays in enumerate(layers):
        nodes += _layer(i, arrays, between[i], between[i + 1])
        constants |= {f"layer{i}.{name}": array for name, array in _tensors(arrays).items()}
    nodes.append(helper.make_node("Concat", after, ["state"], "state", axis=0))
    state: list[int | str] = [L * D, "batch", H]
    inputs: Shapes = {"input": ["time", "batch", network.input_size], "initial_state": state}
    outputs: Shapes = {"output": ["time", "batch", D * H], "state": state}
    return _model(nodes, inputs, outputs, constants, network.dtype)


def node_model(arrays: NodeArrays, direction: str) -> ModelProto:
    """Make a model of one node: X and initial_h in, Y and Y_h out, in ONNX's own shapes."""
    D, H = arrays.R.shape[0], arrays.R.shape[2]
    constants = _tensors(arrays)
    node = _gru(arrays, direction, "", "X", "initial_h", ["Y", "Y_h"])
    inputs: Shapes = {"X": ["time", "batch", arrays.W.shape[2]], "initial_h": [D, "batch", H]}
    outputs: Shapes = {"Y": ["time", D, "batch", H], "Y_h": [D, "batch", H]}
    return _model([node], inputs, outputs, constants, arrays.W.dtype)


def _layer(i: int, arrays: NodeArrays, below: str, output: str) -> list[NodeProto]:
    """Make a layer's nodes: the GRU, then its directions [T, D, B, H] side by side."""
    name = f"layer{i}"
    direction = "bidirectional" if len(arrays.activations) == 2 else "forward"
    states, turned = f"{name}.states", f"{name}.states_by_sequence"
    outputs = [states, f"{name}.state"]
    return [
        _gru(arrays, direction, f"{name}.", below, f"{name}.initial_state", outputs),
        helper.make_node("Transpose", [states], [turned], turned, perm=[0, 2, 1, 3]),
        helper.make_node("Reshape", [turned, "side_by_side"], [output], output),  # (T, B, D * H)
    ]


def _gru(
    arrays: NodeArrays, direction: str, prefix: str, input: str, initial: str, outputs: list[str]
) -> NodeProto:
    biases = "" if arrays.B is None else f"{prefix}B"
    curves = [curve for pair in arrays.activations for curve in pair]
    numbers: dict[str, Any] = {
        "activation_alpha": [curve.alpha for curve in curves if curve.alpha is not None],
        "activation_beta": [curve.beta for curve in curves if curve.beta is not None],
    }
    return helper.make_node(
        "GRU",
        [input, f"{prefix}W", f"{prefix}R", biases, "", initial],
        outputs,
        f"{prefix}GRU",
        hidden_size=arrays.R.shape[2],
        direction=direction,
        linear_before_reset=int(arrays.linear_before_reset),
        activations=[curve.name for curve in curves],
        **{name: values for name, values in numbers.items() if values},
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
) -> ModelProto:
    """Put the model together and have it checked."""
    tensors = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    ends = [
        [helper.make_tensor_value_info(name, TYPES[dtype], shape) for name, shape in shapes.items()]
        for shapes in (inputs, outputs)
    ]
    graph = helper.make_graph(nodes, "gru", ends[0], ends[1], tensors)
    opset = helper.make_opsetid("", OPSET)
    model = helper.make_model(
        graph, opset_imports=[opset], ir_version=IR_VERSION, producer_name="glassgate"
    )
    onnx.checker.check_model(model, full_check=True)
    return model
