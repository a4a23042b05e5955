"""What a Keras file holds, read with distrust: members of a zip, groups and arrays of HDF5.

Files come from strangers. An array is made only where the file holds all of its bytes, as they
are: Keras neither compresses nor links. No more is read in total than the file is long, and the
text of a config may have `MOST_TEXT` bytes.
"""

import io
import json
import math
import mmap
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, TypeAlias

import h5py  # type: ignore[import-untyped]
import numpy as np

from glassgate.errors import BadInput
from glassgate.formulation import Array
from glassgate.weights import require_shape

Json: TypeAlias = dict[str, Any]
MOST_TEXT = 2**24  # bytes
CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
DAMAGE = (
    OSError, EOFError, KeyError, IndexError, RuntimeError, TypeError, ValueError, MemoryError,
    struct.error, zipfile.BadZipFile,
)  # fmt: skip


class Store:
    """An HDF5 file, or one that lies in a zip, of which no more is read than it is long.

    Parameters
    ----------
    source
        The file's path, or its bytes.
    size
        How many bytes it has.
    """

    def __init__(self, source: Path | io.BytesIO, size: int) -> None:
        with damage_told():
            _require_sound_heaps(
                source.getvalue() if isinstance(source, io.BytesIO) else _mapped(source)
            )
            self._file = h5py.File(source, "r")
        self._size, self._left = size, size

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def has(self, path: str) -> bool:
        """Say whether a group or an array of this name is in the file itself."""
        with damage_told():
            return self._find(path) is not None

    def text(self, path: str, name: str) -> str | None:
        """Give an attribute that is text, None where it is not there."""
        value = self._attribute(path, name)
        if value is None:
            return None
        if isinstance(value, bytes):
            value = value.decode(errors="replace")
        if not isinstance(value, str) or len(value) > MOST_TEXT:
            raise BadInput(f"{name} must be a text of at most {MOST_TEXT} bytes")
        return value

    def names(self, path: str, name: str) -> list[str]:
        """Give an attribute that is a list of names; Keras cuts long ones: ``name0``, ``name1``."""
        whole = self._attribute(path, name)
        parts = [whole] if whole is not None else []
        while not parts or whole is None:
            part = self._attribute(path, f"{name}{len(parts)}")
            if part is None:
                break
            parts.append(part)
        listed = [item for part in parts for item in np.ravel(part)]
        return [
            item.decode(errors="replace") if isinstance(item, bytes) else str(item)
            for item in listed
        ]

    def array(self, path: str, shape: tuple[int | str, ...]) -> Array:
        """Read an array of floats, its shape compared before anything is made of it.

        Raises
        ------
        BadInput
            When it is missing, has another shape, holds no floats, or its bytes are not in the
            file as they are.
        """
        with damage_told():
            data = self._find(path)
            if not isinstance(data, h5py.Dataset):
                raise BadInput(f"the array {path} is missing")
            require_shape(path, data.shape or (), shape)
            if data.dtype.kind != "f" or data.dtype.itemsize > 8:
                raise BadInput(f"{path} must hold floats of 2, 4 or 8 bytes, got {data.dtype}")
            plain = data.chunks is None and not data.is_virtual and not data.external
            if not plain or data.id.get_storage_size() != data.nbytes or data.nbytes > self._left:
                raise BadInput(
                    f"{path} declares {data.nbytes} bytes of numbers that the file of "
                    f"{self._size} bytes does not hold as they are"
                )
            self._left -= data.nbytes
            array: Array = data[()]
            return array

    def _find(self, path: str) -> Any:
        """Follow hard links alone: others may point into other files."""
        here: Any = self._file
        for part in filter(None, path.split("/")):
            if not isinstance(here, h5py.Group) or part not in here:
                return None
            if not isinstance(here.get(part, getlink=True), h5py.HardLink):
                raise BadInput(f"{path} is a link, and Keras writes none")
            here = here[part]
        return here

    def _attribute(self, path: str, name: str) -> Any:
        with damage_told():
            here = self._find(path)
            if here is None or name not in here.attrs:
                return None
            found = here.attrs.get_id(name)
            stored, text = found.get_storage_size(), found.get_type().get_class() == h5py.h5t.STRING
            if not stored or (not text and math.prod(found.shape)):
                raise BadInput(f"{name} must be text")
            if stored > min(self._left, MOST_TEXT):
                raise BadInput(f"{name} declares {stored} bytes, more than the file holds")
            self._left -= stored
            return here.attrs[name]


@contextmanager
def damage_told() -> Iterator[None]:
    """Turn what libraries raise over a damaged file into one sentence."""
    try:
        yield
    except BadInput:
        raise
    except DAMAGE as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise BadInput(f"it is damaged or cut short ({reason:.200})") from error


def read_zip(path: Path) -> tuple[Json, str, Store]:
    """Give the config, Keras' version and the weights of a ``.keras`` file.

    Nothing is unpacked to disk. Keras stores the members uncompressed, so all that they declare
    must be within the file's own size.

    Raises
    ------
    BadInput
        When a member is missing, stands outside the archive's folder, declares more bytes than
        the file has, or is damaged.
    """
    size = path.stat().st_size
    with damage_told(), zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        for member in members:
            _require_inside(member.filename)
        declared = sum(member.file_size for member in members)
        packed = any(member.compress_type != zipfile.ZIP_STORED for member in members)
        if packed or declared > size:
            raise BadInput(
                f"its members must be stored uncompressed, as Keras does, "
                f"but declare {declared} bytes in a file of {size}"
            )
        missing = {CONFIG, METADATA, WEIGHTS} - {member.filename for member in members}
        if missing:
            raise BadInput(f"the member {min(missing)} is missing")
        config = parsed(archive.read(CONFIG), CONFIG)
        version = parsed(archive.read(METADATA), METADATA).get("keras_version")
        weights = archive.read(WEIGHTS)
    return config, str(version), Store(io.BytesIO(weights), len(weights))


def parsed(text: str | bytes, name: str) -> Json:
    """Read a JSON object.

    Raises
    ------
    BadInput
        When it is none, or longer than `MOST_TEXT`.
    """
    if len(text) > MOST_TEXT:
        raise BadInput(f"{name} must have at most {MOST_TEXT} bytes, got {len(text)}")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{name} must be JSON, got something else") from error
    if not isinstance(value, dict):
        raise BadInput(f"{name} must be a JSON object, got {type(value).__name__}")
    return value


def _mapped(path: Path) -> mmap.mmap:
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _require_sound_heaps(data: bytes | mmap.mmap) -> None:
    """Refuse text storage (HDF5's global heaps) over which the HDF5 library would loop forever.

    A heap is ``GCOL``, a version, its size, then objects that each say how long they are; an
    object whose length leads nowhere is walked without end.
    """
    start = data.find(b"GCOL\x01\0\0\0")
    while start >= 0:
        (size,) = struct.unpack_from("<Q", data, start + 8)
        here, end = start + 16, start + size
        while end - here >= 16 and end <= len(data):
            number, length = struct.unpack_from("<H6xQ", data, here)
            step = length if number == 0 else 16 + -(-length // 8) * 8
            if step < 16 or here + step > end:
                raise BadInput("it is damaged or cut short (a heap of texts that does not end)")
            here += step
        start = data.find(b"GCOL\x01\0\0\0", start + 8)


def _require_inside(name: str) -> None:
    posix, windows = PurePosixPath(name), PureWindowsPath(name)
    outside = posix.is_absolute() or windows.drive or windows.root or ".." in windows.parts
    if outside:
        raise BadInput(f"its member {name!r:.80} stands outside the archive")
