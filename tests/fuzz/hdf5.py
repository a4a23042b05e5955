"""Damage to HDF5 through its own library: valid files with contents that Keras never writes."""

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
        paths: list[str] = [""]
        store.visit(paths.append)
        for _ in range(rng.randint(1, 2)):
            with suppress(OSError, RuntimeError, ValueError, KeyError):  # HDF5 itself refuses
                _change(rng, store, store[rng.choice(paths) or "/"])
    return file.getvalue()


def _change(rng: random.Random, store: Any, item: Any) -> None:
    choice = rng.random()
    if "model_config" in store.attrs and choice < 0.6:
        _config(rng, store)
    elif len(item.attrs) and choice < 0.8:
        _attribute(rng, item)
    elif isinstance(item, h5py.Dataset):
        _array(rng, item)
    else:
        _link(rng, item, store)


def _config(rng: random.Random, store: Any) -> None:
    config = store.attrs["model_config"]
    if not isinstance(config, str):  # an earlier change made it something else
        return
    with suppress(RecursionError):
        config = damaged_json(rng, config.encode()).decode()
    if len(config) < 60_000:  # the limit of an attribute
        store.attrs["model_config"] = config


def _attribute(rng: random.Random, item: Any) -> None:
    name = rng.choice(sorted(item.attrs))
    if rng.random() < 0.3:
        del item.attrs[name]
        return
    values = (7, [1.5] * 3, b"", "", "3.0.0", b"\xff\xfe", np.zeros((0, 3)), h5py.Empty("f4"))
    names = [value.encode(errors="replace") for value in rng.sample(NAMES, 3)]
    item.attrs[name] = rng.choice((*values, names, [names, names]))


def _array(rng: random.Random, item: Any) -> None:
    """Replace an array by one of another shape, type or storage."""
    parent, name, shape = item.parent, item.name.rsplit("/", 1)[1], list(item.shape)
    if name not in parent:
        return
    del parent[name]
    for _ in range(rng.randint(0, 2)):
        rng.choice((shape.reverse, lambda: shape.append(2), lambda: shape.insert(0, 0)))()
    if shape and rng.random() < 0.3:
        shape[0] = rng.choice((0, 1, 2**20, 2**31, 2**40))
    small = not shape or max(shape) < 100
    storage = rng.choice(({}, {"chunks": True}, {"compression": "gzip"})) if small and shape else {}
    parent.create_dataset(name, shape, rng.choice(DTYPES), **storage)


def _link(rng: random.Random, item: Any, store: Any) -> None:
    names = sorted(item)
    if not names:
        return
    name = rng.choice(names)
    path = f"{item.name}/{name}"
    links = (h5py.SoftLink(path), h5py.ExternalLink("other.h5", "/"), store["/"], item)
    del item[name]
    if rng.random() < 0.8:
        item[name] = rng.choice(links)
