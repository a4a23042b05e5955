"""Valid files to be damaged, and a check of how the command line refuses the damaged ones."""

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

SPARE_MEMORY, MEMORY_PER_BYTE = 2**23, 40  # bytes for a refusal, more for each byte of the file
THREAD_MEMORY = 2**28  # bytes that libraries reserve, but do not use, for their first threads
CPU_SECONDS = 10  # on a machine where a valid file takes one


def header_of(path):
    data = path.read_bytes()
    end = 8 + int.from_bytes(data[:8], "little")
    return json.loads(data[8:end]), data[end:]


def with_header(path, header, numbers):
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + numbers)


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
    """Expect `convert` and `inspect` to refuse a file in one sentence, fast, in little memory."""
    here = Path.cwd()
    canonical(here / "good.safetensors")  # so that what is loaded only once is not counted
    assert glassgate_("inspect", "good.safetensors").code == 0
    before = sorted(here.rglob("*"))
    size = sum(file.stat().st_size for file in path.parent.iterdir() if file.is_file())
    began, before_peak = time.process_time(), peak()
    assert_one_sentence(glassgate_("convert", path, "out.safetensors"), words)
    assert time.process_time() - began < CPU_SECONDS
    assert peak() - before_peak < THREAD_MEMORY + MEMORY_PER_BYTE * size
    if listed:
        tracemalloc.start()
        assert_one_sentence(glassgate_("inspect", path), words)
        _, traced = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert traced < SPARE_MEMORY + MEMORY_PER_BYTE * size
    assert sorted(here.rglob("*")) == before


def assert_one_sentence(output, words):
    assert (output.code, output.out) == (2, "")
    assert output.err.startswith("glassgate: ")
    assert output.err.count("\n") == 1
    assert output.err[:-1].isprintable()
    assert words in output.err
