"""Weights and states that an ONNX graph computes from constants, and GRUs written out."""

import io
import warnings
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import NodeProto, TensorProto, helper, numpy_helper

from glassgate import BadInput
from glassgate.exchange.onnx import fold
from glassgate.exchange.onnx.file import read_onnx
from tests.exchange.onnx.onnx_cases import (
    F32,
    assert_close,
    external,
    make,
    model,
    save,
    session,
)

I, H, T, B = 3, 5, 6, 2


def test_an_export_without_folding_is_read_to_the_bit(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = torch.nn.GRU(I, H, 2, bidirectional=True).eval()
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module, (torch.randn(T, B, I),), file, dynamo=False, do_constant_folding=False
        )
    (tmp_path / "gru.onnx").write_bytes(file.getvalue())
    kinds = {node.op_type for node in onnx.load(tmp_path / "gru.onnx").graph.node}
    assert {"Slice", "Concat", "Unsqueeze"} <= kinds
    stack, *_ = read_onnx(tmp_path / "gru.onnx")
    assert stack.facts["initial state"] == "zeros"
    for i, layer in enumerate(stack.network.weights):
        for weights, side in zip(layer, ("", "_reverse"), strict=True):
            for ours, theirs in (("weight_input", "weight_ih"), ("bias_hidden", "bias_hh")):
                wanted = getattr(module, f"{theirs}_l{i}{side}").detach().numpy()
                np.testing.assert_array_equal(getattr(weights, ours), wanted)


def constant(name: str, array: np.ndarray) -> TensorProto:
    return numpy_helper.from_array(np.asarray(array), name)


def folded(tmp_path: Path, nodes: list[NodeProto], tensors: list[TensorProto]):
    """Read a node whose W comes from the given nodes, and compare it with ONNX Runtime."""
    case = make()
    kept = [tensor for tensor in case.tensors() if tensor.name != "W"]
    made = model([*nodes, case.node()], [*kept, *tensors])
    path = save(made, tmp_path / "gru.onnx")
    (found,) = read_onnx(path)
    if found.network is not None:
        lengths = np.full(case.input.shape[1], len(case.input), np.int32)
        feeds = {"X": case.input, "lengths": lengths, "state": case.state}
        output, last = session(made).run(None, feeds)
        ours, state = found.network.run(case.input, case.state)
        assert_close(ours, output[:, 0])
        assert_close(state, last)
    return found


W = make().arrays.W  # (1, 12, 3)
QUANTIZED = np.arange(-18, 18, dtype=np.int8).reshape(1, 12, 3)
SCALES = np.linspace(0.01, 0.2, 12).astype(np.float32)


@pytest.mark.parametrize(
    ("nodes", "tensors"),
    [
        ([("Transpose", ["a"], {"perm": [2, 1, 0]})], {"a": W.transpose(2, 1, 0)}),
        ([("Reshape", ["a", "s"], {})], {"a": W.ravel(), "s": np.array([1, 12, -1])}),
        ([("Cast", ["a"], {"to": F32})], {"a": W.astype(np.float16)}),
        ([("Cast", ["a"], {"to": F32})], {"a": W.astype(np.float64)}),
        ([("Expand", ["a", "s"], {})], {"a": W[:, :, :1], "s": np.array([1, 12, 3])}),
        (
            [("DequantizeLinear", ["a", "s", "z"], {})],
            {"a": QUANTIZED, "s": np.float32(0.02), "z": np.int8(3)},
        ),
        (
            [("DequantizeLinear", ["a", "s", "z"], {"axis": 1})],
            {"a": QUANTIZED, "s": SCALES, "z": np.zeros(12, np.int8)},
        ),
        ([("Identity", ["a"], {}), ("Identity", ["w0"], {})], {"a": W}),
    ],
    ids=["transpose", "reshape", "half", "double", "expand", "tensor", "channel", "identity"],
)
def test_constants_behind_nodes_are_computed(tmp_path: Path, nodes, tensors) -> None:
    names = [*(f"w{i}" for i in range(len(nodes) - 1)), "W"]
    made = [
        helper.make_node(kind, reads, [name], **words)
        for (kind, reads, words), name in zip(nodes, names, strict=True)
    ]
    found = folded(tmp_path, made, [constant(name, array) for name, array in tensors.items()])
    assert found.network is not None, found.refusal


def test_constants_in_files_beside_the_model_are_computed(tmp_path: Path) -> None:
    case = make()
    made = external(case, tmp_path / "gru.onnx")
    for tensor in made.graph.initializer:
        if tensor.name == "W":
            tensor.name = "a"
            del tensor.dims[:]
            tensor.dims.extend([12, 3])
    made.graph.initializer.append(constant("zero", np.array([0])))
    made.graph.node.insert(0, helper.make_node("Unsqueeze", ["a", "zero"], ["W"]))
    (tmp_path / "gru.onnx").write_bytes(made.SerializeToString())
    (found,) = read_onnx(tmp_path / "gru.onnx")
    rows = found.network.weights[0][0].weight_input
    np.testing.assert_array_equal(rows[8:], case.arrays.W[0, 8:])


def test_what_is_computed_from_the_input_is_no_constant(tmp_path: Path) -> None:
    for node in (
        helper.make_node("Cast", ["state"], ["W"], to=F32),
        helper.make_node("MatMul", ["a", "a"], ["W"]),
        helper.make_node("Cast", ["a"], ["W"], to=F32, domain="own"),
        helper.make_node("Cast", ["a"], ["W"], to=TensorProto.STRING),
        helper.make_node("Reshape", ["a", "s"], ["W"]),
    ):
        tensors = [constant("a", W), constant("s", np.array([7, 7]))]
        found = folded(tmp_path, [node], tensors)
        assert found.network is None
        assert "weights must be constants, but the graph computes or is given W" in found.refusal


def test_a_small_file_cannot_ask_for_large_constants(tmp_path: Path) -> None:
    one = [constant("a", np.float32(1)), constant("s", np.array([1, 2**20, 2**20]))]
    with pytest.raises(BadInput, match="more numbers than its size allows"):
        folded(tmp_path, [helper.make_node("Expand", ["a", "s"], ["W"])], one)
    doubled = [helper.make_node("Concat", ["a", "a"], ["c0"], axis=0)]
    for i in range(40):
        doubled.append(helper.make_node("Concat", [f"c{i}"] * 2, [f"c{i + 1}"], axis=0))
    doubled.append(helper.make_node("Identity", ["c40"], ["W"]))
    with pytest.raises(BadInput, match="more numbers than its size allows"):
        folded(tmp_path, doubled, [constant("a", W)])
    lying = constant("a", W)
    lying.dims[1] = 2**40
    with pytest.raises(BadInput, match=r"tensor a must hold \d+ bytes, got 144"):
        folded(tmp_path, [helper.make_node("Transpose", ["a"], ["W"], perm=[0, 1, 2])], [lying])


def test_a_long_chain_of_nodes_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fold, "MAX_FOLDED", 5)
    chain = [helper.make_node("Transpose", ["a"], ["t0"], perm=[0, 1, 2])]
    for i in range(5000):
        chain.append(helper.make_node("Transpose", [f"t{i}"], [f"t{i + 1}"], perm=[0, 1, 2]))
    chain.append(helper.make_node("Identity", ["t5000"], ["W"]))
    assert folded(tmp_path, chain, [constant("a", W)]).network is None


@pytest.mark.parametrize(
    ("nodes", "fill", "said"),
    [
        ([("Expand", ["f", "shape"])], 0.0, "zeros"),
        ([("Expand", ["f", "shape"])], 1.0, "a constant, to be passed as the state"),
        ([("Cast", ["f"]), ("Expand", ["s0", "shape"])], 0.0, "zeros"),
        ([("Expand", ["f", "shape"]), ("Unsqueeze", ["s0", "one"])], 0.0, "zeros"),
        (
            [("Relu", ["f"]), ("Expand", ["s0", "shape"])],
            0.0,
            "computed by the graph",
        ),
    ],
)
def test_zeros_are_zeros_wherever_they_come_from(tmp_path: Path, nodes, fill, said) -> None:
    case, made = make(), [helper.make_node("Shape", ["X"], ["shape"])]
    for i, (kind, reads) in enumerate(nodes):
        words = {"to": F32} if kind == "Cast" else {}
        name = "state" if i == len(nodes) - 1 else f"s{i}"
        made.append(helper.make_node(kind, reads, [name], **words))
    tensors = [constant("f", np.full(1, fill, np.float32)), constant("one", np.array([0]))]
    model_ = model([*made, case.node()], [*case.tensors(), *tensors])
    del model_.graph.input[2]
    (found,) = read_onnx(save(model_, tmp_path / "gru.onnx"))
    assert found.facts["initial state"].startswith(said)


def stacked(first: list[int], second: list[int] | None) -> list[NodeProto]:
    """Two GRU nodes with Squeeze and Transposes between, as tf2onnx writes Keras' layers."""
    nodes = [make().node("lower"), helper.make_node("Squeeze", ["Y", "one"], ["a"])]
    nodes.append(helper.make_node("Transpose", ["a"], ["b"], perm=first))
    last = "b"
    if second:
        nodes.append(helper.make_node("Transpose", ["b"], ["c"], perm=second))
        last = "c"
    reads = [last, "W2", "R2", "", "lengths"]
    words = {"hidden_size": 4, "linear_before_reset": 1}
    return [*nodes, helper.make_node("GRU", reads, ["Z"], "upper", **words)]


@pytest.mark.parametrize(
    ("perms", "joined"),
    [
        (([1, 0, 2], [1, 0, 2]), True),
        (([1, 0, 2], None), False),
        (([0, 2, 1], [0, 2, 1]), False),
        (([1, 0, 2], [2, 1, 0]), False),
    ],
)
def test_layers_with_transposes_between_are_one_stack(tmp_path: Path, perms, joined) -> None:
    draw = np.random.default_rng(1)
    tensors = [constant("one", np.array([1]))]
    tensors += [
        constant(f"{name}2", draw.normal(size=(1, 12, 4)).astype(np.float32)) for name in "WR"
    ]
    made = model(stacked(*perms), [*make().tensors(), *tensors])
    found = read_onnx(save(made, tmp_path / "gru.onnx"))
    assert (found[0].name == "lower+upper") == joined
    if joined:
        case = make()
        lengths = np.full(case.input.shape[1], len(case.input), np.int32)
        feeds = {"X": case.input, "lengths": lengths, "state": case.state}
        (wanted,) = session(made).run(None, feeds)
        state = np.concatenate([case.state, np.zeros_like(case.state)])
        assert_close(found[0].network.run(case.input, state)[0], wanted[:, 0])


def body(*kinds: str) -> onnx.GraphProto:
    nodes = [helper.make_node(kind, ["x"], [f"y{i}"]) for i, kind in enumerate(kinds)]
    return helper.make_graph(nodes, "body", [], [])


@pytest.mark.parametrize(
    ("nodes", "said"),
    [
        (
            [helper.make_node("Loop", ["n"], ["Z"], body=body("MatMul", "Sigmoid", "Tanh"))] * 2,
            "2 Loop with gates in the body (Sigmoid, Tanh), as a GRU written out has",
        ),
        (
            [helper.make_node("Scan", ["n"], ["Z"], body=body("Gemm", "HardSigmoid", "Relu"))],
            "1 Scan with gates in the body",
        ),
        (list(body(*["MatMul", "Sigmoid", "Sigmoid", "Tanh"] * 2).node), "a GRU unrolled over its"),
        ([helper.make_node("LSTM", ["X", "W", "R"], ["Z"])], "but 1 LSTM nodes: give the file"),
    ],
)
def test_a_gru_written_out_is_recognised(tmp_path: Path, nodes, said: str) -> None:
    with pytest.raises(BadInput, match="holds no GRU node, but ") as error:
        read_onnx(save(model(nodes, []), tmp_path / "gru.onnx"))
    assert said in str(error.value)


def test_a_model_with_a_sigmoid_alone_has_no_gru(tmp_path: Path) -> None:
    nodes = [helper.make_node("Sigmoid", ["X"], ["Z"])]
    assert read_onnx(save(model(nodes, []), tmp_path / "gru.onnx")) == []
