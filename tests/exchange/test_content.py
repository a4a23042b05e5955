"""Files are told by their content: any name will do, and what cannot be read is named."""

import gzip
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from glassgate import BadInput
from glassgate.exchange import read, write
from glassgate.exchange.content import KINDS, kind_of
from tests.exchange.keras.keras_cases import simple_h5
from tests.exchange.test_convert import network


@pytest.mark.parametrize("name", ["m.ckpt", "pytorch_model.bin", "m.pth.tar", "m", "m.h5", "m.tmp"])
@pytest.mark.parametrize("zipped", [True, False])
def test_pytorch_files_have_any_name(tmp_path, name, zipped):
    module = torch.nn.GRU(3, 4)
    whole = {
        "epoch": 3,
        "state_dict": {f"model.rnn.{k}": v for k, v in module.state_dict().items()},
    }
    torch.save(whole, tmp_path / name, _use_new_zipfile_serialization=zipped)
    (found,) = read(tmp_path / name)
    assert found.name == "state_dict.model.rnn"
    wanted = module.state_dict()["weight_hh_l0"].numpy()
    np.testing.assert_array_equal(found.network.weights[0][0].weight_hidden, wanted)


@pytest.mark.parametrize("ending", ["safetensors", "keras", "h5"])
def test_other_files_have_any_name(tmp_path, ending):
    path = tmp_path / f"m.{ending}"
    if ending == "h5":
        simple_h5(path)
    else:
        write(path, network(1, 1))
    shutil.copy(path, tmp_path / "weights.bin")
    assert read(tmp_path / "weights.bin")[0].network is not None


@pytest.mark.parametrize("ending", KINDS)
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
            "is a Git LFS pointer, not the file itself: fetch it with `git lfs pull`",
        ),
        (gzip.compress(b"whatever", mtime=0), "is compressed by gzip: unpack it first"),
        (b"\n<!doctype html><html>", "is a web page, not the file itself"),
    ],
)
def test_what_is_no_model_is_named(glassgate_, tmp_path, ending, content, said):
    (tmp_path / f"m{ending}").write_bytes(content)
    for command in (["inspect", f"m{ending}"], ["convert", f"m{ending}", "gru.safetensors"]):
        done = glassgate_(*command)
        assert done.code == 2
        assert f"m{ending} {said}" in done.err


def test_arrays_of_numpy_are_named(tmp_path):
    np.savez(tmp_path / "m.pt", a=np.ones(3))
    (tmp_path / "m.pt.npz").rename(tmp_path / "m.pt")
    np.save(tmp_path / "m.npy", np.ones(3))
    for name in ("m.pt", "m.npy"):
        with pytest.raises(BadInput, match=r"pass a cell's arrays to glassgate\.GRUWeights"):
            read(tmp_path / name)


def test_a_saved_model_is_named(tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"\x08\x01")
    with pytest.raises(BadInput, match="is a TensorFlow SavedModel"):
        read(tmp_path)


def test_a_name_decides_where_the_content_does_not(tmp_path):
    for name, kind in (("m.onnx", "ONNX"), ("m.PT", "PyTorch"), ("m.h5", "Keras")):
        (tmp_path / name).write_bytes(b"\x08\x08" + bytes(90))
        assert kind_of(Path(tmp_path / name)) == kind
    (tmp_path / "m.txt").write_text("some words")
    with pytest.raises(BadInput, match="neither its content nor its name says what it is"):
        kind_of(tmp_path / "m.txt")
