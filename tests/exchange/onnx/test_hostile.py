"""ONNX files from strangers: one sentence each, and no memory for data that is not there."""

import tracemalloc
import warnings
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import ModelProto, helper, numpy_helper

from glassgate import BadInput
from glassgate.exchange.onnx import file
from glassgate.exchange.onnx.file import read_onnx
from glassgate.exchange.onnx.tensor import to_array
from tests.exchange.onnx.onnx_cases import external, make, model, only_network, save


def refused(path: Path, made: ModelProto, said: str) -> None:
    path.write_bytes(made.SerializeToString())
    tracemalloc.start()
    with pytest.raises(BadInput, match=said) as caught:
        read_onnx(path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2**20
    assert "\n" not in str(caught.value)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "gru.onnx"


@pytest.mark.parametrize("data", [b"", b"not a model", b"\x00" * 100])
def test_no_model(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    with pytest.raises(BadInput, match=r"protobuf|graph"):
        read_onnx(path)


def test_every_truncation(path: Path) -> None:
    data = make(sizes=(1, 1)).model().SerializeToString()
    for end in range(0, len(data), 3):
        path.write_bytes(data[:end])
        with suppress(BadInput):
            read_onnx(path)


@pytest.mark.parametrize(
    "location",
    ["../weights.bin", "/etc/hostname", "sub/../../weights.bin", "", "nul\0", "x" * 5000, "."],
)
def test_external_data_elsewhere(path: Path, location: str) -> None:
    made = external(make(), path, location)
    refused(path, made, "external data")


def test_external_data_behind_a_link(tmp_path: Path) -> None:
    inside = tmp_path / "model"
    inside.mkdir()
    made = external(make(), inside / "gru.onnx", "link.bin")
    (inside / "weights.bin").rename(tmp_path / "weights.bin")
    (inside / "link.bin").symlink_to(tmp_path / "weights.bin")
    refused(inside / "gru.onnx", made, "outside the model's folder")


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("offset", str(10**15), "must hold"),
        ("offset", "-4", "must be a number"),
        ("offset", "9" * 400, "must be a number"),
        ("length", str(10**15), "must be 144 bytes"),
        ("length", "nine", "must be a number"),
    ],
)
def test_external_data_that_lies(path: Path, key: str, value: str, said: str) -> None:
    made = external(make(), path)
    for entry in made.graph.initializer[0].external_data:
        if entry.key == key:
            entry.value = value
    refused(path, made, said)


@pytest.mark.parametrize(
    ("dims", "said"),
    [
        ((1, 3 * 10**9, 10**9), "must hold"),
        ((2**62, 2**62, 2**62), "must hold"),
        ((1, 12, 2), "must hold 96 bytes, got 144"),
        ((1, -12, 3), "1 or more"),
        ((1, 0, 2**60), "1 or more"),
        ((1,) * 70, "2 or 3 axes"),
        ((), "2 or 3 axes"),
        ((36, 1), "W must have shape"),
        ((1, 9, 4), "W must have shape"),
        ((3, 12, 1), "W must have shape"),
    ],
)
def test_shapes_that_lie(path: Path, dims: tuple[int, ...], said: str) -> None:
    made = make().model()
    del made.graph.initializer[0].dims[:]
    made.graph.initializer[0].dims.extend(dims)
    refused(path, made, said)


def test_biases_and_states_of_the_wrong_shape(path: Path) -> None:
    case = make()
    made = case.model()
    made.graph.initializer[2].CopyFrom(numpy_helper.from_array(np.ones((1, 9), np.float32), "B"))
    refused(path, made, "B must have shape")
    state = numpy_helper.from_array(np.ones((2, 2, 4), np.float32), "state")
    refused(path, model([case.node()], [*case.tensors(), state]), "initial_h must have shape")


@pytest.mark.parametrize(
    ("inputs", "words", "said"),
    [
        ([], {}, "no input X and no W and no R"),
        (["X", "W", ""], {}, "no input R"),
        (["X", "W", "R"], {"direction": "sideways"}, "direction must be one of"),
        (["X", "W", "R"], {"direction": 3}, "must be of type STRING"),
    ],
)
def test_other_nodes_are_ignored(
    path: Path, inputs: list[str], words: dict[str, object], said: str
) -> None:
    node = helper.make_node("GRU", inputs, ["Y"], "gru", **words)
    refused(path, model([node], make().tensors()), said)


def test_many_networks_of_one_tensor(path: Path) -> None:
    case = make()
    biases = [numpy_helper.from_array(case.arrays.B + i, f"B{i}") for i in range(9)]
    nodes = [case.node() for _ in biases]
    for node, tensor in zip(nodes, biases, strict=True):
        node.input[3] = tensor.name
    refused(path, model(nodes, [*case.tensors(), *biases]), "at most 8 different GRUs, got 9")


def test_many_calls_of_one_gru_are_one_network(path: Path) -> None:
    case = make()
    nodes = [case.node(f"call{i}") for i in range(20)]
    found = read_onnx(save(model(nodes, case.tensors()), path))
    assert [each.name for each in found] == [f"call{i}" for i in range(20)]
    assert len({id(each.network) for each in found}) == 1


def test_a_stack_may_not_repeat_one_gru_too_often(path: Path) -> None:
    case = make(sizes=(4, 4))
    nodes = [case.node("call0")]
    for i in range(1, 10):
        nodes[-1].output[0] = f"states{i}"
        nodes.append(helper.make_node("Squeeze", [f"states{i}"], [f"below{i}"], axes=[1]))
        nodes.append(case.node(f"call{i}"))
        nodes[-1].input[0] = f"below{i}"
    stack, *single = read_onnx(save(model(nodes, case.tensors()), path))
    assert stack.network is None
    assert stack.refusal == "it must repeat a layer at most 8 times, got 10"
    assert len(single) == 10
    assert all(each.network for each in single)


def test_external_data_read_over_and_over(path: Path) -> None:
    case = make()
    made = external(case, path)
    tensors = list(made.graph.initializer)
    for i in range(9):
        for tensor in tensors:
            again = made.graph.initializer.add()
            again.CopyFrom(tensor)
            again.name = f"{tensor.name}{i}"
        node = made.graph.node.add()
        node.CopyFrom(case.node(f"gru{i}"))
        node.input[1:4] = [f"{name}{i}" for name in ("W", "R", "B")]
    refused(path, made, "weights.bin is read more than 8 times over")


def test_an_initial_state_shared_by_many_nodes_is_read_once(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, looked = make(), []
    state = numpy_helper.from_array(np.zeros((1, 2, 4), np.float32), "state")
    monkeypatch.setattr(file, "to_array", lambda *said: looked.append(1) or to_array(*said))
    nodes = [case.node(f"call{i}") for i in range(20)]
    found = read_onnx(save(model(nodes, [*case.tensors(), state]), path))
    assert {each.facts["initial state"] for each in found} == {"zeros"}
    assert len(looked) == 4  # W, R, B and the state


def test_nan_is_kept_with_a_warning(path: Path) -> None:
    case = make()
    case.arrays.R[0, 0, 0] = np.nan
    save(case.model(), path)
    with pytest.warns(UserWarning, match="R of GRU node gru holds numbers that are NaN"):
        network = only_network(path)
    assert np.isnan(network.weights[0][0].weight_hidden).sum() == 1


def test_names_that_are_not_text(path: Path) -> None:
    node = make().node("gru-name\n\x1b[2J")
    data = model([node], make().tensors()).SerializeToString()
    path.write_bytes(data.replace(b"gru-name", b"gru-\xff\xfe\xfdn"))
    (found,) = read_onnx(path)
    assert found.name == "gru-\ufffd\ufffd\ufffdn??[2J"
    external(make(), path, "four-name")
    path.write_bytes(path.read_bytes().replace(b"four-name", b"four-\xff\xfe\xfdn"))
    with pytest.raises(BadInput, match="external data is missing"):
        read_onnx(path)


@given(
    places=st.lists(st.tuples(st.integers(0, 2**16), st.integers(0, 255)), min_size=1, max_size=8)
)
@settings(deadline=None, max_examples=300)
def test_mutated_files(
    places: list[tuple[int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "mutated.onnx"
    data = bytearray(make(sizes=(1, 1)).model().SerializeToString())
    for place, value in places:
        data[place % len(data)] = value
    path.write_bytes(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        with suppress(BadInput):
            read_onnx(path)
