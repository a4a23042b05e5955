"""Every public name of every room: documented, importable, and without torch where promised."""

import importlib
import inspect
import pkgutil
import re
import subprocess
import sys

import pytest

import glassgate

ROOMS = (
    "glassgate",
    "glassgate.nn",
    "glassgate.engine",
    "glassgate.inside",
    "glassgate.exchange",
    "glassgate.exchange.arrays",
    "glassgate.exchange.keras",
    "glassgate.exchange.onnx",
    "glassgate.exchange.pytorch",
    "glassgate.analysis",
    "glassgate.analysis.report",
    "glassgate.train",
    "glassgate.explorer",
    "glassgate.experiments",
    "glassgate.reproductions",
    "glassgate.pages",
    "glassgate.grammar",
    "glassgate.speed",
)
NAMES = [(room, name) for room in ROOMS for name in importlib.import_module(room).__all__]


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_what_it_is_for_and_in_which_order_to_read_it(room: str):
    door = importlib.import_module(room)
    purpose, *paragraphs = (door.__doc__ or "").split("\n\n")
    assert purpose.strip().endswith(".")
    starts = [text.startswith(("A newcomer reads ", "Read ")) for text in paragraphs]
    assert any(starts), "no reading order"
    order = " ".join(paragraphs[starts.index(True) :])
    files = {file.name.rpartition(".")[2] for file in pkgutil.iter_modules(door.__path__)}
    assert len(files & set(re.findall(r"`(\w+)`", order))) >= min(3, len(files))


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_lists_its_public_names(room: str):
    door = importlib.import_module(room)
    assert door.__all__ == sorted(door.__all__, key=_ruff_order)
    assert set(door.__all__) <= set(dir(door))


def _ruff_order(name: str) -> tuple[int, str]:
    kind = 0 if name.isupper() else 1 if name[:1].isupper() else 2
    return kind, name


@pytest.mark.parametrize(("room", "name"), NAMES)
def test_a_public_name_is_there_and_documented(room: str, name: str):
    value = getattr(importlib.import_module(room), name)
    documented = inspect.isclass(value) or inspect.isroutine(value) or inspect.ismodule(value)
    assert not documented or (inspect.getdoc(value) or "").strip()


@pytest.mark.parametrize("room", ROOMS)
def test_a_public_name_stays_the_same_when_the_files_behind_it_are_imported(room: str):
    """A file of the same name would take its place on the door."""
    code = f"""
import importlib, sys
door = importlib.import_module({room!r})
before = {{name: getattr(door, name) for name in door.__all__}}
for file in {[module.name for module in _files(room)]!r}:
    importlib.import_module(file)
print(*(name for name, value in before.items() if getattr(door, name) is not value))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""


def _files(room: str) -> list[pkgutil.ModuleInfo]:
    path = importlib.import_module(room).__path__
    skipped = ("__main__", "_native", "hdf5")
    return [
        file
        for file in pkgutil.iter_modules(path, f"{room}.")
        if file.name.rpartition(".")[2] not in skipped
    ]


def test_the_top_room_opens_the_others():
    for name in ("analysis", "exchange", "inside", "nn", "train"):
        assert getattr(glassgate, name) is importlib.import_module(f"glassgate.{name}")
