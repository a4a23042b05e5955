"""What a Keras file holds, read with distrust: members of a zip, groups and arrays of HDF5.

Files come from strangers. An array is made only where the file holds all of its bytes, as they
are: Keras neither compresses nor links. No more is read in total than the file is long, and the
text of a config may have `MOST_TEXT` bytes. The HDF5 library runs in a process of its own
(`glassgate.exchange.keras.hdf5`), which may crash.
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
MOST_TEXT = 2**24  # bytes
CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
DAMAGE = (OSError, EOFError, KeyError, RuntimeError, ValueError, zipfile.BadZipFile)
SECONDS, BYTES_A_SECOND = 60, 2**24  # that HDF5 may take, where its process does not end itself


class Unfit(BadInput):
    """An array is not one that a layer can have here, which says nothing of the other layers."""


class Store:
    """An HDF5 file, or one that lies in a zip, of which no more is read than it is long.

    Parameters
    ----------
    source
        The file's path, or its bytes.

    Raises
    ------
    BadInput
        When it is damaged, or the HDF5 library does not come through it.
    """

    def __init__(self, source: Path | bytes) -> None:
        given, name = (source, "-") if isinstance(source, bytes) else (b"", str(source.absolute()))
        self._size = self._left = len(given) if name == "-" else Path(name).stat().st_size
        self._process = started(self._size, name)
        self._clock = Timer(SECONDS + self._size / BYTES_A_SECOND, self._process.kill)
        self._clock.daemon = True
        self._clock.start()
        try:
            self._answered(given)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        self._clock.cancel()
        self._process.kill()
        with suppress(OSError), self._process:  # what was not written to it is lost
            pass

    def has(self, path: str) -> bool:
        """Say whether a group or an array of this name is in the file itself."""
        return self._look(path) is not None

    def text(self, path: str, name: str) -> str | None:
        """Give an attribute that is text, None where it is not there."""
        value = self._attribute(path, name)
        if value is not None and (not isinstance(value, str) or len(value) > MOST_TEXT):
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
        return [item for part in parts for item in ([part] if isinstance(part, str) else part)]

    def array(self, path: str, shape: tuple[int | str, ...]) -> Array:
        """Read an array of floats, its shape compared before anything is made of it.

        Raises
        ------
        Unfit
            When it is missing or holds no floats.
        BadInput
            When it has another shape, or its bytes are not in the file as they are.
        """
        said = self._look(path)
        if said is None or said["is"] != "array":
            raise Unfit(f"the array {path} is missing")
        require_shape(path, tuple(said["shape"]), shape)
        with damage_told():
            dtype = np.dtype(said["type"])
        if dtype.kind != "f" or dtype.itemsize > 8:
            raise Unfit(f"{path} must hold floats of 2, 4 or 8 bytes, got {dtype}")
        if said["stored"] != said["size"] or said["size"] > self._left:
            raise BadInput(
                f"{path} declares {said['size']} bytes of numbers that the file of "
                f"{self._size} bytes does not hold as they are"
            )
        self._left -= said["size"]
        with damage_told():
            data = self._stream("stdout").read(self._asked("numbers", path))
            return np.frombuffer(data, dtype).reshape(said["shape"])

    def _look(self, path: str) -> Json | None:
        said: Json | None = self._asked("look", path)
        if said is not None and said["is"] == "link":
            raise BadInput(f"{path} is a link, and Keras writes none")
        return said

    def _attribute(self, path: str, name: str) -> Any:
        said = self._asked("look_attribute", path, name)
        if said is None:
            return None
        if not said["stored"] or (not said["text"] and said["count"]):
            raise BadInput(f"{name} must be text")
        if said["stored"] > min(self._left, MOST_TEXT):
            raise BadInput(f"{name} declares {said['stored']} bytes, more than the file holds")
        self._left -= said["stored"]
        return self._asked("attribute", path, name)

    def _asked(self, *question: str) -> Any:
        return self._answered(json.dumps(question).encode() + b"\n")

    def _answered(self, given: bytes) -> Any:
        """Write to the process, and give what it says then."""
        with suppress(OSError):  # it has ended, as is told below
            self._stream("stdin").write(given)
            self._stream("stdin").flush()
        line = self._stream("stdout").readline()
        if not line:
            raise self._ended()
        with damage_told():
            said = json.loads(line)
            if "error" in said:
                raise ValueError(said["error"])
            return said["answer"]

    def _ended(self) -> Exception:
        code = self._process.wait()
        if code > 0:
            return OSError(f"the process that reads HDF5 could not run (exit code {code})")
        how = Signals(-code).name if code else "no answer"
        return BadInput(f"it is damaged: the HDF5 library does not come through it ({how})")

    def _stream(self, name: str) -> IO[bytes]:
        stream: IO[bytes] = getattr(self._process, name)
        return stream


def started(size: int, path: str) -> subprocess.Popen[bytes]:
    """Start the process that reads a file of HDF5, "-" for what is then written to it.

    Raises
    ------
    ModuleNotFoundError
        When h5py is not installed.
    """
    if find_spec("h5py") is None:
        raise ModuleNotFoundError("No module named 'h5py'", name="h5py")
    script = Path(__file__).with_name("hdf5.py")
    # The packages that are found here are found there, and nothing in the folder worked in.
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
        packed = any(
            member.compress_type != zipfile.ZIP_STORED or member.compress_size != member.file_size
            for member in members
        )
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
    return config, str(version), Store(weights)


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


def _require_inside(name: str) -> None:
    posix, windows = PurePosixPath(name), PureWindowsPath(name)
    outside = posix.is_absolute() or windows.drive or windows.root or ".." in windows.parts
    if outside:
        raise BadInput(f"its member {name!r:.80} stands outside the archive")
