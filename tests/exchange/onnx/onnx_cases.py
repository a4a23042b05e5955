"""Random GRU nodes, files that hold them in various ways, and ONNX Runtime to run them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from glassgate import GRU, Formulation, GRUWeights
from glassgate.exchange.onnx.file import read_onnx
from glassgate.exchange.onnx.node import DIRECTIONS, NodeArrays, activation_pairs
from glassgate.formulation import Array

F32 = TensorProto.FLOAT
GATES = {"Sigmoid": ((), ()), "HardSigmoid": ((0.2,), (0.5,)), "hardsigmoid": ((1 / 6,), (0.5,))}
SQUASHES = {"Tanh": ((), ()), "relu": ((), ()), "Affine": ((1.0,), (0.0,))}


@dataclass
class Drawn:
    """A node's arrays and attributes, as a file's author has them, with input to run it on."""

    arrays: NodeArrays
    direction: str
    input: Array  # (T, B, I)
    state: Array  # (D, B, H)
    lengths: NDArray[np.int32]  # (B,)

    def attributes(self) -> dict[str, Any]:
        curves = [curve for pair in self.arrays.activations for curve in pair]
        numbers = {
            "activation_alpha": [curve.alpha for curve in curves if curve.alpha is not None],
            "activation_beta": [curve.beta for curve in curves if curve.beta is not None],
        }
        return {
            "hidden_size": self.arrays.R.shape[2],
            "direction": self.direction,
            "linear_before_reset": int(self.arrays.linear_before_reset),
            "activations": [curve.name for curve in curves],
            **{name: values for name, values in numbers.items() if values},
        }

    def tensors(self) -> list[TensorProto]:
        named = {"W": self.arrays.W, "R": self.arrays.R, "B": self.arrays.B}
        return [
            numpy_helper.from_array(array, name)
            for name, array in named.items()
            if array is not None
        ]

    def node(self, name: str = "gru", **more: Any) -> NodeProto:
        biases = "" if self.arrays.B is None else "B"
        inputs = ["X", "W", "R", biases, "lengths", "state"]
        return helper.make_node("GRU", inputs, ["Y", "Y_h"], name, **self.attributes(), **more)

    def model(self) -> ModelProto:
        return model([self.node()], self.tensors())

    def run(self) -> tuple[Array, Array]:
        """Run the node in ONNX Runtime: output [T, B, D * H] and last state [D, B, H]."""
        feeds = {"X": self.input, "lengths": self.lengths, "state": self.state}
        output, last = session(self.model()).run(None, feeds)
        T, _, B, _ = output.shape
        return output.transpose(0, 2, 1, 3).reshape(T, B, -1), last


def model(nodes: list[NodeProto], tensors: list[TensorProto]) -> ModelProto:
    """Make a model around nodes that read X, lengths and state."""
    inputs = [
        helper.make_tensor_value_info("X", F32, ["T", "N", None]),
        helper.make_tensor_value_info("lengths", TensorProto.INT32, ["N"]),
        helper.make_tensor_value_info("state", F32, [None, "N", None]),
    ]
    outputs = [helper.make_tensor_value_info(name, F32, None) for name in nodes[-1].output]
    graph = helper.make_graph(nodes, "drawn", inputs, outputs, tensors)
    opsets = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def session(source: ModelProto | Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    data = source.read_bytes() if isinstance(source, Path) else source.SerializeToString()
    return onnxruntime.InferenceSession(data, options, ["CPUExecutionProvider"])


def save(made: ModelProto, path: Path) -> Path:
    onnx.save(made, path)
    return path


def random(draw: np.random.Generator, *shape: int) -> Array:
    """Numbers that keep sums of the last axis moderate."""
    return (draw.uniform(-1, 1, shape) / np.sqrt(shape[-1])).astype(np.float32)


def drawn(directions: tuple[str, ...] = tuple(DIRECTIONS)) -> st.SearchStrategy[Drawn]:
    """Draw a node of sizes 1..70 with non-zero biases, an initial state and lengths."""
    return st.builds(
        make,
        st.sampled_from(directions),
        st.tuples(*(st.integers(1, 70) for _ in range(2))),
        st.booleans(),
        st.sampled_from(sorted(GATES)),
        st.sampled_from(sorted(SQUASHES)),
        st.booleans(),
        st.integers(0, 2**32 - 1),
    )


def make(
    direction: str = "forward",
    sizes: tuple[int, int] = (3, 4),
    after: bool = True,
    gate: str = "Sigmoid",
    squash: str = "Tanh",
    biased: bool = True,
    seed: int = 0,
) -> Drawn:
    draw, (I, H), D = np.random.default_rng(seed), sizes, len(DIRECTIONS[direction])
    T, B = (int(size) for size in draw.integers(1, 9, 2))
    alphas, betas = ((GATES[gate][i] + SQUASHES[squash][i]) * D for i in (0, 1))
    pairs = activation_pairs([gate, squash] * D, alphas, betas, D)
    biases = draw.uniform(-1, 1, (D, 6 * H)).astype(np.float32) if biased else None
    arrays = NodeArrays(random(draw, D, 3 * H, I), random(draw, D, 3 * H, H), biases, after, pairs)
    input, state = (draw.uniform(-1, 1, s).astype(np.float32) for s in ((T, B, I), (D, B, H)))
    lengths = draw.integers(1, T + 1, B).astype(np.int32)
    return Drawn(arrays, direction, input, state, lengths)


def network(
    layers: int, directions: int, sizes: tuple[int, int], form: Formulation, seed: int
) -> GRU:
    """Return a network of random weights with non-zero biases."""
    draw, (I, H) = np.random.default_rng(seed), sizes
    shapes = [[(3 * H, directions * H if i else I), (3 * H, H)] for i in range(layers)]
    return GRU(
        [
            [
                GRUWeights(
                    *(random(draw, *shape) for shape in matrices),
                    *draw.uniform(-1, 1, (2, 3 * H)).astype(np.float32),
                    form,
                )
                for _ in range(directions)
            ]
            for matrices in shapes
        ]
    )


def assert_close(came: Array, expected: Array, error: float = 1e-6) -> None:
    """Compare, with an error relative to the largest number, at least 1."""
    np.testing.assert_array_equal(came.shape, expected.shape)
    scale = max(1.0, float(np.abs(expected).max(initial=0)))
    assert float(np.abs(came - expected).max(initial=0)) <= error * scale


def only_network(path: Path) -> GRU:
    (found,) = read_onnx(path)
    assert found.network is not None, found.refusal
    return found.network


def external(case: Drawn, path: Path, location: str = "weights.bin") -> onnx.ModelProto:
    """Save a model whose W, R and B lie in a file beside it; give it to be spoiled."""
    made = case.model()
    data, offset = b"", 0
    for tensor in made.graph.initializer:
        raw = tensor.raw_data
        onnx.external_data_helper.set_external_data(tensor, location, offset, len(raw))
        tensor.ClearField("raw_data")
        data, offset = data + raw, offset + len(raw)
    (path.parent / "weights.bin").write_bytes(data)
    path.write_bytes(made.SerializeToString())
    return made
