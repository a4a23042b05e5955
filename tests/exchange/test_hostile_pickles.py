"""Pickles in PyTorch's files that take more than arrays do: refused before they are loaded."""

import pickle
import struct
import zipfile

import pytest
import torch

from glassgate.exchange.pytorch import pickles
from tests.exchange.hostile_cases import refused


def pickled(path, *steps):
    """Write an archive of PyTorch around a pickle of these steps."""
    parts = {"data.pkl": b"\x80\x02" + b"".join(steps) + b".", "version": b"3\n"}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in (parts | {"byteorder": b"little"}).items():
            archive.writestr(f"m/{name}", data)


def number(value):
    return pickle.LONG1 + b"\x08" + struct.pack("<q", value)


def call(name, *arguments):
    return pickle.GLOBAL + name.replace(".", "\n").encode() + b"\n(" + b"".join(arguments) + b"tR"


def twice(depth):
    """Return a tuple that holds a tuple twice, and so on: each level doubles the walk."""
    steps = pickle.EMPTY_TUPLE + pickle.BINPUT + b"\0"
    for i in range(depth):
        again = pickle.BINGET + bytes([i])
        steps += again + again + pickle.TUPLE2 + pickle.BINPUT + bytes([i + 1])
    return steps


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([call("builtins.bytearray", number(2**33))], "a bytearray from something other than text"),
        ([call("torch.Tensor", number(2**31))], "calls torch.Tensor"),
        ([call("os.system", b"X\x02\0\0\0ls")], "calls os.system"),
        ([b"}", twice(60), b"K\x01s"], "the same objects again and again"),
        ([call("builtins.set", b"]", twice(60), b"a")], "the same objects again and again"),
        ([b"}X\x01\0\0\0a" * 5_500, b"}", b"s" * 5_500], "nested too deep"),
        ([pickle.BINUNICODE, struct.pack("<I", 2**32 - 1)], "damaged or cut short"),
        ([b"0"], "damaged or cut short"),
    ],
    ids=["bytearray", "tensor", "system", "key", "set", "deep", "text", "empty"],
)
def test_pickles_that_take_more_than_a_state_dict(glassgate_, tmp_path, steps, words):
    pickled(tmp_path / "m.pt", *steps)
    refused(glassgate_, tmp_path / "m.pt", words)


def test_a_pickle_of_many_steps(glassgate_, tmp_path, monkeypatch):
    monkeypatch.setattr(pickles, "MAX_OPCODES", 2**14)
    pickled(tmp_path / "m.pt", b"N0" * 2**14)
    refused(glassgate_, tmp_path / "m.pt", "takes more than 16384 steps")


@pytest.mark.parametrize("zipped", [True, False])
def test_a_tensor_that_is_larger_than_its_file(glassgate_, tmp_path, zipped):
    path = tmp_path / "m.pt"
    torch.save({"weight_hh_l0": torch.ones(6, 2)}, path, _use_new_zipfile_serialization=zipped)
    count = b"K\x0ct" if zipped else b"K\x0cN"
    huge = b"J\0\0\0\x0c"
    for place, larger in ((b"K\x06K\x02\x86", huge + b"K\x02\x86"), (count, huge + count[2:])):
        data = path.read_bytes()
        if zipped:
            with zipfile.ZipFile(path) as archive:
                name = next(name for name in archive.namelist() if name.endswith("data.pkl"))
                data = archive.read(name)
            pickled(tmp_path / "lies.pt", data[2:-1].replace(place, larger))
        else:
            (tmp_path / "lies.pt").write_bytes(data.replace(place, larger))
        refused(glassgate_, tmp_path / "lies.pt", "claims more numbers than the file has bytes")
