"""Damage to the parts of a file: its header, members, config; the container stays valid."""

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
    """Change the JSON header of a safetensors file, and set its length accordingly."""
    text, numbers = _split(data)
    return _join(damaged_json(rng, text), numbers)


def plan(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """Change the description of the network in the metadata of Glassgate's own file."""
    text, numbers = _split(data)
    parsed = json.loads(text)
    entry = parsed["__metadata__"]["glassgate"]
    parsed["__metadata__"]["glassgate"] = damaged_json(rng, entry.encode()).decode()
    return _join(json.dumps(parsed).encode(), numbers)


def _split(data: bytes) -> tuple[bytes, bytes]:
    end = 8 + int.from_bytes(data[:8], "little")
    return data[8:end], data[end:]


def _join(text: bytes, numbers: bytes) -> bytes:
    return struct.pack("<Q", len(text)) + text + numbers


def members(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """Change the contents of one member of a zip, and set its checksum accordingly."""
    parts = unzip(data)
    if not parts:
        return damaged(rng, data, others)
    name = rng.choice([name for name in parts if parts[name]])
    content = parts[name]
    if name.endswith(".json") and rng.random() < 0.9:
        parts[name] = damaged_json(rng, content)
    elif name.endswith(".h5") and rng.random() < 0.3:
        parts[name] = contents(rng, content, others)
    else:
        parts[name] = damaged(
            rng, content, [content, *(unzip(other).get(name, b"") for other in others)]
        )
    return zip_members(parts)


def entries(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """Rename, repeat or drop a member of a zip, or compress all of them."""
    parts = list(unzip(data).items())
    if not parts:
        return damaged(rng, data, others)
    at = rng.randrange(len(parts))
    name, content = parts[at]
    choice = rng.randrange(4)
    if choice == 0:
        parts[at] = (rng.choice((*NAMES, "../" + name, "/" + name, "C:\\" + name)), content)
    elif choice == 1:
        parts.insert(rng.randrange(len(parts)), (name, rng.choice(parts)[1]))
    elif choice == 2:
        del parts[at]
    compression = zipfile.ZIP_DEFLATED if choice == 3 else zipfile.ZIP_STORED
    return zip_members(parts, compression)


def unzip(data: bytes) -> dict[str, bytes]:
    """Return the members of a zip by name; none where it is not a zip."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    except zipfile.BadZipFile:
        return {}


def zip_members(parts: Any, compression: int = zipfile.ZIP_STORED) -> bytes:
    """Return a zip of members, given by name or as pairs of name and content."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in parts.items() if isinstance(parts, dict) else parts:
            archive.writestr(
                zipfile.ZipInfo(name.encode(errors="replace").decode() or "x"), content
            )
    return file.getvalue()
