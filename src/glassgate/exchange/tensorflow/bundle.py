"""Reads TensorFlow's tensor bundle: the variables of a SavedModel or of a checkpoint.

A bundle is an index, a sorted table of names in LevelDB's format, and files of numbers, one behind
the other. Files come from strangers: what an entry claims is compared with the bytes that there
are, and no more is read in total than the files hold.

Sources: ``tensorflow/core/util/tensor_bundle``, ``tensorflow/core/protobuf/tensor_bundle.proto``
and LevelDB's ``doc/table_format.md``.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from glassgate.errors import BadInput
from glassgate.exchange.tensorflow.messages import fields, integer, last, messages, read_varint
from glassgate.formulation import Array
from glassgate.weights import require_shape

MAGIC = (0xDB4775248B80FB57).to_bytes(8, "little")  # at the end of an index
FOOTER = 48  # bytes
TRAILER = 5  # bytes after a block: its compression, its checksum
MAX_INDEX = 2**26  # bytes
MAX_ENTRIES, MAX_KEY = 2**16, 2000
DTYPES = {1: "<f4", 2: "<f8", 19: "<f2"}  # TensorFlow's numbers of the types
STRING = 7
MAX_AXES = 8


class Entry(NamedTuple):
    """What the index says of one tensor."""

    dtype: int
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int


class Bundle:
    """The tensors of a bundle by their names.

    Parameters
    ----------
    prefix
        What the names of its files begin with: ``variables/variables``.

    Raises
    ------
    BadInput
        When the index is damaged, compressed or missing.
    OSError
        When a file cannot be read.
    """

    def __init__(self, prefix: Path) -> None:
        self._prefix, path = prefix, prefix.with_name(f"{prefix.name}.index")
        if not path.is_file():
            raise BadInput(f"{path.name} is missing")
        size = path.stat().st_size
        if size > MAX_INDEX:
            raise BadInput(f"{path.name} must have at most {MAX_INDEX} bytes, got {size}")
        self.entries: dict[str, Entry] = {}
        self._shards = 0
        for key, value in _table(memoryview(path.read_bytes())):
            if not key:
                self._shards = integer(value, 1)
                if integer(value, 2):
                    raise BadInput("its numbers are in big-endian order, which is not read")
            else:
                self.entries[key.decode(errors="replace")] = _entry(value)
        self._files = {shard: self._shard_path(shard) for shard in range(min(self._shards, 100))}
        self._left = sum(file.stat().st_size for file in self._files.values() if file.is_file())

    def array(self, key: str, shape: tuple[int | str, ...]) -> Array:
        """Read a tensor of floats, after its shape and size have been checked.

        Raises
        ------
        BadInput
            When it is missing, holds no floats or has another shape, or its file is too short.
        """
        entry = self.entries.get(key)
        if entry is None:
            raise BadInput(f"the variable {key:.200} is missing")
        if entry.dtype not in DTYPES:
            raise BadInput(f"{key:.200} must hold floats of 2, 4 or 8 bytes")
        require_shape(key, entry.shape, shape)
        dtype = np.dtype(DTYPES[entry.dtype])
        count = 1
        for length in entry.shape:
            count *= length
        if entry.size != count * dtype.itemsize:
            raise BadInput(f"{key:.200} must have {count * dtype.itemsize} bytes, got {entry.size}")
        array: Array = np.frombuffer(self._read(key, entry), dtype).reshape(entry.shape)
        return array.astype(dtype.newbyteorder("="))

    def text(self, key: str) -> bytes | None:
        """Read a tensor that is one text; None where there is none of that name."""
        entry = self.entries.get(key)
        if entry is None or entry.dtype != STRING or entry.shape:
            return None
        data = memoryview(self._read(key, entry))
        length, at = read_varint(data, 0)
        at += 4  # a checksum of the length
        if at + length > len(data):
            raise BadInput(f"{key:.200} is cut short")
        return bytes(data[at : at + length])

    def _read(self, key: str, entry: Entry) -> bytes:
        path = self._files.get(entry.shard)
        if path is None or not path.is_file():
            raise BadInput(f"the file of {key:.200} is missing")
        size = path.stat().st_size
        if entry.offset + entry.size > size or entry.size > self._left:
            raise BadInput(f"{path.name} of {size} bytes does not hold all that the index claims")
        self._left -= entry.size
        with path.open("rb") as file:
            file.seek(entry.offset)
            return file.read(entry.size)

    def _shard_path(self, shard: int) -> Path:
        return self._prefix.with_name(f"{self._prefix.name}.data-{shard:05d}-of-{self._shards:05d}")


def _table(data: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """Yield the keys and values of a LevelDB table."""
    if len(data) < FOOTER or bytes(data[-8:]) != MAGIC:
        raise BadInput("its index is damaged or cut short")
    at = len(data) - FOOTER
    for _ in range(2):  # the place of the blocks' own index comes second
        offset, at = read_varint(data, at)
        size, at = read_varint(data, at)
    count, left = 0, 2 * len(data)
    for _, handle in _block(data, offset, size):
        start, next_ = read_varint(handle, 0)
        length, _ = read_varint(handle, next_)
        left -= length
        for key, value in _block(data, start, length):
            count += 1
            if count > MAX_ENTRIES or left < 0:
                raise BadInput("its index names more than it can hold")
            yield key, value


def _block(data: memoryview, offset: int, size: int) -> Iterator[tuple[bytes, memoryview]]:
    """Yield the keys and values of one block, whose keys share what they begin with."""
    if offset + size + TRAILER > len(data) or size < 4:
        raise BadInput("its index is damaged or cut short")
    if data[offset + size]:
        raise BadInput("its index is compressed, which TensorFlow does not do by default")
    block = data[offset : offset + size]
    restarts = int.from_bytes(block[-4:], "little")
    end, at, key = len(block) - 4 * (restarts + 1), 0, b""
    while at < end:
        shared, at = read_varint(block, at)
        fresh, at = read_varint(block, at)
        length, at = read_varint(block, at)
        if shared > len(key) or shared + fresh > MAX_KEY or at + fresh + length > end:
            raise BadInput("its index is damaged or cut short")
        key = key[:shared] + bytes(block[at : at + fresh])
        at += fresh
        yield key, block[at : at + length]
        at += length


def _entry(value: memoryview) -> Entry:
    shape = []
    for axis in messages(last(value, 2), 2):
        shape.append(integer(axis, 1))
        if len(shape) > MAX_AXES:
            raise BadInput(f"a variable must have at most {MAX_AXES} axes")
    numbers = dict.fromkeys((1, 3, 4, 5), 0)
    for number, found in fields(value):
        if number == 7:
            raise BadInput("a variable is divided into slices, which are not read")
        if number in numbers and isinstance(found, int):
            numbers[number] = found
    return Entry(numbers[1], tuple(shape), numbers[3], numbers[4], numbers[5])
