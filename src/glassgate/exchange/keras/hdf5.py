"""Reads an HDF5 file in a process of its own, and answers the reader's questions about it.

The HDF5 library is not made for files from strangers: a few changed bytes make it crash, run
forever or ask for gigabytes. So it runs here, under limits that the operating system enforces, and
`glassgate.exchange.keras.store` reports how it ended in one sentence. This is a script of its own,
which imports nothing of this package, so that it starts fast::

    python -P hdf5.py SIZE FILE       a file of SIZE bytes
    python -P hdf5.py SIZE -          the first SIZE bytes of the standard input

Each line of the standard input is a question, a JSON list; each answer is a line of JSON, which for
``numbers`` is followed by the bytes of the array.
"""

from __future__ import annotations

import io
import json
import math
import sys
from pathlib import Path
from typing import Any, BinaryIO

import h5py  # type: ignore[import-untyped]
import numpy as np

SPARE_MEMORY, MEMORY_PER_BYTE = 2**26, 4  # bytes of memory, and more for each byte of the file
CPU_SECONDS, BYTES_PER_SECOND = 2, 2**26  # processor time, and more for a large file


class Answers:
    """Answers questions about one open file: each public method is one question."""

    def __init__(self, store: Any) -> None:
        self.store = store

    def describe(self, path: str) -> dict[str, Any] | None:
        """Describe what is at a path; only hard links are followed, since others leave the file."""
        here = self._find(path)
        if here is None:
            return None
        if isinstance(here, str):
            return {"is": here}
        if not isinstance(here, h5py.Dataset):
            return {"is": "group"}
        contiguous = here.chunks is None and not here.is_virtual and not here.external
        return {
            "is": "array",
            "shape": here.shape or (),
            "type": here.dtype.str,
            "size": here.nbytes,
            "stored": here.id.get_storage_size() if contiguous else -1,
        }

    def numbers(self, path: str) -> np.ndarray[Any, Any]:
        """Read an array that was described."""
        array: np.ndarray[Any, Any] = self._find(path)[()]
        return array

    def describe_attribute(self, path: str, name: str) -> dict[str, Any] | None:
        """Say whether an attribute is text, and how long it is."""
        here = self._find(path)
        if here is None or isinstance(here, str) or name not in here.attrs:
            return None
        value = here.attrs.get_id(name)
        is_text = value.get_type().get_class() == h5py.h5t.STRING
        return {
            "stored": value.get_storage_size(),
            "text": is_text,
            "count": math.prod(value.shape),
        }

    def attribute(self, path: str, name: str) -> str | list[str]:
        """Read an attribute that was described: a text, or a list of texts."""
        value = self._find(path).attrs[name]
        texts = [
            text.decode(errors="replace") if isinstance(text, bytes) else str(text)
            for text in np.ravel(value)
        ]
        return texts if isinstance(value, np.ndarray) else texts[0]

    def _find(self, path: str) -> Any:
        here: Any = self.store
        for part in filter(None, path.split("/")):
            if not isinstance(here, h5py.Group) or part not in here:
                return None
            if not isinstance(here.get(part, getlink=True), h5py.HardLink):
                return "link"
            here = here[part]
        return here


def serve(size: int, path: str, questions: BinaryIO, answers: BinaryIO) -> None:
    """Open the file under limits, and answer questions until there are no more."""
    source: Any = io.BytesIO(questions.read(size)) if path == "-" else path
    _limit(size)
    try:
        file: Any = Answers(h5py.File(source, "r"))
        _send(answers, None)
    except Exception as error:  # h5py raises all kinds on damaged files
        _send(answers, None, error)
        return
    for line in questions:
        name, *arguments = json.loads(line)
        try:
            _send(answers, getattr(file, name)(*arguments))
        except Exception as error:
            _send(answers, None, error)


def _send(answers: BinaryIO, answer: Any, error: Exception | None = None) -> None:
    message: dict[str, Any] = {"answer": answer}
    if error is not None:
        message = {"error": (str(error) or type(error).__name__).partition("\n")[0]}
    if isinstance(answer, np.ndarray):
        message = {"answer": answer.nbytes}
    answers.write(json.dumps(message).encode() + b"\n")
    if isinstance(answer, np.ndarray):
        answers.write(np.ascontiguousarray(answer).data)
    answers.flush()


def _limit(size: int) -> None:
    """Limit memory and processor time, where the operating system can."""
    try:
        import resource
    except ImportError:  # Windows: only the reader's own timer ends what runs forever
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = math.ceil(used.ru_utime + used.ru_stime + CPU_SECONDS + size / BYTES_PER_SECOND)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    memory = Path("/proc/self/statm")
    if memory.exists():
        pages = int(memory.read_text().split()[0])
        limit = pages * resource.getpagesize() + SPARE_MEMORY + MEMORY_PER_BYTE * size
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


if __name__ == "__main__":
    serve(int(sys.argv[1]), sys.argv[2], sys.stdin.buffer, sys.stdout.buffer)
