"""Read a text to train a language model on: tokenize it and hold out its last tenth.

The text may be larger than memory: its files are read in pieces, several times if necessary, and
only the token ids are kept.
"""

from __future__ import annotations

import hashlib
import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import overload

import numpy as np

from glassgate.errors import BadInput
from glassgate.train.batches import Ids
from glassgate.train.tokens import Level, Vocabulary

HELD_OUT = 0.1  # share of the text, at its end
CHUNK = 2**14  # characters read from a file at once

Files = Path | Sequence[Path]
"""A text in one file, or in several files read one after the other."""


@dataclass(frozen=True, eq=False)
class StreamCorpus:
    """A text as one sequence of tokens: the part to train on, and the held-out part after it."""

    vocabulary: Vocabulary
    train: Ids
    held_out: Ids


class Sentences(Sequence[Ids]):
    """The token ids of sentences, each a view of one array that holds them all."""

    def __init__(self, sentences: Iterable[Sequence[int]]) -> None:
        ids, ends = array("i"), array("q", [0])
        for sentence in sentences:
            ids.extend(sentence)
            ends.append(len(ids))
        self._ids = np.frombuffer(ids, np.intc)
        self._ends = np.frombuffer(ends, np.int64)

    def __len__(self) -> int:
        """Return the number of sentences."""
        return len(self._ends) - 1

    @overload
    def __getitem__(self, which: int) -> Ids: ...
    @overload
    def __getitem__(self, which: slice) -> list[Ids]: ...
    def __getitem__(self, which: int | slice) -> Ids | list[Ids]:
        """Return the ids of a sentence, or a list of the ids of several."""
        numbers = range(len(self))[which]
        if isinstance(numbers, range):
            return [self[number] for number in numbers]
        return self._ids[self._ends[numbers] : self._ends[numbers + 1]]


@dataclass(frozen=True, eq=False)
class SentenceCorpus:
    """Sentences to train on, and those held out from the end of the text, `<bos>` to `<eos>`."""

    vocabulary: Vocabulary
    train: Sentences
    held_out: Sentences


def read_text(path: Path) -> str:
    """Return the text of a UTF-8 file, with plain newlines and no byte order mark.

    `BadInput` for a missing file, a folder, a file without text, or bytes that are not UTF-8.
    """
    data = read_bytes(path)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        byte = data[error.start]
        raise BadInput(
            f"{path} is not UTF-8: the byte 0x{byte:02x} at offset {error.start} cannot be read"
        ) from None
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise _empty(path)
    return text


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a file; `BadInput` for a missing file or a folder."""
    _check_file(path)
    return path.read_bytes()


def fingerprint(files: Files) -> str:
    """Return a SHA-256 of one or several files, by which a resumed run recognizes its data."""
    digests = [_sha256(path) for path in _file_list(files)]
    if len(digests) == 1:
        return digests[0]
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def name_of(files: Files) -> str:
    """Return the name of a text: the names of its files."""
    return ", ".join(path.name for path in _file_list(files))


def read_stream(files: Files, level: Level = "words", minimum_frequency: int = 1) -> StreamCorpus:
    """Read a text as one sequence of tokens.

    A newline is a space between words, or a token of its own among characters. The vocabulary comes
    from the part to train on. `BadInput` as in `read_text`, and for a text of fewer than two
    different tokens.
    """
    _check_text(files)
    start, stop = _bounds(files)
    _check_variety(files, _part(files, start, stop), level)
    cut = _cut(files, start, stop, level)
    vocabulary = Vocabulary.learn(_part(files, start, cut), level, minimum_frequency)
    train, held_out = (
        _join_ids(vocabulary.encode_each(_part(files, *part)))
        for part in ((start, cut), (cut, stop))
    )
    return StreamCorpus(vocabulary, train, held_out)


def read_sentences(
    files: Files, level: Level = "words", minimum_frequency: int = 1
) -> SentenceCorpus:
    """Read a text as sentences, one for each line that is not blank.

    `BadInput` as in `read_stream`, and for fewer than two sentences.
    """
    _check_text(files)
    _check_variety(files, _pieces(files), level)
    count = sum(1 for _ in _lines(files))
    if count < 2:
        raise BadInput(
            f"{_paths(files)} holds one line, expected at least two sentences, one per line"
        )
    cut = count - max(1, round(count * HELD_OUT))
    vocabulary = Vocabulary.learn(islice(_lines(files), cut), level, minimum_frequency)
    train, held_out = (
        Sentences(
            [vocabulary.bos, *ids, vocabulary.eos]
            for ids in vocabulary.encode_each(islice(_lines(files), *part))
        )
        for part in ((0, cut), (cut, None))
    )
    return SentenceCorpus(vocabulary, train, held_out)


def _file_list(files: Files) -> Sequence[Path]:
    return [files] if isinstance(files, Path) else files


def _paths(files: Files) -> str:
    return ", ".join(map(str, _file_list(files)))


def _sha256(path: Path) -> str:
    _check_file(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _empty(path: Path) -> BadInput:
    size = path.stat().st_size
    return BadInput(f"{path} is empty or blank ({size} bytes), expected text")


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise BadInput(f"{path} is a folder, expected a file")
    if not path.exists():
        raise BadInput(f"there is no file {path}")


def _check_text(files: Files) -> None:
    """Raise the same errors as `read_text`."""
    for path in _file_list(files):
        _check_file(path)
        try:
            words = sum(not chunk.isspace() for chunk in _chunks(path))
        except UnicodeDecodeError:
            read_text(path)  # whose error names the byte
            raise
        if not words:
            raise _empty(path)


def _check_variety(files: Files, text: Iterable[str], level: Level) -> None:
    """Refuse a text with a single token, in which there is nothing to predict."""
    different: set[str] = set()
    for piece in text:
        different.update(piece.lower().split() if level == "words" else piece)
        if len(different) > 1:
            return
    thing = level.removesuffix("s")
    raise BadInput(f"{_paths(files)} holds a single {thing}, expected at least two different ones")


# A text in pieces -----------------------------------------------------------------------------


def _chunks(path: Path) -> Iterator[str]:
    """Yield the text of a file, as `read_text` returns it, `CHUNK` characters at a time."""
    with path.open(encoding="utf-8-sig") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def _pieces(files: Files) -> Iterator[str]:
    """Yield the text of all files in pieces of whole words; each file starts a new line."""
    for path in _file_list(files):
        partial: list[str] = []  # a word that continues in the next chunk
        for chunk in _chunks(path):
            last = "" if chunk[-1].isspace() else chunk.rsplit(maxsplit=1)[-1]
            if end := len(chunk) - len(last):
                yield "".join([*partial, chunk[:end]])
                partial = []
            partial.append(last)
        if not chunk.endswith("\n"):
            yield "".join([*partial, "\n"])


def _lines(files: Files) -> Iterator[str]:
    """Yield the lines of all files that are not blank, without surrounding space."""
    for path in _file_list(files):
        with path.open(encoding="utf-8-sig") as file:
            yield from filter(None, map(str.strip, file))


def _part(files: Files, start: int, stop: int) -> Iterator[str]:
    """Yield the text from character `start` up to `stop`, in the pieces of `_pieces`."""
    at = 0
    for piece in _pieces(files):
        part = piece[max(0, start - at) : stop - at]
        if part:
            yield part
        at += len(piece)
        if at >= stop:
            return


def _bounds(files: Files) -> tuple[int, int]:
    """Return the positions of the first character that is not space, and after the last one."""
    start, stop, at = -1, 0, 0
    for piece in _pieces(files):
        if not piece.isspace():
            start = at + len(piece) - len(piece.lstrip()) if start < 0 else start
            stop = at + len(piece.rstrip())
        at += len(piece)
    return start, stop


def _cut(files: Files, start: int, stop: int, level: Level) -> int:
    """Return where the held-out tenth begins; if words are the tokens, between two words."""
    cut = start + max(1, int((stop - start) * (1 - HELD_OUT)))
    if level == "characters":
        return cut
    for part in _part(files, cut, stop):
        if space := re.search(r"\s", part):
            return cut + space.start()
        cut += len(part)
    *_, last = _part(files, start, stop)
    return stop - len(last.split()[-1])  # no space in the tenth: hold out the last word


def _join_ids(texts: Iterable[list[int]]) -> Ids:
    joined = array("i")
    for ids in texts:
        joined.extend(ids)
    return np.frombuffer(joined, np.intc)
