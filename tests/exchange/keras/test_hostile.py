"""Keras files that mean harm, or met it: one sentence, little memory, nothing executed."""

import io
import json
import subprocess
import sys
import tracemalloc
import zipfile

import numpy as np
import pytest

from glassgate import BadInput
from glassgate.exchange.keras import store
from glassgate.exchange.keras.file import read_keras
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


def refused(path, reason):
    """Expect one sentence, and little memory."""
    tracemalloc.start()
    try:
        with pytest.raises(BadInput, match=reason) as caught:
            read_keras(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"{path} cannot be read as a Keras model: ")
    assert peak < 2**22 + 30 * path.stat().st_size


def test_a_file_cut_short_is_refused(tmp_path):
    simple_h5(tmp_path / "whole.h5")
    whole, path = (tmp_path / "whole.h5").read_bytes(), tmp_path / "model.h5"
    for length in (0, 1, 100, 1000, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        refused(path, "damaged or cut short")


@pytest.mark.parametrize(
    ("name", "shape"),
    [("kernel", (3, 11)), ("kernel", (12,)), ("recurrent_kernel", (3, 12)), ("bias", (12,))],
)
def test_wrong_shapes_are_refused(name, shape, tmp_path):
    weights = under("gru/cell", layer_arrays(3, 4))
    weights[f"gru/cell/{name}:0"] = drawn(0, *shape)
    path = write_h5(tmp_path / "model.h5", sequential(gru()), {"gru": weights})
    refused(path, rf"{name}:0 must have shape \(.*\), got \({shape[0]},")


@pytest.mark.parametrize(
    "how",
    [{"chunks": (1, 12)}, {"compression": "gzip"}, {"fillvalue": 1.0}, {"huge": True}],
    ids=lambda how: "-".join(how),
)
def test_numbers_that_are_not_in_the_file_are_refused(how, tmp_path):
    units = 2**20 if how.pop("huge", False) else 4
    path = tmp_path / "model.h5"
    arrays = layer_arrays(3, 4)
    write_h5(path, sequential(gru(units=units)), {"gru": under("gru/cell", arrays)})
    with h5py.File(path, "a") as file:
        del file["model_weights/gru/gru/cell/kernel:0"]
        file["model_weights/gru"].create_dataset("gru/cell/kernel:0", (3, 3 * units), "f4", **how)
    refused(path, "declares .* bytes of numbers, which the file of .* bytes does not hold")


def test_links_are_not_followed(tmp_path):
    simple_h5(tmp_path / "other.h5")
    path = tmp_path / "model.h5"
    simple_h5(path)
    name = "model_weights/gru/gru/gru_cell/kernel:0"
    with h5py.File(path, "a") as file:
        del file[name]
        file[name] = h5py.ExternalLink("other.h5", name)
    refused(path, "is a link")


def test_an_array_that_stands_for_many_layers_is_not_read_over_and_over(tmp_path):
    path, names = tmp_path / "model.h5", [f"gru_{i}" for i in range(60)]
    arrays = layer_arrays(30, 30)
    write_h5(path, sequential(*(gru(name, 30) for name in names)), {})
    with h5py.File(path, "a") as file:
        file["first"], file["second"], file["third"] = arrays
        for name in names:
            group = file.create_group(f"model_weights/{name}")
            parts = [f"cell/{part}" for part in ("kernel", "recurrent_kernel", "bias")]
            group.attrs["weight_names"] = parts
            for part, there in zip(parts, ("first", "second", "third"), strict=True):
                group[part] = file[there]
    refused(path, "does not hold")


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        (b"{", "must be valid JSON"),
        (b"\xff\xfe", "must be valid JSON"),
        (b"[" * 60_000, "must be valid JSON"),
        (b"[1]", "must be a JSON object, got list"),
        ({"class_name": "Lambda", "config": {}}, "Sequential or Functional model, got 'Lambda'"),
        ({"class_name": "Sequential", "config": {}}, "must list the layers"),
        (sequential({"class_name": "GRU"}), "describe the GRU"),
        (sequential({"class_name": 7}), "give each layer a class_name"),
        (sequential(gru(name=5)), "must name each GRU, got 5"),
        (sequential(gru(units=-1)), "units of gru must be in"),
        (sequential(gru(units=10**9)), "units of gru must be in"),
        (sequential(gru(), gru()), "different names"),
        (sequential(gru("other")), "must hold one kernel of other, got 0"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_config_that_makes_no_sense_is_refused(config, reason, tmp_path):
    weights = {"gru": under("gru/cell", layer_arrays(3, 4))}
    refused(write_h5(tmp_path / "model.h5", config, weights), reason)


def nested(depth):
    model = sequential(gru())
    for i in range(depth):
        model = sequential(model, name=f"m{i}")
    return model


def keras_zip(path, config=None, weights=b"", **members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("metadata.json", '{"keras_version": "3.15.1"}')
        archive.writestr("config.json", json.dumps(config or sequential(gru())))
        archive.writestr("model.weights.h5", weights)
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def h5_bytes():
    file = io.BytesIO()
    with h5py.File(file, "w") as store:
        store["some"] = np.zeros(3)
    return file.getvalue()


def test_a_config_of_a_million_layers_is_refused(tmp_path):
    million = [{"class_name": "GRU", "config": {}}] * 1_000_000
    for config in (sequential(*million[:20_000]), sequential(*million), nested(60)):
        refused(keras_zip(tmp_path / "a.keras", config, h5_bytes()), "at most .* (layers|bytes)")


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../up.txt", "a/../../b", "C:\\x", "..\\up", "\\\\host\\x"]
)
def test_members_outside_the_archive_are_refused(name, tmp_path):
    refused(keras_zip(tmp_path / "a.keras", **{name: b"x"}), "leads outside the archive")


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = tmp_path / "a.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", b" " * 2**26)
    refused(path, "uncompressed, as Keras stores them, but declare 67108864 bytes in a file of")
    whole = bytearray(keras_zip(path).read_bytes())
    entry = whole.rindex(b"PK\1\2")
    whole[entry + 20 : entry + 24] = (2**30).to_bytes(4, "little")  # of the last member's bytes
    path.write_bytes(whole)
    refused(path, "must be stored uncompressed")


def test_an_incomplete_zip_is_refused(tmp_path):
    path = keras_zip(tmp_path / "a.keras", weights=h5_bytes())
    whole = path.read_bytes()
    refused(path, "the array layers/gru/cell/vars/0 is missing")
    path.write_bytes(whole[:-30])
    refused(path, "damaged or cut short")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "{}")
    refused(path, "the member metadata.json is missing")


def test_nan_is_kept_and_reported(tmp_path):
    arrays = layer_arrays(3, 4)
    arrays[0][1, 2] = np.nan
    path = write_h5(tmp_path / "m.h5", sequential(gru()), {"gru": under("gru/cell", arrays)})
    with pytest.warns(UserWarning, match="^gru holds weights that are NaN or infinite$"):
        (found,) = read_keras(path)
    assert np.isnan(found.network.weights[0][0].weight_input).sum() == 1


def spoiled(path, sign, place, value):
    """A file of one layer, with eight bytes changed after a marker in it."""
    simple_h5(path)
    with h5py.File(path, "a") as file:
        file.attrs["keras_version"] = "2.4.0"  # of no fixed length: it lies on a heap
        file.attrs["training_config"] = "none"
    whole = bytearray(path.read_bytes())
    at = whole.index(sign) + place
    whole[at : at + 8] = value.to_bytes(8, "little")
    path.write_bytes(whole)
    return path


def test_files_that_crash_hdf5_are_refused(tmp_path, monkeypatch):
    text = spoiled(tmp_path / "text.h5", b"GCOL", 24, 2**64 - 1)  # the first text's length
    refused(text, "damaged or cut short|fails on it")
    further = b"\x10\0\x10\0" + bytes(4)  # where a header goes on, and for how long: 2 gigabytes
    huge = spoiled(tmp_path / "huge.h5", further, 16, 2**31)
    refused(huge, "memory allocation failed")
    simple_h5(tmp_path / "model.h5")
    commands = (("os.abort()", "SIGABRT"), ("time.sleep(60)", "SIGKILL"))
    for command, said in commands:
        monkeypatch.setattr(store, "SECONDS", 1)
        monkeypatch.setattr(store, "start_reader", lambda *_, run=command: program(run))
        refused(tmp_path / "model.h5", rf"the HDF5 library fails on it \({said}\)")
    monkeypatch.setattr(store, "start_reader", lambda *_: program("sys.exit(3)"))
    with pytest.raises(OSError, match=r"could not run \(exit code 3\)"):
        read_keras(tmp_path / "model.h5")


def program(run):
    return subprocess.Popen(
        [sys.executable, "-c", f"import os, sys, time; {run}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def test_nothing_is_imported_from_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("h5py", "json", "numpy"):
        (tmp_path / f"{name}.py").write_text("open('trap', 'w')")
    simple_h5(tmp_path / "model.h5")
    assert read_keras(tmp_path / "model.h5")[0].network
    assert not (tmp_path / "trap").exists()


def test_a_text_must_be_text(tmp_path):
    simple_h5(tmp_path / "model.h5")
    with h5py.File(tmp_path / "model.h5", "a") as file:
        file.attrs["keras_version"] = 7
    refused(tmp_path / "model.h5", "keras_version must be text")
