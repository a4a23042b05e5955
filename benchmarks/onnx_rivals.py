"""ONNX Runtime and OpenVINO, both running the same ONNX model of one layer."""

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
from glassgate.speed.workloads import Workload

OPENVINO = "OpenVINO"
OPSET, IR_VERSION = 17, 8  # old enough for every current runtime


def rivals(workload: Workload) -> Mapping[str, Maker]:
    """Return the runtimes that can run a workload; neither of them trains.

    On a ragged batch they get its lengths; a run over the padded batch is another contender for
    each.
    """
    if workload.training:
        return {}
    makers = {ONNX_RUNTIME: onnx_runtime, OPENVINO: open_vino}
    padded: dict[str, Maker] = {
        f"{name} padded": partial(make, padded=True) for name, make in makers.items()
    }
    return {**makers, **(padded if workload.ragged else {})}


def gru_model(weights: GRUWeights, T: int, B: int, ragged: bool = False) -> bytes:
    """Return a model with inputs input [T, B, I], initial [1, B, H] and, if ragged, lengths [B].

    Its output is [T, 1, B, H]. Sizes are fixed, which gives a runtime the most freedom to optimize.
    ONNX has the gates in the order update, reset, candidate, and by default applies the reset gate
    before the recurrent product.
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
    T, B, H = problem.workload.steps, problem.workload.batch, problem.workload.hidden_size
    inputs = {"input": problem.input, "initial": problem.initial[None]}
    if ragged:
        inputs["lengths"] = problem.lengths.astype(np.int32)
    return inputs, np.empty((T, 1, B, H), np.float32)


def onnx_runtime(problem: Problem, threads: int, padded: bool = False) -> Contender:
    """Set up ONNX Runtime, inputs and output bound once; its threads spin, as by default."""
    ragged = problem.workload.ragged and not padded
    inputs, output = _buffers(problem, ragged)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    model = gru_model(problem.weights, problem.workload.steps, problem.workload.batch, ragged)
    session = onnxruntime.InferenceSession(model, options, ["CPUExecutionProvider"])
    binding = session.io_binding()
    for name, array in inputs.items():
        binding.bind_cpu_input(name, array)
    address = output.ctypes.data
    binding.bind_output("output", "cpu", 0, np.float32, output.shape, address)
    run = partial(session.run_with_iobinding, binding)
    return Contender(run, lambda _: {"output": output[:, 0]}, keeps=inputs)


def open_vino(problem: Problem, threads: int, padded: bool = False) -> Contender:
    """Set up OpenVINO in float32 and low-latency mode.

    Inputs and output are bound once.
    """
    ragged = problem.workload.ragged and not padded
    inputs, output = _buffers(problem, ragged)
    model = gru_model(problem.weights, problem.workload.steps, problem.workload.batch, ragged)
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
