"""The targets: which files each damages, and how."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import NamedTuple, TypeAlias

Files: TypeAlias = dict[str, bytes]  # a model and the files beside it, by name
Change: TypeAlias = Callable[[random.Random, bytes, Sequence[bytes]], bytes]


class Target(NamedTuple):
    """One kind of file: how it is damaged and what reads it.

    Attributes
    ----------
    ending
        The ending of the file's name.
    changes
        The module and function of each kind of damage, and how often it is chosen.
    reader
        The module and function that reads.
    """

    ending: str
    changes: dict[str, int]
    reader: str = "tests.fuzz.readers:inspect_and_convert"


KERAS = "tests.fuzz.readers:inspect_keras"
BYTES = "tests.fuzz.mutate:damaged"
TARGETS = {
    "canonical": Target("safetensors", {BYTES: 2, "tests.fuzz.structured:header": 3}),
    "plan": Target("safetensors", {"tests.fuzz.structured:plan": 1}),
    "safetensors": Target("safetensors", {BYTES: 2, "tests.fuzz.structured:header": 3}),
    "pt": Target(
        "pt", {BYTES: 2, "tests.fuzz.structured:members": 4, "tests.fuzz.structured:entries": 1}
    ),
    "program": Target(
        "pt", {BYTES: 1, "tests.fuzz.structured:members": 4, "tests.fuzz.structured:entries": 1}
    ),
    "frozen": Target("pb", {BYTES: 1}),
    "saved_model": Target("pb", {BYTES: 1}, "tests.fuzz.readers:inspect_saved_model"),
    "h5": Target("h5", {BYTES: 3, "tests.fuzz.hdf5:contents": 2}, KERAS),
    "keras": Target(
        "keras",
        {BYTES: 1, "tests.fuzz.structured:members": 4, "tests.fuzz.structured:entries": 1},
        KERAS,
    ),
    "onnx": Target("onnx", {BYTES: 1, "tests.fuzz.proto:fields": 2}),
    "external": Target("onnx", {BYTES: 1, "tests.fuzz.proto:fields": 2}),
}


def load(folder: Path) -> list[Files]:
    """Read the samples of a target."""
    return [
        {path.name: path.read_bytes() for path in sorted(sample.iterdir())}
        for sample in sorted(folder.iterdir())
    ]


def damaged(target: Target, samples: Sequence[Files], rng: random.Random) -> Files:
    """Return one sample after damage to the model or to a file beside it."""
    files, main = dict(rng.choice(samples)), f"model.{target.ending}"
    beside = sorted(files.keys() - {main})
    name = main if not beside or rng.random() < 0.8 else rng.choice(beside)
    if name != main and rng.random() < 0.1:
        del files[name]
        return files
    changes = target.changes if name == main else {BYTES: 1}
    change = _function(rng.choices(list(changes), list(changes.values()))[0])
    others = [sample[name] for sample in samples if name in sample]
    files[name] = change(rng, files[name], others)
    return files


def _function(path: str) -> Change:
    module, name = path.split(":")
    change: Change = getattr(import_module(module), name)
    return change
