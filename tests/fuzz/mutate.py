"""Damage to bytes, as by a bad disk or by a stranger with a hex editor."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

# Sizes, offsets and counts at which readers go wrong: ends of ranges, signs, very large numbers.
NUMBERS = (
    *(0, 1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 63, 64, 127, 128, 255, 256, 1000, 4096, 65535, 65536),
    *(2**20, 2**24 - 1, 2**24, 2**24 + 1, 2**28, 2**30, 2**31 - 1, 2**31, 2**32 - 1, 2**32),
    *(2**33, 2**40, 2**53, 2**62, 2**63 - 1, 2**63, 2**64 - 1, -1, -2, -8, -(2**31), -(2**63)),
)


def damaged(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """Return the bytes after one to six changes, fewer more often."""
    changed = bytearray(data)
    for _ in range(min(rng.randint(1, 6), rng.randint(1, 6))):
        rng.choices(list(WEIGHTS), list(WEIGHTS.values()))[0](rng, changed, others)
    return bytes(changed)


def _flip(rng: random.Random, data: bytearray, others: Sequence[bytes]) -> None:
    if data:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _set(rng: random.Random, data: bytearray, others: Sequence[bytes]) -> None:
    if data:
        data[rng.randrange(len(data))] = rng.choice((0, 1, 127, 128, 255, rng.randrange(256)))


def _number(rng: random.Random, data: bytearray, others: Sequence[bytes]) -> None:
    """Overwrite a number with another, mostly at an offset where numbers of that width are."""
    width = rng.choice((1, 2, 4, 4, 8, 8))
    if len(data) < width:
        return
    at = rng.randrange(len(data) - width + 1)
    at -= at % width if rng.random() < 0.5 else 0
    old = int.from_bytes(data[at : at + width], "little")
    value = rng.choice((*NUMBERS, old + 1, old - 1, old * 2, old + 8, len(data), len(data) + 1))
    order = rng.choice(("little", "little", "little", "big"))
    data[at : at + width] = (value % 2 ** (8 * width)).to_bytes(width, order)


def _delete(rng: random.Random, data: bytearray, others: Sequence[bytes]) -> None:
    start, end = _range(rng, data)
    del data[start:end]


def _insert(rng: random.Random, data: bytearray, others: Sequence[bytes]) -> None:
    at = rng.randint(0, len(data))
    data[at:at] = rng.randbytes(rng.choice((1, 2, 4, 8, 100)))


def _repeat(rng: random.Random, data: bytearray, others: Sequence[bytes]) -> None:
    start, end = _range(rng, data)
    data[end:end] = data[start:end] * rng.choice((1, 1, 2, 10))


def _move(rng: random.Random, data: bytearray, others: Sequence[bytes]) -> None:
    """Copy one range over another, like a structure that points to the wrong place."""
    start, end = _range(rng, data)
    at = rng.randint(0, len(data))
    data[at : at + end - start] = data[start:end]


def _splice(rng: random.Random, data: bytearray, others: Sequence[bytes]) -> None:
    other = rng.choice(others)
    at, start = rng.randint(0, len(data)), rng.randint(0, len(other))
    data[at:] = other[start:]


def _blank(rng: random.Random, data: bytearray, others: Sequence[bytes]) -> None:
    start, end = _range(rng, data)
    data[start:end] = bytes((rng.choice((0, 255, 32)),)) * (end - start)


def _cut(rng: random.Random, data: bytearray, others: Sequence[bytes]) -> None:
    del data[rng.randint(0, len(data)) :]


def _range(rng: random.Random, data: bytearray) -> tuple[int, int]:
    start = rng.randint(0, len(data))
    return start, min(len(data), start + rng.choice((1, 2, 4, 8, 16, 64, 512, 4096)))


Change = Callable[[random.Random, bytearray, Sequence[bytes]], None]
WEIGHTS: dict[Change, int] = {
    _flip: 4, _set: 4, _number: 8, _delete: 1, _insert: 1, _repeat: 1, _move: 2, _splice: 1,
    _blank: 1, _cut: 1,
}  # fmt: skip
