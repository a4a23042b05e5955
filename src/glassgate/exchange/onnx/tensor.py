"""Reads tensors of an ONNX file as arrays. Files come from strangers.

The size that a tensor claims is compared with the bytes that it has before an array is made, and
external data is read only from inside the model's own folder.
"""

import math
import os
from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from glassgate.errors import BadInput, printable
from glassgate.formulation import Array

FLOATS: dict[int, np.dtype[np.floating]] = {
    TensorProto.FLOAT: np.dtype("<f4"),
    TensorProto.DOUBLE: np.dtype("<f8"),
}
# Types of numbers that a constant node may read and make.
NUMBERS = {
    *(TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.BFLOAT16),
    *(TensorProto.INT8, TensorProto.INT16, TensorProto.INT32, TensorProto.INT64),
    *(TensorProto.UINT8, TensorProto.UINT16, TensorProto.BOOL),
}
MAX_AXES = 8  # of a constant that a node reads
MAX_SHARING = 8  # networks that may share one tensor: each gets its own copy


class ExternalData:
    """The files beside a model, each read at most `MAX_SHARING` times over.

    Parameters
    ----------
    folder
        The model's folder, the only one that external data is read from.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._bytes_read = folder, Counter[Path]()

    def size(self) -> int:
        """Return the bytes of all files in the folder."""
        return sum(file.stat().st_size for file in self._folder.iterdir() if file.is_file())

    def read(self, location: str, offset: int, size: int) -> bytes:
        """Read `size` bytes at `offset` of the file at `location`."""
        path = _path_inside(self._folder, location)
        with path.open("rb") as file:
            file_size = os.fstat(file.fileno()).st_size
            if offset + size > file_size:
                raise BadInput(
                    f"{path.name} must hold {size} bytes at offset {offset}, "
                    f"but has {file_size} bytes in all"
                )
            self._bytes_read[path] += size
            if self._bytes_read[path] > MAX_SHARING * file_size:
                raise BadInput(f"{path.name} is read more than {MAX_SHARING} times over")
            file.seek(offset)
            return file.read(size)


def to_array(tensor: TensorProto, external: ExternalData) -> Array:
    """Read a tensor of float32 or float64 as an array.

    Parameters
    ----------
    tensor
        Of a type that `FLOATS` names.
    external
        The files beside the model.

    Raises
    ------
    BadInput
        When the tensor holds more or less than its shape says, or its external data is missing or
        outside the model's folder.
    OSError
        When external data cannot be read.
    """
    shape, dtype = tuple(tensor.dims), FLOATS[tensor.data_type]
    name = printable_name(tensor.name)
    if not 2 <= len(shape) <= 3 or min(shape) < 1:
        raise BadInput(f"tensor {name} must have 2 or 3 axes of 1 or more, got {shape[:8]}")
    count = math.prod(shape)
    try:
        data = _data(tensor, count * dtype.itemsize, external)
    except BadInput as error:
        raise BadInput(f"tensor {name} of shape {shape} cannot be read: {error}") from error
    array: Array = np.frombuffer(data, dtype).reshape(shape)
    return array.astype(dtype.newbyteorder("="))


def to_numbers(tensor: TensorProto, external: ExternalData) -> NDArray[np.generic] | None:
    """Read a tensor of any type in `NUMBERS`; None where it has another, or too many axes.

    Raises
    ------
    BadInput
        When the tensor holds more or less than its shape says, or its external data is missing or
        outside the model's folder.
    OSError
        When external data cannot be read.
    """
    shape = tuple(tensor.dims)
    if tensor.data_type not in NUMBERS or len(shape) > MAX_AXES or min(shape, default=0) < 0:
        return None
    dtype = np.dtype(helper.tensor_dtype_to_np_dtype(tensor.data_type))
    count = math.prod(shape)
    if tensor.data_location == TensorProto.EXTERNAL:
        data = _external(tensor, count * dtype.itemsize, external)
    elif tensor.raw_data or not count:
        data = tensor.raw_data
    else:
        field = getattr(tensor, helper.tensor_dtype_to_field(tensor.data_type))
        if len(field) != count:
            name = printable_name(tensor.name)
            raise BadInput(f"tensor {name} must hold {count} numbers, got {len(field)}")
        return numpy_helper.to_array(tensor)
    if len(data) != count * dtype.itemsize:
        name = printable_name(tensor.name)
        raise BadInput(f"tensor {name} must hold {count * dtype.itemsize} bytes, got {len(data)}")
    return np.frombuffer(data, dtype).reshape(shape)


def _data(tensor: TensorProto, size: int, external: ExternalData) -> bytes:
    """Return the bytes of a tensor, wherever it keeps them, as many as its shape asks for."""
    dtype = FLOATS[tensor.data_type]
    if tensor.data_location == TensorProto.EXTERNAL:
        return _external(tensor, size, external)
    values = tensor.float_data if dtype.itemsize == 4 else tensor.double_data
    actual = len(tensor.raw_data) or len(values) * dtype.itemsize
    if actual != size:
        raise BadInput(f"it must hold {size} bytes, got {actual}")
    return tensor.raw_data or np.fromiter(values, dtype, len(values)).tobytes()


def _external(tensor: TensorProto, size: int, external: ExternalData) -> bytes:
    settings = {entry.key: entry.value for entry in tensor.external_data}
    offset = _number("offset", settings.get("offset", "0"))
    length = _number("length", settings.get("length", str(size)))
    if length != size:
        raise BadInput(f"its external data must be {size} bytes, got {length}")
    return external.read(printable_name(settings.get("location", "")), offset, size)


def _path_inside(folder: Path, location: str) -> Path:
    """Resolve a location inside the folder; refuse one that leads outside, also through a link."""
    try:
        folder = folder.resolve()
        path = (folder / location).resolve()
        outside = not path.is_relative_to(folder) or Path(location).is_absolute()
        exists = not outside and path.is_file()
    except (OSError, ValueError, RuntimeError) as error:  # too long, or a loop of links
        raise BadInput(
            f"the file name of its external data cannot be used: {location[:80]!r}"
        ) from error
    if outside or ".." in Path(location).parts:
        raise BadInput(f"its external data is outside the model's folder: {location[:80]!r}")
    if not exists:
        raise BadInput(f"its external data is missing: {location[:80]!r}")
    return path


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadInput(f"the {name} of its external data must be a number, got {text[:40]!r}")
    return int(text)


def printable_name(name: str | bytes) -> str:
    """Make a name safe to print on a terminal; protobuf returns bytes where it is not UTF-8."""
    return printable(name if isinstance(name, str) else name.decode(errors="replace"))
