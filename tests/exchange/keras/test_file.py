"""Keras 2 files made by hand, and how files are found and read."""

import io
import json
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from importlib.metadata import version
from importlib.util import find_spec

import numpy as np
import pytest

from glassgate import GRU, BadInput, Formulation
from glassgate.exchange.keras.arrays import from_keras
from glassgate.exchange.keras.file import read_keras
from glassgate.exchange.keras.write import write_keras
from tests.exchange.keras.keras_cases import (
    drawn,
    gru,
    h5py,
    layer_arrays,
    sequential,
    simple_h5,
    under,
    write_h5,
)


def compare(found, arrays, slope=None):
    """Compare a network with the unit's equations written out here, gates z, r, h."""
    network = found.network
    W, U, b = (array.astype(np.float64) for array in arrays)
    H = len(U)
    input, hidden = drawn(5, 6, 2, len(W)).astype(float), drawn(6, 1, 2, H).astype(float)[0]
    initial, outputs = hidden[None], []

    def gate(x):
        return np.clip(slope * x + 0.5, 0, 1) if slope else 1 / (1 + np.exp(-x))

    for x in input:
        a, c = x @ W + b[0], hidden @ U + b[1]
        z, r = gate(a[:, :H] + c[:, :H]), gate(a[:, H : 2 * H] + c[:, H : 2 * H])
        hidden = z * hidden + (1 - z) * np.tanh(a[:, 2 * H :] + r * c[:, 2 * H :])
        outputs.append(hidden)
    np.testing.assert_allclose(found.reference(input, initial)[0], outputs, 1e-12, 1e-12)
    got, _ = network.run(input.astype(np.float32), initial.astype(np.float32))
    np.testing.assert_allclose(got, outputs, 1e-6, 1e-6)


@pytest.mark.parametrize(
    ("version", "slope", "form"),
    [("2.4.0", 1 / 5, "hard_sigmoid_fifth"), ("2.15.0-tf", 1 / 5, "hard_sigmoid_fifth"),
     ("3.1.0", 1 / 6, "hard_sigmoid_sixth")],
)  # fmt: skip
def test_the_version_decides_what_hard_sigmoid_is(version, slope, form, tmp_path):
    arrays = simple_h5(tmp_path / "model.h5", version, recurrent_activation="hard_sigmoid")
    (found,) = read_keras(tmp_path / "model.h5")
    assert found.network.formulation.gate == form
    compare(found, arrays, slope)


def test_weights_without_a_config_need_one(tmp_path):
    arrays = simple_h5(tmp_path / "model.h5")
    paths = tmp_path / "weights.h5", tmp_path / "model.h5"
    with h5py.File(paths[0], "w") as weights, h5py.File(paths[1]) as all_:
        for name in all_["model_weights"]:
            all_.copy(f"model_weights/{name}", weights)
        weights.attrs["layer_names"] = all_["model_weights"].attrs["layer_names"]
    with pytest.raises(
        BadInput, match=r"config.*: save the whole model, with model.save\(.model.keras.\)"
    ):
        read_keras(tmp_path / "weights.h5")
    config = sequential(gru()) | {"keras_version": "2.2.4"}
    (tmp_path / "model.json").write_text(json.dumps(config))
    (found,) = read_keras(tmp_path / "weights.h5", tmp_path / "model.json")
    compare(found, arrays)


def test_a_graph_of_keras_2_with_a_frozen_direction_and_a_model_within(tmp_path):
    two = {"class_name": "Bidirectional", "config": {"name": "both", "layer": gru(units=2)}}
    two["config"]["merge_mode"] = "concat"
    within = sequential(gru("deep", 2), name="within")
    layers = [
        {"class_name": "InputLayer", "config": {"name": "input"}, "inbound_nodes": []},
        two | {"inbound_nodes": [[["input", 0, 0, {}]]]},
        gru("top", 2) | {"inbound_nodes": [[["both", 0, 0, {}]]]},
        within | {"name": "within", "inbound_nodes": [[["top", 0, 0, {}]]]},
    ]
    a, b, c, d = (layer_arrays(size, 2, seed=i) for i, size in enumerate((3, 3, 4, 2)))
    # The forward direction was frozen, so Keras lists it last.
    both = under("both/backward_gru/cell", b) | under("both/forward_gru/cell", a)
    path = write_h5(
        tmp_path / "model.h5",
        {"class_name": "Functional", "config": {"name": "model", "layers": layers}},
        {"both": both, "top": under("top/cell", c), "within": under("deep/cell", d)},
    )
    found = {one.name: one for one in read_keras(path)}
    assert list(found) == ["both+top", "both", "top", "within/deep"]
    assert found["both+top"].facts["direction"] == "both, forward"
    assert found["both+top"].network.states == 3
    (pair,) = found["both"].network.weights
    for weights, arrays in zip(pair, (a, b), strict=True):
        np.testing.assert_array_equal(weights.weight_input, from_keras(*arrays, True).weight_input)
    compare(found["top"], c)
    compare(found["within/deep"], d)


def test_reset_after_is_false_in_files_older_than_the_setting(tmp_path):
    layer = gru(reset_after=False)
    del layer["config"]["reset_after"]
    arrays = layer_arrays(3, 4, reset_after=False)
    config = {"class_name": "Sequential", "config": [layer]}
    path = write_h5(tmp_path / "old.h5", config, {"gru": under("gru_1", arrays)}, "2.1.2")
    (found,) = read_keras(path)
    assert found.network.formulation.reset == "before"


def test_a_custom_class_of_the_same_name_is_refused(tmp_path):
    layer = gru() | {"registered_name": "mine>GRU"}
    weights = {"gru": under("gru/cell", layer_arrays(3, 4))}
    (found,) = read_keras(write_h5(tmp_path / "model.h5", sequential(layer), weights))
    assert "only shares its name" in found.refusal


def test_the_first_keras_files_use_other_groups_and_another_hard_sigmoid(tmp_path):
    form = Formulation(gate="hard_sigmoid_sixth")
    arrays = layer_arrays(3, 4)
    weights = replace(from_keras(*arrays, True), formulation=form)
    write_keras(tmp_path / "new.keras", GRU([[weights]]))
    with zipfile.ZipFile(tmp_path / "new.keras") as new:
        config, numbers = new.read("config.json"), io.BytesIO(new.read("model.weights.h5"))
    with h5py.File(numbers, "a") as file:
        file.move("layers", "_layer_checkpoint_dependencies")
    with zipfile.ZipFile(tmp_path / "old.keras", "w") as old:
        old.writestr("metadata.json", '{"keras_version": "2.13.1"}')
        old.writestr("config.json", config)
        old.writestr("model.weights.h5", numbers.getvalue())
    (found,) = read_keras(tmp_path / "old.keras")
    compare(found, arrays, 1 / 5)


def test_neither_torch_nor_keras_is_imported():
    code = (
        "import sys, glassgate.exchange.keras.file, glassgate.exchange.keras.write; "
        "sys.exit(bool({'torch', 'keras'} & sys.modules.keys()))"
    )
    assert not subprocess.run([sys.executable, "-c", code], check=False).returncode


@pytest.mark.parametrize("asked", ["tensorflow", "jax", "numpy", "openvino", "nonsense", ""])
def test_a_backend_that_is_not_installed_is_ignored(asked, tmp_path):
    pytest.importorskip("keras", reason="Keras is what runs")
    installed = [name for name in ("tensorflow", "torch", "jax") if find_spec(name)]
    runs = asked if asked in installed else installed[0]
    simple_h5(tmp_path / "model.h5")
    code = (
        "import os, numpy as np\n"
        "from glassgate.exchange.keras.file import read_keras\n"
        "(found,) = read_keras('model.h5')\n"
        "input, state = np.ones((2, 1, 3), np.float32), np.ones((1, 1, 4), np.float32)\n"
        "assert found.reference(input, state)[0].shape == (2, 1, 4)\n"
        "(again,) = read_keras('model.h5')\n"
        "assert found.runtime == again.runtime\n"
        "print(found.runtime, os.environ['KERAS_BACKEND'], sep='|')"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"KERAS_BACKEND": asked},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == f"keras {version('keras')} on {runs}, layer by layer|{asked}\n"


@pytest.mark.parametrize("odd", ["missing", "bfloat16"])
def test_one_unusable_layer_does_not_affect_the_others(odd, tmp_path):
    arrays = {name: under(name, layer_arrays(3, 4)) for name in ("a", "b")}
    kernel = arrays["b"].pop("b/kernel:0")
    if odd == "bfloat16":
        arrays["b"]["b/kernel:0"] = kernel.astype(np.float16).view("V2")
    path = write_h5(tmp_path / "model.h5", sequential(gru("a"), gru("b")), arrays)
    found = {one.name: one for one in read_keras(path)}
    assert [found[name].network is None for name in ("a+b", "a", "b")] == [True, False, True]
    said = {"missing": "must hold one kernel of b, got 0", "bfloat16": "must hold floats of 2, 4"}
    assert said[odd] in found["b"].refusal


def test_refused_layers_list_the_facts_of_their_config(tmp_path):
    wrapped = {"class_name": "TimeDistributed", "config": {"name": "td", "layer": gru("in")}}
    fused = {"class_name": "CuDNNGRU", "config": {"name": "fused", "units": 4}}
    config = sequential(gru("a"), wrapped, fused)
    path = write_h5(tmp_path / "m.h5", config, {"a": under("a", layer_arrays(3, 4))})
    found = {one.name: one for one in read_keras(path)}
    assert found["a"].facts["reset_after"] == "True"
    assert found["td"].refusal
    assert found["fused"].refusal
    shared = {"layers": "1", "keras": "2.4.0"}
    assert found["td"].facts.items() >= ({"kind": "TimeDistributed(GRU)"} | shared).items()
    curves = {"activation": "tanh", "recurrent_activation": "sigmoid", "reset_after": "True"}
    assert found["fused"].facts == {"kind": "CuDNNGRU", "units": "4"} | curves | shared
