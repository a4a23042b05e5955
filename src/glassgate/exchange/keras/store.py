"""Reads the parts of a Keras file that cannot be trusted: members of a zip, HDF5 groups and arrays.

Files come from strangers. An array is made only where the file holds all of its bytes, neither
compressed nor linked, as Keras writes them. No more is read in total than the size of the file, and
the text of a config may have at most `MAX_TEXT_BYTES`. The HDF5 library runs in a process of its
own (`glassgate.exchange.keras.hdf5`), which may crash.
"""

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path, PurePosixPath, PureWindowsPath
from signal import Signals
from threading import Timer
from typing import IO, Any, TypeAlias

import numpy as np

from glassgate.errors import BadInput
from glassgate.formulation import Array
from glassgate.weights import require_shape

Json: TypeAlias = dict[str, Any]
MAX_TEXT_BYTES = 2**24
CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
NOTES = "glassgate_notes"  # in the metadata of a file that was written here
DAMAGE_ERRORS = (OSError, EOFError, KeyError, RuntimeError, ValueError, zipfile.BadZipFile)
SECONDS, BYTES_PER_SECOND = 60, 2**24  # until the HDF5 process is killed, more for a large file


class UnusableArray(BadInput):
    """An array that a layer here cannot have; the file's other layers may still be read."""


class Store:
    """An HDF5 file, of which no more is read in total than its own size.

    Parameters
    ----------
    source
        The file's path, or its bytes.

    Raises
    ------
    BadInput
        When it is damaged, or the HDF5 library crashes on it.
    """

    def __init__(self, source: Path | bytes) -> None:
        data, name = (source, "-") if isinstance(source, bytes) else (b"", str(source.absolute()))
        self._size = self._left = len(data) if name == "-" else Path(name).stat().st_size
        self._process = start_reader(self._size, name)
        self._timer = Timer(SECONDS + self._size / BYTES_PER_SECOND, self._process.kill)
        self._timer.daemon = True
        self._timer.start()
        try:
            self._exchange(data)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        self._timer.cancel()
        self._process.kill()
        with suppress(OSError), self._process:  # it may have ended before it read all
            pass

    def has(self, path: str) -> bool:
        """Whether the file itself holds a group or an array at this path."""
        return self._describe(path) is not None

    def text(self, path: str, name: str) -> str | None:
        """Read an attribute that must be text; None where there is none."""
        value = self._attribute(path, name)
        if value is not None and (not isinstance(value, str) or len(value) > MAX_TEXT_BYTES):
            raise BadInput(f"{name} must be text of at most {MAX_TEXT_BYTES} bytes")
        return value

    def names(self, path: str, name: str) -> list[str]:
        """Read an attribute that lists names; Keras splits long ones: ``name0``, ``name1``."""
        whole = self._attribute(path, name)
        parts = [whole] if whole is not None else []
        while not parts or whole is None:
            part = self._attribute(path, f"{name}{len(parts)}")
            if part is None:
                break
            parts.append(part)
        return [item for part in parts for item in ([part] if isinstance(part, str) else part)]

    def array(self, path: str, shape: tuple[int | str, ...]) -> Array:
        """Read an array of floats, after its shape and size have been checked.

        Raises
        ------
        UnusableArray
            When it is missing or does not hold floats.
        BadInput
            When it has another shape, or the file does not hold its bytes uncompressed.
        """
        declared = self._describe(path)
        if declared is None or declared["is"] != "array":
            raise UnusableArray(f"the array {path} is missing")
        require_shape(path, tuple(declared["shape"]), shape)
        with reporting_damage():
            dtype = np.dtype(declared["type"])
        if dtype.kind != "f" or dtype.itemsize > 8:
            raise UnusableArray(f"{path} must hold floats of 2, 4 or 8 bytes, got {dtype}")
        if declared["stored"] != declared["size"] or declared["size"] > self._left:
            raise BadInput(
                f"{path} declares {declared['size']} bytes of numbers, which the file of "
                f"{self._size} bytes does not hold uncompressed"
            )
        self._left -= declared["size"]
        with reporting_damage():
            data = self._stream("stdout").read(self._ask("numbers", path))
            return np.frombuffer(data, dtype).reshape(declared["shape"])

    def _describe(self, path: str) -> Json | None:
        declared: Json | None = self._ask("describe", path)
        if declared is not None and declared["is"] == "link":
            raise BadInput(f"{path} is a link, which Keras never writes")
        return declared

    def _attribute(self, path: str, name: str) -> Any:
        declared = self._ask("describe_attribute", path, name)
        if declared is None:
            return None
        if not declared["stored"] or (not declared["text"] and declared["count"]):
            raise BadInput(f"{name} must be text")
        if declared["stored"] > min(self._left, MAX_TEXT_BYTES):
            raise BadInput(f"{name} declares {declared['stored']} bytes, more than the file holds")
        self._left -= declared["stored"]
        return self._ask("attribute", path, name)

    def _ask(self, *question: str) -> Any:
        return self._exchange(json.dumps(question).encode() + b"\n")

    def _exchange(self, data: bytes) -> Any:
        """Send data to the process, and return its answer."""
        with suppress(OSError):  # it has ended, which is reported below
            self._stream("stdin").write(data)
            self._stream("stdin").flush()
        line = self._stream("stdout").readline()
        if not line:
            raise self._exit_error()
        with reporting_damage():
            message = json.loads(line)
            if "error" in message:
                raise ValueError(message["error"])
            return message["answer"]

    def _exit_error(self) -> Exception:
        code = self._process.wait()
        if code > 0:
            return OSError(f"the process that reads HDF5 could not run (exit code {code})")
        reason = Signals(-code).name if code else "no answer"
        return BadInput(f"it is damaged: the HDF5 library fails on it ({reason})")

    def _stream(self, name: str) -> IO[bytes]:
        stream: IO[bytes] = getattr(self._process, name)
        return stream


def start_reader(size: int, path: str) -> subprocess.Popen[bytes]:
    """Start the process that reads an HDF5 file, or for the path "-" its standard input.

    Raises
    ------
    ModuleNotFoundError
        When h5py is not installed.
    """
    if find_spec("h5py") is None:
        raise ModuleNotFoundError("No module named 'h5py'", name="h5py")
    script = Path(__file__).with_name("hdf5.py")
    # It finds the packages that are found here, and nothing in the current folder.
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "OPENBLAS_NUM_THREADS": "1",
    }
    return subprocess.Popen(
        [sys.executable, "-P", str(script), str(size), path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    )


@contextmanager
def reporting_damage() -> Iterator[None]:
    """Turn the errors that libraries raise on a damaged file into one sentence."""
    try:
        yield
    except BadInput:
        raise
    except DAMAGE_ERRORS as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise BadInput(f"it is damaged or cut short ({reason:.200})") from error


def read_zip(path: Path) -> tuple[Json, Json, Store]:
    """Read the config, the metadata and the weights of a ``.keras`` file.

    Nothing is unpacked to disk. Keras stores the members uncompressed, so the sizes that they
    declare must not exceed the file's own.

    Raises
    ------
    BadInput
        When a member is missing, has a path outside the archive, declares more bytes than the file
        has, or is damaged.
    """
    size = path.stat().st_size
    with reporting_damage(), zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        for member in members:
            _require_inside(member.filename)
        declared = sum(member.file_size for member in members)
        compressed = any(
            member.compress_type != zipfile.ZIP_STORED or member.compress_size != member.file_size
            for member in members
        )
        if compressed or declared > size:
            raise BadInput(
                f"its members must be stored uncompressed, as Keras stores them, "
                f"but declare {declared} bytes in a file of {size}"
            )
        missing = {CONFIG, METADATA, WEIGHTS} - {member.filename for member in members}
        if missing:
            raise BadInput(f"the member {min(missing)} is missing")
        config = parse_json(archive.read(CONFIG), CONFIG)
        metadata = parse_json(archive.read(METADATA), METADATA)
        weights = archive.read(WEIGHTS)
    return config, metadata, Store(weights)


def parse_json(text: str | bytes, name: str) -> Json:
    """Parse a JSON object.

    Raises
    ------
    BadInput
        When it is not one, or longer than `MAX_TEXT_BYTES`.
    """
    if len(text) > MAX_TEXT_BYTES:
        raise BadInput(f"{name} must have at most {MAX_TEXT_BYTES} bytes, got {len(text)}")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{name} must be valid JSON") from error
    if not isinstance(value, dict):
        raise BadInput(f"{name} must be a JSON object, got {type(value).__name__}")
    return value


def _require_inside(name: str) -> None:
    posix, windows = PurePosixPath(name), PureWindowsPath(name)
    outside = posix.is_absolute() or windows.drive or windows.root or ".." in windows.parts
    if outside:
        raise BadInput(f"the path of its member {name!r:.80} leads outside the archive")
