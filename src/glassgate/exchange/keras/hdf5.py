"""Reads an HDF5 file in a process of its own, and answers what the reader asks.

The HDF5 library is not made for files from strangers: a few changed bytes have it crash, run
without end or ask for gigabytes. So it runs here, under limits that the system enforces, and what
becomes of it is told in one sentence (`glassgate.exchange.keras.store`). A script by itself, which
imports nothing of this package, to be started in a moment::

    python -P hdf5.py SIZE FILE       a file of so many bytes
    python -P hdf5.py SIZE -          the first so many bytes of the standard input

Each line of the standard input is a question, a JSON list; each answer is a line of JSON, for
``numbers`` followed by the bytes of the array.
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

SPARE, TIMES = 2**26, 4  # bytes that may be taken, and more for each of the file's own
SECONDS, BYTES_A_SECOND = 2, 2**26  # of the processor, and more for a large file


class Answers:
    """What the questions are: each method is one."""

    def __init__(self, store: Any) -> None:
        self.store = store

    def look(self, path: str) -> dict[str, Any] | None:
        """Say what is under a name; hard links alone are followed: others lead elsewhere."""
        here = self._find(path)
        if here is None:
            return None
        if isinstance(here, str):
            return {"is": here}
        if not isinstance(here, h5py.Dataset):
            return {"is": "group"}
        plain = here.chunks is None and not here.is_virtual and not here.external
        return {
            "is": "array",
            "shape": here.shape or (),
            "type": here.dtype.str,
            "size": here.nbytes,
            "stored": here.id.get_storage_size() if plain else -1,
        }

    def numbers(self, path: str) -> np.ndarray[Any, Any]:
        """Give an array that was looked at."""
        found: np.ndarray[Any, Any] = self._find(path)[()]
        return found

    def look_attribute(self, path: str, name: str) -> dict[str, Any] | None:
        """Say of an attribute whether it is text, and how much."""
        here = self._find(path)
        if here is None or isinstance(here, str) or name not in here.attrs:
            return None
        found = here.attrs.get_id(name)
        text = found.get_type().get_class() == h5py.h5t.STRING
        return {"stored": found.get_storage_size(), "text": text, "count": math.prod(found.shape)}

    def attribute(self, path: str, name: str) -> str | list[str]:
        """Give an attribute that was looked at: a text, or a list of them."""
        found = self._find(path).attrs[name]
        texts = [
            text.decode(errors="replace") if isinstance(text, bytes) else str(text)
            for text in np.ravel(found)
        ]
        return texts if isinstance(found, np.ndarray) else texts[0]

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
    """Open the file under limits and answer until there are no more questions."""
    source: Any = io.BytesIO(questions.read(size)) if path == "-" else path
    _limit(size)
    try:
        asked: Any = Answers(h5py.File(source, "r"))
        _say(answers, None)
    except Exception as error:  # h5py raises all kinds of them over damaged files
        _say(answers, None, error)
        return
    for line in questions:
        name, *words = json.loads(line)
        try:
            _say(answers, getattr(asked, name)(*words))
        except Exception as error:
            _say(answers, None, error)


def _say(answers: BinaryIO, answer: Any, error: Exception | None = None) -> None:
    words: dict[str, Any] = {"answer": answer}
    if error is not None:
        words = {"error": (str(error) or type(error).__name__).partition("\n")[0]}
    if isinstance(answer, np.ndarray):
        words = {"answer": answer.nbytes}
    answers.write(json.dumps(words).encode() + b"\n")
    if isinstance(answer, np.ndarray):
        answers.write(np.ascontiguousarray(answer).data)
    answers.flush()


def _limit(size: int) -> None:
    """Bound memory and time, where the system can."""
    try:
        import resource
    except ImportError:  # Windows: the reader's own clock ends what does not end
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = math.ceil(used.ru_utime + used.ru_stime + SECONDS + size / BYTES_A_SECOND)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    memory = Path("/proc/self/statm")
    if memory.exists():
        pages = int(memory.read_text().split()[0])
        most = pages * resource.getpagesize() + SPARE + TIMES * size
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


if __name__ == "__main__":
    serve(int(sys.argv[1]), sys.argv[2], sys.stdin.buffer, sys.stdout.buffer)
