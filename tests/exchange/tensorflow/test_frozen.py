"""Frozen TensorFlow graphs: cells are found, and proved by the graph's own operations."""

from pathlib import Path

import numpy as np
import pytest

from glassgate import BadInput
from glassgate.exchange import convert, read
from glassgate.exchange.arrays import from_tensorflow1
from glassgate.exchange.keras import from_keras
from glassgate.exchange.tensorflow import frozen
from tests.exchange.tensorflow.graph_cases import (
    arrays,
    const,
    graph,
    gru_cell,
    lists,
    node,
)
from tests.exchange.tensorflow.tensorflow_cases import field

GOLDEN = Path(__file__).parents[2] / "golden" / "exchange"
FORM = {"after": (True, "tanh"), "before": (False, "relu")}
WEIGHTS = ("weight_input", "weight_hidden", "bias_input", "bias_hidden")


@pytest.mark.parametrize(("name", "version"), [("after", "v2"), ("before", "v1")])
def test_a_graph_that_tensorflow_froze_computes_what_it_computed(tmp_path, name, version):
    path = GOLDEN / f"frozen-keras_{name}_{version}.pb"
    truth = np.load(GOLDEN / f"frozen-keras_{name}.npz")
    (found,) = read(path)
    wanted = from_keras(*(truth[f"w{i}"] for i in range(3)), *FORM[name])
    for word in WEIGHTS:
        got = getattr(found.network.weights[0][0], word)
        np.testing.assert_array_equal(got, getattr(wanted, word))
    x = np.ascontiguousarray(truth["x"].swapaxes(0, 1))
    for run in (found.network.run, found.reference):
        output, _ = run(x, np.zeros((1, 2, 4), np.float32))
        np.testing.assert_allclose(output.swapaxes(0, 1), truth["y"], rtol=0, atol=1e-6)
    conversion = convert(path, tmp_path / "gru.safetensors")
    assert conversion.proof.source == "the graph's own operations in float64"
    assert conversion.warnings == (frozen.ORDER,)


def written(tmp_path, *nodes, name="gru.pb"):
    (tmp_path / name).write_bytes(graph(*nodes))
    return tmp_path / name


@pytest.mark.parametrize(("curve", "squash"), [("Tanh", "tanh"), ("Relu", "relu")])
def test_a_cell_of_tensorflow_1_is_found(tmp_path, curve, squash):
    weights = arrays()
    (found,) = read(written(tmp_path, *gru_cell(weights, curve=curve)))
    wanted = from_tensorflow1(*weights, squash=squash)
    assert found.name == "rnn/gru_cell"
    assert found.network.formulation == wanted.formulation
    for word in WEIGHTS:
        got = getattr(found.network.weights[0][0], word)
        np.testing.assert_array_equal(got, getattr(wanted, word))


def test_a_cell_is_what_its_nodes_compute_and_not_what_its_names_say(tmp_path):
    (found,) = read(written(tmp_path, *gru_cell(arrays(), swapped=True)))
    assert found.network is None
    assert "its nodes compute no form of the GRU that is known here" in found.refusal
    (found,) = read(written(tmp_path, *gru_cell(arrays(), curve="Softsign")))
    assert found.network is None


def test_a_cell_that_is_unrolled_is_one_and_two_are_two(tmp_path):
    first, other = arrays(), arrays(seed=5)
    nodes = [*gru_cell(first), *gru_cell(other, "rnn/other_cell")]
    assert len(read(written(tmp_path, *nodes))) == 2
    nodes = [*gru_cell(first), *gru_cell(first, "rnn/step_2", shared="gru_cell")]
    assert [one.name for one in read(written(tmp_path, *nodes))] == ["rnn/gru_cell"]


def test_a_graph_without_a_cell_names_the_way_out(tmp_path):
    with pytest.raises(BadInput, match="holds no GRU cell with constant weights: give the file"):
        read(written(tmp_path, node("MatMul", "a/MatMul", "x", "y")))


def test_numbers_may_be_listed_and_repeated(tmp_path):
    weights = arrays()
    weights[3] = np.full(4, 0.5, np.float32)
    for value in (
        lists([0.5] * 4),
        field(1, 1) + field(2, field(2, field(1, 4))) + field(5, b"\0\0\0?"),
    ):
        nodes = [one for one in gru_cell(weights) if b"candidate/bias\x12\x05Const" not in one]
        made = node("Const", "rnn/gru_cell/candidate/bias", value=field(8, value))
        (found,) = read(written(tmp_path, made, *nodes))
        np.testing.assert_array_equal(found.network.weights[0][0].bias_input[8:], weights[3])


def shaped(shape, **parts):
    axes = b"".join(field(2, field(1, length)) for length in shape)
    return field(1, 1) + field(2, axes) + b"".join(field(int(k[1:]), v) for k, v in parts.items())


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (shaped((4,), f4=bytes(7)), "must hold 16 bytes, got 7"),
        (shaped((2**50,), f4=bytes(8)), "too large a shape"),
        (shaped((2**30,), f5=bytes(4)), "does not hold what its shape says"),
        (shaped((1,), f5=bytes(8)), "does not hold what its shape says"),
        (shaped((4,), f5=bytes(7)), "cut short"),
        (shaped((1,) * 9, f4=bytes(4)), "too large a shape"),
    ],
)
def test_constants_that_lie_are_refused(tmp_path, value, said):
    nodes = [one for one in gru_cell(arrays()) if b"candidate/bias\x12\x05Const" not in one]
    made = node("Const", "rnn/gru_cell/candidate/bias", value=field(8, value))
    with pytest.raises(BadInput, match="cannot be read as a frozen TensorFlow graph") as error:
        read(written(tmp_path, made, *nodes))
    assert said in str(error.value)


@pytest.mark.parametrize("data", [b"\x0a\x7f", b"\xff" * 30, b"\x0b" * 9, b"\x0a\x05\x0a\x09abc"])
def test_what_is_no_graph_is_refused(tmp_path, data):
    (tmp_path / "m.pb").write_bytes(data)
    with pytest.raises(BadInput, match="cannot be read as a frozen TensorFlow graph"):
        read(tmp_path / "m.pb")


def test_functions_that_call_themselves_end(tmp_path):
    calls = node("PartitionedCall", "call", f=field(10, field(1, "loop")))
    function = field(1, field(1, "loop")) + field(3, calls)
    data = graph(calls) + field(2, field(1, function))
    (tmp_path / "m.pb").write_bytes(data)
    with pytest.raises(BadInput, match="holds no GRU cell"):
        read(tmp_path / "m.pb")


def test_a_circle_of_nodes_ends(tmp_path):
    circle = node("Mul", "rnn/gru_cell/mul", "rnn/gru_cell/MatMul_1", "rnn/state")
    (found,) = read(written(tmp_path, *gru_cell(arrays()), circle))
    assert found.network is None


def test_many_constants_in_one_cell_are_not_tried(tmp_path, monkeypatch):
    more = [const(f"c{i}", np.ones((4, 12), np.float32)) for i in range(8)]
    adds = [node("MatMul", f"rnn/gru_cell/m{i}", f"c{i}", f"c{i}") for i in range(8)]
    (found,) = read(written(tmp_path, *gru_cell(arrays()), *more, *adds))
    assert found.network is None
    monkeypatch.setattr(frozen, "MAX_TRIES", 0)
    (found,) = read(written(tmp_path, *gru_cell(arrays())))
    assert found.network is None


def test_tensorflow_lite_is_named(tmp_path):
    (tmp_path / "m.tflite").write_bytes(b"\x1c\0\0\0TFL3" + bytes(50))
    with pytest.raises(BadInput, match="is a TensorFlow Lite model, which is not read: give the"):
        read(tmp_path / "m.tflite")
