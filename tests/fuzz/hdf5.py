"""Damage to HDF5 through its own library: files that are sound, and hold what no Keras wrote."""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import h5py
import numpy as np

from tests.fuzz.words import NAMES, damaged_json

DTYPES = ("f2", "f4", "f8", ">f4", "i4", "c8", "S4", "V8", h5py.string_dtype())


def contents(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """Change the config, a list of names, an array or a link."""
    file = io.BytesIO(data)
    with h5py.File(file, "a") as store:
        places: list[str] = [""]
        store.visit(places.append)
        for _ in range(rng.randint(1, 2)):
            with suppress(OSError, RuntimeError, ValueError, KeyError):  # what HDF5 itself refuses
                _change(rng, store, store[rng.choice(places) or "/"])
    return file.getvalue()


def _change(rng: random.Random, store: Any, here: Any) -> None:
    choice = rng.random()
    if "model_config" in store.attrs and choice < 0.6:
        _config(rng, store)
    elif len(here.attrs) and choice < 0.8:
        _attribute(rng, here)
    elif isinstance(here, h5py.Dataset):
        _array(rng, here)
    else:
        _link(rng, here, store)


def _config(rng: random.Random, store: Any) -> None:
    said = store.attrs["model_config"]
    if not isinstance(said, str):  # changed before, to what is no text
        return
    with suppress(RecursionError):
        said = damaged_json(rng, said.encode()).decode()
    if len(said) < 60_000:  # what an attribute holds
        store.attrs["model_config"] = said


def _attribute(rng: random.Random, here: Any) -> None:
    name = rng.choice(sorted(here.attrs))
    if rng.random() < 0.3:
        del here.attrs[name]
        return
    values = (7, [1.5] * 3, b"", "", "3.0.0", b"\xff\xfe", np.zeros((0, 3)), h5py.Empty("f4"))
    names = [value.encode(errors="replace") for value in rng.sample(NAMES, 3)]
    here.attrs[name] = rng.choice((*values, names, [names, names]))


def _array(rng: random.Random, here: Any) -> None:
    """Put another array in one's place: of another shape, type or way to be stored."""
    parent, name, shape = here.parent, here.name.rsplit("/", 1)[1], list(here.shape)
    if name not in parent:
        return
    del parent[name]
    for _ in range(rng.randint(0, 2)):
        rng.choice((shape.reverse, lambda: shape.append(2), lambda: shape.insert(0, 0)))()
    if shape and rng.random() < 0.3:
        shape[0] = rng.choice((0, 1, 2**20, 2**31, 2**40))
    small = not shape or max(shape) < 100
    stored = rng.choice(({}, {"chunks": True}, {"compression": "gzip"})) if small and shape else {}
    parent.create_dataset(name, shape, rng.choice(DTYPES), **stored)


def _link(rng: random.Random, here: Any, store: Any) -> None:
    names = sorted(here)
    if not names:
        return
    name = rng.choice(names)
    place = f"{here.name}/{name}"
    links = (h5py.SoftLink(place), h5py.ExternalLink("other.h5", "/"), store["/"], here)
    del here[name]
    if rng.random() < 0.8:
        here[name] = rng.choice(links)
