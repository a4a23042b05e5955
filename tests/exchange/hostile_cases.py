"""Files to be spoiled, and what becomes of the spoiled ones on the command line."""

import json
import struct
import time
import tracemalloc
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file

from glassgate.exchange.keras.write import write_keras
from glassgate.exchange.onnx.file import write_onnx
from tests.engine.gru_cases import network
from tests.exchange.keras.keras_cases import simple_h5
from tests.fuzz.child import peak

SPARE, TIMES = 2**23, 40  # bytes that a refusal may take, and more for each of the file's own
FIRST = 2**28  # that are reserved, and not used, for the first thread of many a library
SECONDS = 10  # of the processor, on a machine where a good file takes one


def header_of(path):
    data = path.read_bytes()
    end = 8 + int.from_bytes(data[:8], "little")
    return json.loads(data[8:end]), data[end:]


def with_header(path, header, numbers):
    said = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(said)) + said + numbers)


def canonical(path):
    network(2, 1, np.float32).save(path)


def named_by_torch(path):
    save_file({name: a.numpy() for name, a in torch.nn.GRU(3, 4).state_dict().items()}, path)


def checkpoint(path):
    torch.save(torch.nn.GRU(3, 4).state_dict(), path)


def old_checkpoint(path):
    torch.save(torch.nn.GRU(3, 4).state_dict(), path, _use_new_zipfile_serialization=False)


def keras(path):
    write_keras(path, network(2, 1, np.float32))


def onnx_model(path):
    write_onnx(path, network(2, 1, np.float32))


WHOLE = {
    "canonical.safetensors": canonical,
    "torch.safetensors": named_by_torch,
    "new.pt": checkpoint,
    "old.pt": old_checkpoint,
    "model.h5": simple_h5,
    "model.keras": keras,
    "model.onnx": onnx_model,
}


def refused(glassgate_, path, words, listed=True):
    """Expect `convert` and `inspect` to refuse a file in one sentence, quickly and in little."""
    here = Path.cwd()
    canonical(here / "good.safetensors")  # what is loaded once is no file's fault
    assert glassgate_("inspect", "good.safetensors").code == 0
    before = sorted(here.rglob("*"))
    size = sum(file.stat().st_size for file in path.parent.iterdir() if file.is_file())
    began, most = time.process_time(), peak()
    told(glassgate_("convert", path, "out.safetensors"), words)
    assert time.process_time() - began < SECONDS
    assert peak() - most < FIRST + TIMES * size
    if listed:
        tracemalloc.start()
        told(glassgate_("inspect", path), words)
        _, traced = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert traced < SPARE + TIMES * size
    assert sorted(here.rglob("*")) == before


def told(said, words):
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("glassgate: ")
    assert said.err.count("\n") == 1
    assert said.err[:-1].isprintable()
    assert words in said.err
