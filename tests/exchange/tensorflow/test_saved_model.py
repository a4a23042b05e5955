"""SavedModel folders of Keras 2, read without TensorFlow."""

from pathlib import Path

import numpy as np
import pytest

from glassgate import BadInput
from glassgate.exchange import convert, inspect, read
from glassgate.exchange.keras.arrays import from_keras
from tests.exchange.keras.keras_cases import gru, layer_arrays, sequential
from tests.exchange.tensorflow.tensorflow_cases import GRAPH, bundle, field, saved_model, varint

SHARED = Path(__file__).parents[4] / "shared" / "faults" / "files" / "saved_model"
WAY_OUT = 'save it as Keras, with model.save("model.keras")'


def single(folder, **changes):
    arrays = layer_arrays(3, 4)
    places = {("layer_with_weights-0", "gru"): {"cell": arrays}}
    return saved_model(folder, sequential(gru()), places, **changes), arrays


def same(weights, arrays):
    wanted = from_keras(*arrays, reset_after=True)
    for name in ("weight_input", "weight_hidden", "bias_input", "bias_hidden"):
        np.testing.assert_array_equal(getattr(weights, name), getattr(wanted, name))


def test_a_layer_is_found_by_the_object_graph(tmp_path):
    folder, arrays = single(tmp_path / "saved")
    (found,) = read(folder)
    same(found.network.weights[0][0], arrays)
    conversion = convert(folder, tmp_path / "gru.safetensors")
    assert conversion.warnings == ()
    assert conversion.proof.difference < 1e-5
    assert inspect(folder).rows[0][0] == "gru"


def test_two_directions_stacks_and_models_within(tmp_path):
    both = {"class_name": "Bidirectional", "config": {"name": "both", "layer": gru("low")}}
    model = sequential(both, gru("top"), sequential(gru("deep"), name="inner"))
    a, b, c, d = (layer_arrays(size, 4, seed=i) for i, size in enumerate((3, 3, 8, 4)))
    places = {
        ("layer_with_weights-0", "both"): {"forward_layer/cell": a, "backward_layer/cell": b},
        ("layer_with_weights-1", "top"): {"cell": c},
        ("layer_with_weights-2", "inner"): {},
        ("layer_with_weights-2/layer_with_weights-0", "deep"): {"cell": d},
    }
    found = {one.name: one for one in read(saved_model(tmp_path / "saved", model, places))}
    stack = [weights for layer in found["both+top"].network.weights for weights in layer]
    for weights, arrays in zip(stack, (a, b, c), strict=True):
        same(weights, arrays)
    same(found["inner/deep"].network.weights[0][0], d)


def test_a_folder_that_tensorflow_wrote(tmp_path):
    if not SHARED.is_dir():
        pytest.skip("the SavedModel is not beside this checkout")
    (found,) = read(SHARED)
    assert found.facts["keras"] == "2.18.0"
    assert convert(SHARED, tmp_path / "gru.safetensors").proof.difference < 1e-6


KEY = "variables/0/.ATTRIBUTES/VARIABLE_VALUE"


def entry(dtype=1, shape=(3, 12), offset=0, size=144, shard=0):
    axes = b"".join(field(2, field(1, length)) for length in shape)
    place = field(3, shard) + field(4, offset) + field(5, size)
    return {KEY.encode(): field(1, dtype) + field(2, axes) + place}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (entry(dtype=3), "must hold floats"),
        (entry(shape=(4, 12), size=192), "does not hold all that the index claims"),
        (entry(shape=(2**40, 12), size=2**40 * 48), "does not hold all that the index claims"),
        (entry(size=7), "must have 144 bytes, got 7"),
        (entry(offset=2**40), "does not hold all that the index claims"),
        (entry(shard=5), "the file of variables/0"),
        (entry(shape=(1,) * 9), "at most 8 axes"),
        ({KEY.encode(): field(7, b"x")}, "is divided into slices"),
        ({b"": field(2, 1)}, "big-endian"),
        ({b"x" * 3000: b""}, "its index is damaged or cut short"),
    ],
)
def test_an_index_that_lies_is_refused(tmp_path, change, said):
    folder, _ = single(tmp_path / "saved", changes=change)
    with pytest.raises(BadInput, match="is a TensorFlow SavedModel, and ") as error:
        read(folder)
    assert said in str(error.value)
    assert WAY_OUT in str(error.value)


def test_a_compressed_index_is_refused(tmp_path):
    folder, _ = single(tmp_path / "saved", compression=1)
    with pytest.raises(BadInput, match="its index is compressed"):
        read(folder)


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("keras_metadata.pb", None, "it has no keras_metadata.pb, in which Keras 2 keeps"),
        ("keras_metadata.pb", b"\x0a\xff\xff\xff\xff\x7f", "cut short"),
        ("keras_metadata.pb", b"\x0a" * 5, "cut short"),
        ("keras_metadata.pb", b"", "keras_metadata.pb is damaged or cut short"),
        ("variables/variables.index", None, "variables.index is missing"),
        ("variables/variables.index", bytes(100), "its index is damaged"),
        ("variables/variables.data-00000-of-00001", None, "is missing"),
        ("variables/variables.data-00000-of-00001", b"", "does not hold all"),
    ],
)
def test_a_folder_with_a_damaged_file_is_refused(tmp_path, name, data, said):
    folder, _ = single(tmp_path / "saved")
    (folder / name).unlink() if data is None else (folder / name).write_bytes(data)
    with pytest.raises(BadInput, match="is a TensorFlow SavedModel, and ") as error:
        read(folder)
    assert said in str(error.value)


def test_an_object_graph_in_a_circle_or_without_the_layer_is_refused(tmp_path):
    folder, _ = single(tmp_path / "saved")
    circle = field(1, field(1, field(1, 0) + field(2, "layer_with_weights-0")))
    for graph in (circle, b"", field(1, field(1, field(1, 10**9) + field(2, "x")))):
        bundle(folder / "variables", {GRAPH: graph, KEY: np.zeros((3, 12), np.float32)})
        with pytest.raises(BadInput, match="is not in its object graph"):
            read(folder)


def test_keys_that_share_too_much_are_refused(tmp_path):
    folder, _ = single(tmp_path / "saved")
    index = folder / "variables/variables.index"
    data = bytearray(index.read_bytes())
    data[0] = 100  # the first key shares 100 bytes with none
    index.write_bytes(data)
    with pytest.raises(BadInput, match="damaged or cut short"):
        read(folder)
    assert varint(300) == b"\xac\x02"


def test_a_model_of_its_own_class_says_how_to_go_on(tmp_path):
    folder = saved_model(tmp_path / "saved", None, {})
    with pytest.raises(BadInput, match="its model is of a class of its own, without a config"):
        read(folder)
