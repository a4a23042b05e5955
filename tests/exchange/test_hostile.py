"""Malicious files on the command line: refused in one sentence, at once."""

import json
import struct
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from safetensors.numpy import save_file

from glassgate import GRU
from tests.engine.gru_cases import network
from tests.exchange.hostile_cases import (
    WHOLE,
    canonical,
    header_of,
    keras,
    named_by_torch,
    refused,
    with_header,
)
from tests.exchange.keras.keras_cases import gru, h5py, layer_arrays, sequential, under, write_h5
from tests.exchange.onnx import onnx_cases

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("share", [0, 0.3, 0.9, 0.999])
def test_a_file_cut_short(glassgate_, tmp_path, name, share):
    path = tmp_path / name
    WHOLE[name](path)
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    refused(glassgate_, path, str(path))


@pytest.mark.parametrize("make", [canonical, named_by_torch])
@pytest.mark.parametrize(
    "lie",
    [
        {"data_offsets": [0, 2**60]},
        {"data_offsets": [2**60, 2**61]},
        {"data_offsets": [100, 0]},
        {"data_offsets": [0, 4]},
        {"data_offsets": [-1, 143]},
        {"shape": [2**40, 2**40]},
        {"shape": [10**12]},
        {"shape": []},
        {"dtype": "F64"},
        {"dtype": "F1024"},
    ],
    ids=str,
)
def test_a_header_that_lies(glassgate_, tmp_path, make, lie):
    path = tmp_path / "gru.safetensors"
    make(path)
    header, numbers = header_of(path)
    name = min(header.keys() - {"__metadata__"})
    with_header(path, header | {name: header[name] | lie}, numbers)
    refused(glassgate_, path, "not a complete safetensors file")


@pytest.mark.parametrize("length", [2**63, 2**62, 2**40, 10**8, 0, 3])
def test_a_header_that_is_longer_than_the_file(glassgate_, tmp_path, length):
    path = tmp_path / "gru.safetensors"
    canonical(path)
    path.write_bytes(struct.pack("<Q", length) + path.read_bytes()[8:])
    refused(glassgate_, path, "not a complete safetensors file")


def test_arrays_of_another_shape_than_the_config_says(glassgate_, tmp_path):
    for name, shape in (("kernel", (3, 11)), ("recurrent_kernel", (3, 12)), ("bias", (12,))):
        weights = under("gru/cell", layer_arrays(3, 4))
        weights[f"gru/cell/{name}:0"] = np.ones(shape, np.float32)
        path = write_h5(tmp_path / "model.h5", sequential(gru()), {"gru": weights})
        refused(glassgate_, path, f"{name}:0 must have shape")


def test_arrays_that_are_declared_and_not_there(glassgate_, tmp_path):
    path = tmp_path / "model.h5"
    units = 2**20
    write_h5(path, sequential(gru(units=units)), {"gru": under("gru/cell", layer_arrays(3, 4))})
    with h5py.File(path, "a") as file:
        del file["model_weights/gru/gru/cell/kernel:0"]
        file["model_weights/gru"].create_dataset("gru/cell/kernel:0", (2**30, 3 * units), "f4")
    refused(glassgate_, path, "does not hold uncompressed")


@pytest.mark.parametrize("name", ["/etc/passwd", "../../up", "C:\\up", "a/../../../up"])
def test_members_outside_the_archive(glassgate_, tmp_path, name):
    keras(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras", "a") as archive:
        archive.writestr(name, b"x")
    refused(glassgate_, tmp_path / "model.keras", "leads outside the archive")


@pytest.mark.parametrize("ending", ["keras", "pt"])
def test_a_bomb(glassgate_, tmp_path, ending):
    path = tmp_path / f"model.{ending}"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in ("config.json", "model/data.pkl", "model/data/0"):
            archive.writestr(name, bytes(2**24))
    refused(glassgate_, path, "bytes")


@pytest.mark.parametrize("location", ["../weights.bin", "{folder}/weights.bin", "link", "to/it"])
def test_external_data_outside_the_folder_of_the_model(glassgate_, tmp_path, location):
    inside = tmp_path / "model"
    inside.mkdir()
    path, place = inside / "gru.onnx", location.format(folder=tmp_path)
    onnx_cases.external(onnx_cases.make(), path, place)
    (inside / "weights.bin").rename(tmp_path / "weights.bin")
    (inside / "link").symlink_to(tmp_path / "weights.bin")
    (inside / "to").symlink_to(tmp_path)
    (tmp_path / "it").write_bytes((tmp_path / "weights.bin").read_bytes())
    refused(glassgate_, path, "outside the model's folder")


def test_external_data_cut_short(glassgate_, tmp_path):
    onnx_cases.external(onnx_cases.make(), tmp_path / "gru.onnx")
    data = (tmp_path / "weights.bin").read_bytes()
    (tmp_path / "weights.bin").write_bytes(data[:-1])
    refused(glassgate_, tmp_path / "gru.onnx", "weights.bin must hold")


def with_plan(path, change):
    header, numbers = header_of(path)
    said = json.loads(header["__metadata__"]["glassgate"])
    change(said["plan"])
    header["__metadata__"]["glassgate"] = json.dumps(said)
    with_header(path, header, numbers)


def test_a_plan_of_a_million_layers(glassgate_, tmp_path):
    path = tmp_path / "gru.safetensors"
    path.write_bytes((GOLDEN / "gru-version-1.safetensors").read_bytes())
    with_plan(path, lambda plan: plan.update(layers=10**6))
    refused(glassgate_, path, "it must hold 8000000 tensors by its plan, got 16")
    for count, words in ((100_000, "400000 tensors by its plan"), (250_000, "at most 16777216")):
        canonical(path)
        with_plan(path, lambda plan, n=count: plan.update(layers=plan["layers"][:1] * n))
        refused(glassgate_, path, words)


def test_a_state_dict_of_many_layers(glassgate_, tmp_path):
    one = np.ones((3, 1), np.float32)
    names = [f"{name}_l{i}" for i in range(9_000) for name in ("weight_ih", "weight_hh")]
    save_file(dict.fromkeys(names, one), tmp_path / "m.safetensors")
    refused(glassgate_, tmp_path / "m.safetensors", "at most 16384 arrays of recurrent modules")
    torch.save(dict.fromkeys(names, torch.tensor(one)), tmp_path / "m.pt")
    refused(
        glassgate_, tmp_path / "m.pt", "at most 16384 arrays of recurrent modules", listed=False
    )


def test_a_layer_of_a_high_number(glassgate_, tmp_path):
    one = np.ones((3, 1), np.float32)
    names = ("weight_ih_l999999", "weight_hh_l999999")
    save_file(dict.fromkeys(names, one), tmp_path / "m.safetensors")
    refused(glassgate_, tmp_path / "m.safetensors", "weight_hh_l0 is missing", listed=False)


def test_a_config_of_a_million_layers(glassgate_, tmp_path):
    for count, words in ((20_000, "at most 10000 layers"), (10**6, "at most 16777216 bytes")):
        layers = ",".join(['{"class_name": "GRU", "config": {}}'] * count)
        config = f'{{"class_name": "Sequential", "config": {{"layers": [{layers}]}}}}'
        keras(tmp_path / "m.keras")
        with zipfile.ZipFile(tmp_path / "m.keras") as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
            for name, data in (parts | {"config.json": config.encode()}).items():
                archive.writestr(name, data)
        refused(glassgate_, tmp_path / "m.keras", words)


def test_a_graph_of_many_nodes(glassgate_, tmp_path):
    case = onnx_cases.make()
    model = onnx_cases.model([case.node()], case.tensors())
    model.graph.node.extend([case.node()] * 20_000)
    onnx.save(model, tmp_path / "m.onnx")
    refused(glassgate_, tmp_path / "m.onnx", "at most 4096 GRU nodes")


def field(number, data):
    """Return a protobuf field that holds bytes."""
    size, length = len(data), b""
    while size > 127:
        length, size = length + bytes([size % 128 + 128]), size // 128
    return bytes([8 * number + 2]) + length + bytes([size]) + data


@pytest.mark.parametrize(
    ("depth", "words"), [(25, "holds no GRU"), (1000, "truncated, or not a protobuf message")]
)
def test_graphs_inside_each_other(glassgate_, tmp_path, depth, words):
    graph = b""
    for _ in range(depth):  # a graph in an attribute of a node of a graph
        graph = field(1, field(5, field(1, b"then_branch") + b"\xa0\x01\x05" + field(6, graph)))
    (tmp_path / "m.onnx").write_bytes(field(7, graph))
    refused(
        glassgate_, tmp_path / "m.onnx", "holds no GRU" if depth == 25 else "not a protobuf message"
    )


def test_lambdas_and_custom_classes_are_never_run(glassgate_, tmp_path):
    code = {"class_name": "__lambda__", "config": {"code": "open('trap', 'w')"}}
    trap = {"class_name": "Lambda", "config": {"name": "trap", "function": code}}
    own = {"module": "os", "registered_name": "own>system", **gru("own")}
    weights = {name: under(f"{name}/cell", layer_arrays(3, 4)) for name in ("gru", "own")}
    plain = gru(recurrent_activation="hard_sigmoid")
    path = write_h5(tmp_path / "m.h5", sequential(trap, plain, own), weights)
    said = glassgate_("inspect", path)
    assert said.code == 0
    assert "own cannot be converted: it is a custom class" in said.out
    assert glassgate_("convert", path, "own.safetensors", "--node", "own").code == 2
    assert glassgate_("convert", path, "gru.safetensors", "--node", "gru").code == 0
    assert {file.name for file in tmp_path.iterdir()} == {"m.h5", "gru.safetensors"}


@pytest.mark.parametrize("ending", ["safetensors", "pt", "keras", "onnx"])
def test_nan_is_kept_and_reported(glassgate_, ending):
    gru = network(1, 1, np.float32)
    weights = gru.weights[0][0]
    spoiled = weights.weight_hidden.copy()
    spoiled[1, 2] = np.nan
    GRU([[replace(weights, weight_hidden=spoiled)]]).save("gru.safetensors")
    for source, target in (
        ("gru.safetensors", f"nan.{ending}"),
        (f"nan.{ending}", "b.safetensors"),
    ):
        said = glassgate_("convert", source, target)
        assert said.code == 0
        assert said.err.count("hold NaN") == 1
    back = GRU.load("b.safetensors").weights[0][0].weight_hidden
    np.testing.assert_array_equal(back, spoiled)


def test_names_from_a_file_are_shown_without_control_characters(glassgate_, tmp_path):
    path = tmp_path / "gru.safetensors"
    canonical(path)
    header, numbers = header_of(path)
    first = min(header.keys() - {"__metadata__"})
    header[first]["dtype"] = "\x1b[2J\n" + "x" * 5000
    with_header(path, header, numbers)
    refused(glassgate_, path, "?[2J")
