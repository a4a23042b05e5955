"""Tensors of an ONNX file as arrays. Files come from strangers.

A tensor is compared with the bytes that are there before any array is made of it, and external
data is read inside the model's own folder alone.
"""

import math
import os
from collections import Counter
from pathlib import Path

import numpy as np
from onnx import TensorProto

from glassgate.errors import BadInput, printable
from glassgate.formulation import Array

FLOATS: dict[int, np.dtype[np.floating]] = {
    TensorProto.FLOAT: np.dtype("<f4"),
    TensorProto.DOUBLE: np.dtype("<f8"),
}
MOST_SHARED = 8  # networks that one number may be part of: each has a copy of its own in the end


class Beside:
    """The files beside a model, out of which no more is read than `MOST_SHARED` times their size.

    Parameters
    ----------
    folder
        Where the model lies: the only place that external data is read from.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._read = folder, Counter[Path]()

    def read(self, location: str, offset: int, size: int) -> bytes:
        """Give so many bytes of the file of that name."""
        path = _inside(self._folder, location)
        with path.open("rb") as file:
            there = os.fstat(file.fileno()).st_size
            if offset + size > there:
                raise BadInput(
                    f"{path.name} must hold {size} bytes from {offset} on, got a file of {there}"
                )
            self._read[path] += size
            if self._read[path] > MOST_SHARED * there:
                raise BadInput(f"{path.name} is read more than {MOST_SHARED} times over")
            file.seek(offset)
            return file.read(size)


def to_array(tensor: TensorProto, beside: Beside) -> Array:
    """Give a tensor of float32 or float64 as an array.

    Parameters
    ----------
    tensor
        Of a type that `FLOATS` names.
    beside
        The files where the model lies.

    Raises
    ------
    BadInput
        When the tensor holds more or less than its shape says, or when its external data is not
        there or lies elsewhere.
    OSError
        When external data cannot be read.
    """
    shape, dtype = tuple(tensor.dims), FLOATS[tensor.data_type]
    name = seen(tensor.name)
    if not 2 <= len(shape) <= 3 or min(shape) < 1:
        raise BadInput(f"tensor {name} must have 2 or 3 axes of 1 or more, got {shape[:8]}")
    count = math.prod(shape)
    try:
        data = _data(tensor, count * dtype.itemsize, beside)
    except BadInput as error:
        raise BadInput(f"tensor {name} of shape {shape} cannot be read: {error}") from error
    array: Array = np.frombuffer(data, dtype).reshape(shape)
    return array.astype(dtype.newbyteorder("="))


def _data(tensor: TensorProto, size: int, beside: Beside) -> bytes:
    """Give the bytes of a tensor, wherever it keeps them, as many as its shape asks for."""
    dtype = FLOATS[tensor.data_type]
    if tensor.data_location == TensorProto.EXTERNAL:
        return _external(tensor, size, beside)
    values = tensor.float_data if dtype.itemsize == 4 else tensor.double_data
    holds = len(tensor.raw_data) or len(values) * dtype.itemsize
    if holds != size:
        raise BadInput(f"it must hold {size} bytes, got {holds}")
    return tensor.raw_data or np.fromiter(values, dtype, len(values)).tobytes()


def _external(tensor: TensorProto, size: int, beside: Beside) -> bytes:
    said = {entry.key: entry.value for entry in tensor.external_data}
    offset = _number("offset", said.get("offset", "0"))
    length = _number("length", said.get("length", str(size)))
    if length != size:
        raise BadInput(f"its external data must be {size} bytes, got {length}")
    return beside.read(seen(said.get("location", "")), offset, size)


def _inside(folder: Path, location: str) -> Path:
    """Give the file of that name below the folder; no name leads out, no link either."""
    try:
        folder = folder.resolve()
        path = (folder / location).resolve()
        outside = not path.is_relative_to(folder) or Path(location).is_absolute()
        there = not outside and path.is_file()
    except (OSError, ValueError, RuntimeError) as error:  # too long, a loop of links
        raise BadInput(f"its external data has no usable name: {location[:80]!r}") from error
    if outside or ".." in Path(location).parts:
        raise BadInput(f"its external data lies outside the model's folder: {location[:80]!r}")
    if not there:
        raise BadInput(f"its external data is missing: {location[:80]!r}")
    return path


def _number(name: str, said: str) -> int:
    if not (said.isascii() and said.isdigit() and len(said) < 19):
        raise BadInput(f"the {name} of its external data must be a number, got {said[:40]!r}")
    return int(said)


def seen(name: str | bytes) -> str:
    """Give a name without what a terminal would obey; protobuf hands over bytes if not UTF-8."""
    return printable(name if isinstance(name, str) else name.decode(errors="replace"))
