"""A text to learn a language from: read, its last tenth held out, cut into tokens."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from glassgate.errors import BadInput
from glassgate.train.tokens import Level, Vocabulary

HELD_OUT = 0.1  # share of the text, at its end

Files = Path | Sequence[Path]
"""A text: one file, or several that follow one another."""


@dataclass(frozen=True)
class StreamCorpus:
    """One run of tokens to train on and one, which follows it in the text, held out."""

    vocabulary: Vocabulary
    train: Sequence[int]
    held_out: Sequence[int]


@dataclass(frozen=True)
class SentenceCorpus:
    """Sentences to train on and, from the end of the text, held out; `<bos>` ... `<eos>` each."""

    vocabulary: Vocabulary
    train: Sequence[Sequence[int]]
    held_out: Sequence[Sequence[int]]


def read_text(path: Path) -> str:
    """Return a UTF-8 file as text, with plain newlines and no byte order mark.

    `BadInput` for a missing file, a folder, an empty file, or bytes that are not UTF-8.
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
        raise BadInput(f"{path} is empty: expected text, got {len(data)} bytes without a word")
    return text


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a file; `BadInput` where there is no file."""
    if path.is_dir():
        raise BadInput(f"{path} is a folder, expected a file")
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise BadInput(f"{path} does not exist, expected a file") from None


def fingerprint(files: Files) -> str:
    """Return the SHA-256 of a file, or of those of several: by it a run knows its data again."""
    each = [hashlib.sha256(read_bytes(path)).hexdigest() for path in _listed(files)]
    return each[0] if len(each) == 1 else hashlib.sha256("".join(each).encode()).hexdigest()


def name_of(files: Files) -> str:
    """Return the name of a text: that of its file, or those of several."""
    return ", ".join(path.name for path in _listed(files))


def read_stream(files: Files, level: Level = "words", minimum_frequency: int = 1) -> StreamCorpus:
    """Read a text as one run of tokens; a newline is space among words, a token of characters.

    The vocabulary is that of the part to train on. `BadInput` as in `read_text`, and for a text
    of fewer than two different tokens.
    """
    text = _joined(files).strip()
    _check_variety(files, text, level)
    cut = _cut(text, level)
    train, held_out = text[:cut].splitlines(keepends=True), text[cut:].splitlines(keepends=True)
    vocabulary = Vocabulary.learn(train, level, minimum_frequency)
    return StreamCorpus(vocabulary, _encode(vocabulary, train), _encode(vocabulary, held_out))


def read_sentences(
    files: Files, level: Level = "words", minimum_frequency: int = 1
) -> SentenceCorpus:
    """Read each line that is not blank as a sequence of its own.

    `BadInput` as in `read_stream`, and for fewer than two such lines.
    """
    text = _joined(files)
    _check_variety(files, text, level)
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if len(lines) < 2:
        raise BadInput(
            f"{_paths(files)} holds one line, expected two sentences or more, one a line"
        )
    held = max(1, round(len(lines) * HELD_OUT))
    train, held_out = lines[:-held], lines[-held:]
    vocabulary = Vocabulary.learn(train, level, minimum_frequency)
    return SentenceCorpus(
        vocabulary,
        [vocabulary.sentence(line) for line in train],
        [vocabulary.sentence(line) for line in held_out],
    )


def _listed(files: Files) -> Sequence[Path]:
    return [files] if isinstance(files, Path) else files


def _paths(files: Files) -> str:
    return ", ".join(map(str, _listed(files)))


def _joined(files: Files) -> str:
    """Return the text of all files, each from a line of its own on."""
    texts = map(read_text, _listed(files))
    return "".join(text if text.endswith("\n") else text + "\n" for text in texts)


def _cut(text: str, level: Level) -> int:
    """Return where the last tenth begins: between words, where words are the tokens."""
    cut = max(1, int(len(text) * (1 - HELD_OUT)))
    if level == "characters":
        return cut
    while cut < len(text) and not text[cut].isspace():
        cut += 1
    if not text[cut:].strip():
        cut = len(text) - len(text.split()[-1])  # the last word is held out
    return cut


def _check_variety(files: Files, text: str, level: Level) -> None:
    """Refuse a text of one token only: there is nothing to predict."""
    different = set(text.lower().split()) if level == "words" else set(text)
    if len(different) < 2:
        thing = level.removesuffix("s")
        raise BadInput(
            f"{_paths(files)} holds a single {thing}, expected two different ones or more"
        )


def _encode(vocabulary: Vocabulary, lines: Sequence[str]) -> list[int]:
    return [token for line in lines for token in vocabulary.encode(line)]
