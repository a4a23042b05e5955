"""Damage inside what a file is made of: headers, members, configs, messages, all sound outside."""

from __future__ import annotations

import io
import json
import random
import struct
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

from tests.fuzz.hdf5 import contents
from tests.fuzz.mutate import damaged
from tests.fuzz.words import NAMES, damaged_json

Change = Callable[[random.Random, bytes, Sequence[bytes]], bytes]


def header(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """Change the JSON header of a safetensors file; its length is told as it then is."""
    said, numbers = _split(data)
    return _joined(damaged_json(rng, said), numbers)


def plan(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """Change what the metadata of a canonical file says of its network."""
    said, numbers = _split(data)
    parsed = json.loads(said)
    entry = parsed["__metadata__"]["glassgate"]
    parsed["__metadata__"]["glassgate"] = damaged_json(rng, entry.encode()).decode()
    return _joined(json.dumps(parsed).encode(), numbers)


def _split(data: bytes) -> tuple[bytes, bytes]:
    end = 8 + int.from_bytes(data[:8], "little")
    return data[8:end], data[end:]


def _joined(said: bytes, numbers: bytes) -> bytes:
    return struct.pack("<Q", len(said)) + said + numbers


def members(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """Change what a member of a zip holds; its checksum is told as it then is."""
    parts = unzipped(data)
    if not parts:
        return damaged(rng, data, others)
    name = rng.choice([name for name in parts if parts[name]])
    held = parts[name]
    if name.endswith(".json") and rng.random() < 0.9:
        parts[name] = damaged_json(rng, held)
    elif name.endswith(".h5") and rng.random() < 0.3:
        parts[name] = contents(rng, held, others)
    else:
        parts[name] = damaged(
            rng, held, [held, *(unzipped(other).get(name, b"") for other in others)]
        )
    return zipped(parts)


def entries(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """Rename, repeat, drop or pack members of a zip."""
    parts = list(unzipped(data).items())
    if not parts:
        return damaged(rng, data, others)
    at = rng.randrange(len(parts))
    name, held = parts[at]
    choice = rng.randrange(4)
    if choice == 0:
        parts[at] = (rng.choice((*NAMES, "../" + name, "/" + name, "C:\\" + name)), held)
    elif choice == 1:
        parts.insert(rng.randrange(len(parts)), (name, rng.choice(parts)[1]))
    elif choice == 2:
        del parts[at]
    packed = zipfile.ZIP_DEFLATED if choice == 3 else zipfile.ZIP_STORED
    return zipped(parts, packed)


def unzipped(data: bytes) -> dict[str, bytes]:
    """Give the members of a zip; none where it is no zip."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    except zipfile.BadZipFile:
        return {}


def zipped(parts: Any, packed: int = zipfile.ZIP_STORED) -> bytes:
    """Give a zip of members, by name or as pairs of a name and what it holds."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packed) as archive:
        for name, held in parts.items() if isinstance(parts, dict) else parts:
            archive.writestr(zipfile.ZipInfo(name.encode(errors="replace").decode() or "x"), held)
    return file.getvalue()
