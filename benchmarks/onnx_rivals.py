"""ONNX Runtime and OpenVINO, both on the same ONNX model of one layer."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import onnx
import onnxruntime
import openvino
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from targets import ONNX_RUNTIME

from glassgate import GRUWeights
from glassgate.formulation import Array
from glassgate.speed.contenders import Contender, Maker
from glassgate.speed.problem import Problem
from glassgate.speed.shapes import Work

OPENVINO = "OpenVINO"
OPSET, IR_VERSION = 17, 8  # what every runtime of the last years reads


def rivals(work: Work) -> Mapping[str, Maker]:
    """Name those who can do a work; neither of them trains.

    On a ragged batch they get its lengths. The padded run, which computes beyond the sequences'
    ends, is one more contender of each.
    """
    if work.training:
        return {}
    makers = {ONNX_RUNTIME: onnx_runtime, OPENVINO: open_vino}
    padded: dict[str, Maker] = {
        f"{name} padded": partial(make, padded=True) for name, make in makers.items()
    }
    return {**makers, **(padded if work.ragged else {})}


def gru_model(weights: GRUWeights, T: int, B: int, ragged: bool = False) -> bytes:
    """Return a model that reads input [T, B, I] and initial [1, B, H], and lengths [B] if ragged.

    It gives output [T, 1, B, H]. The sizes are fixed, which leaves a runtime the most freedom.
    ONNX has the gates in the order update, reset, candidate, and the reset gate before the
    recurrent product unless told otherwise.
    """
    H, size = weights.hidden_size, weights.input_size
    biases = np.concatenate([_onnx_order(weights.bias_input), _onnx_order(weights.bias_hidden)])
    arrays = {
        "weight_input": _onnx_order(weights.weight_input)[None],  # (1, 3H, I)
        "weight_hidden": _onnx_order(weights.weight_hidden)[None],  # (1, 3H, H)
        "biases": biases[None],  # (1, 6H)
    }
    lengths = ["lengths"] if ragged else []
    node = helper.make_node(
        "GRU",
        ["input", *arrays, lengths[0] if ragged else "", "initial"],
        ["output"],
        hidden_size=H,
        linear_before_reset=1,
    )
    graph = helper.make_graph(
        [node],
        "gru",
        [
            helper.make_tensor_value_info("input", TensorProto.FLOAT, [T, B, size]),
            helper.make_tensor_value_info("initial", TensorProto.FLOAT, [1, B, H]),
            *(helper.make_tensor_value_info(name, TensorProto.INT32, [B]) for name in lengths),
        ],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [T, 1, B, H])],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    opset = helper.make_opsetid("", OPSET)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


def _onnx_order(array: Array) -> Array:
    reset, update, candidate = np.split(array, 3)
    return np.concatenate([update, reset, candidate])


def _buffers(problem: Problem, ragged: bool) -> tuple[dict[str, NDArray[Any]], Array]:
    """Return the model's inputs by name, and an array for its output, [T, 1, B, H]."""
    T, B, H = problem.work.steps, problem.work.batch, problem.work.hidden_size
    inputs = {"input": problem.input, "initial": problem.initial[None]}
    if ragged:
        inputs["lengths"] = problem.lengths.astype(np.int32)
    return inputs, np.empty((T, 1, B, H), np.float32)


def onnx_runtime(problem: Problem, threads: int, padded: bool = False) -> Contender:
    """Return ONNX Runtime, inputs and output bound once; its threads spin, as is its default."""
    ragged = problem.work.ragged and not padded
    inputs, output = _buffers(problem, ragged)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    model = gru_model(problem.weights, problem.work.steps, problem.work.batch, ragged)
    session = onnxruntime.InferenceSession(model, options, ["CPUExecutionProvider"])
    binding = session.io_binding()
    for name, array in inputs.items():
        binding.bind_cpu_input(name, array)
    place = output.ctypes.data
    binding.bind_output("output", "cpu", 0, np.float32, output.shape, place)
    run = partial(session.run_with_iobinding, binding)
    return Contender(run, lambda _: {"output": output[:, 0]}, keeps=inputs)


def open_vino(problem: Problem, threads: int, padded: bool = False) -> Contender:
    """Return OpenVINO, told to compute in float32 and to answer one request soon.

    Inputs and output are bound once.
    """
    ragged = problem.work.ragged and not padded
    inputs, output = _buffers(problem, ragged)
    model = gru_model(problem.weights, problem.work.steps, problem.work.batch, ragged)
    core = openvino.Core()
    settings = {
        "INFERENCE_PRECISION_HINT": "f32",
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": threads,
    }
    request = core.compile_model(core.read_model(model), "CPU", settings).create_infer_request()
    for name, array in inputs.items():
        request.set_tensor(name, openvino.Tensor(array, shared_memory=True))
    request.set_tensor("output", openvino.Tensor(output, shared_memory=True))
    run = partial(request.infer, share_outputs=True)
    return Contender(run, lambda _: {"output": output[:, 0]}, keeps=inputs)
