"""Every reader over damaged files, a second or two each; `make fuzz` takes longer."""

import itertools
import os
import time
from dataclasses import replace

import numpy as np
import pytest

from glassgate import BadInput
from tests.fuzz.run import Fuzz, write_samples
from tests.fuzz.targets import TARGETS

COUNTS = {
    "canonical": 300,
    "plan": 300,
    "safetensors": 200,
    "pt": 100,
    "program": 60,
    "frozen": 150,
    "saved_model": 300,
    "h5": 40,
    "keras": 80,
    "onnx": 150,
    "external": 200,
}
CALLS = itertools.count()  # of a stand-in for a reader, which runs in a process of its own
SAMPLES = 5  # the undamaged files that are read first


@pytest.fixture(scope="session")
def samples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples")
    write_samples(folder, list(TARGETS))
    return folder


@pytest.mark.parametrize("target", TARGETS)
def test_damaged_files_are_read_or_refused(target, samples, tmp_path):
    result = Fuzz(target, samples, tmp_path, tmp_path / "kept").run(COUNTS[target])
    assert result.failures == []
    assert result.outcomes.total() == COUNTS[target]
    assert all(result.outcomes[word] > 1 for word in ("read", "refused"))  # both happened


def sometimes(fail):
    """A stand-in for a reader, which fails at the eighth damaged file."""
    if next(CALLS) == SAMPLES + 7:
        fail()
    if time.time_ns() % 2:
        raise BadInput("it is damaged")


def aborts(path):
    sometimes(os.abort)


def hangs(path):
    sometimes(lambda: time.sleep(60))


def takes_memory(path):
    sometimes(lambda: np.zeros(2**27))


def raises(path):
    sometimes(lambda: [][0])


def mumbles(path):
    if next(CALLS) == SAMPLES + 7:
        raise OSError("two\nlines")


@pytest.mark.parametrize(
    ("reader", "said"),
    [
        ("aborts", "ended the process (-6)"),
        ("hangs", "hung"),
        ("takes_memory", "took 1,07"),
        ("raises", "IndexError: list index out of range"),
        ("mumbles", "no sentence: 'two\\nlines'"),
    ],
)
def test_failures_are_noticed_and_their_input_kept(reader, said, samples, tmp_path):
    kept = tmp_path / "kept"
    fuzz = Fuzz("canonical", samples, tmp_path, kept, 3, f"tests.exchange.test_fuzz:{reader}")
    result = replace(fuzz, max_seconds=2 if reader == "hangs" else 30).run(10)
    (failure,) = result.failures
    assert failure.startswith(f"{kept / '7'}: {said}")
    assert result.outcomes.total() == 10
    assert {path.name for path in (kept / "7").iterdir()} == {"model.safetensors", "why.txt"}


def test_a_seed_reproduces_the_files(samples, tmp_path):
    files = []
    for name, seed in (("one", 5), ("two", 5), ("three", 6)):
        kept = tmp_path / name
        Fuzz("canonical", samples, tmp_path, kept, seed, "tests.exchange.test_fuzz:raises").run(8)
        files.append((kept / "7" / "model.safetensors").read_bytes())
    assert files[0] == files[1] != files[2]
