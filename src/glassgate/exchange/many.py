"""Converts the GRUs of many files, and says of each what became of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from glassgate.errors import BadInput, os_message, printable
from glassgate.exchange.content import KINDS, is_saved_model
from glassgate.exchange.conversion import Conversion, convert
from glassgate.exchange.formats import MODEL, WRITERS, read

MAX_FILES = 10_000
PATTERN = re.compile(r"[*?[]")


@dataclass(frozen=True)
class Outcome:
    """What became of one GRU, or of a file that gave none.

    Attributes
    ----------
    source
        The file or model folder.
    name
        The GRU's name in it; empty where the file gave none.
    target
        The file that was written; None where none was.
    conversion
        What `convert` returned; None where nothing was written.
    reason
        Why nothing was written, in one sentence; empty where it was.
    """

    source: Path
    name: str
    target: Path | None = None
    conversion: Conversion | None = None
    reason: str = ""


def find_files(sources: Sequence[str | PathLike[str]]) -> list[Path]:
    """List the files that paths, folders and patterns name.

    Parameters
    ----------
    sources
        Files; patterns such as ``models/*.pt``; folders, of which every file counts whose ending is
        that of a model, at any depth, and every model folder that `glassgate train` wrote.

    Raises
    ------
    BadInput
        When there are none, or more than `MAX_FILES`.
    """
    files: dict[Path, None] = {}
    for source in map(Path, sources):
        for path in _listed(source):
            files[path] = None
            if len(files) > MAX_FILES:
                raise BadInput(f"there are more than {MAX_FILES} files: name fewer")
    if not files:
        raise BadInput(f"there is no model file in {' '.join(map(str, sources))}")
    return list(files)


def is_several(sources: Sequence[str | PathLike[str]]) -> bool:
    """Whether sources may be several files: more than one, a pattern, or a folder of models."""
    paths = [Path(source) for source in sources]
    return len(paths) > 1 or any(
        _is_pattern(path) or (path.is_dir() and not _is_model(path)) for path in paths
    )


def convert_many(
    sources: Sequence[str | PathLike[str]],
    target: str | PathLike[str],
    node: str | None = None,
    overwrite: bool = False,
) -> Iterator[Outcome]:
    """Convert every GRU of many files into one folder, each with its proof.

    Parameters
    ----------
    sources
        As `find_files` takes them.
    target
        A folder, made where there is none, for .safetensors files; or ``folder/*.onnx`` for those
        of another ending. A file is named after its source, and after the GRU where the source has
        several.
    node
        The name of the GRU in each file; all networks where none is given.
    overwrite
        Whether existing files may be replaced.

    Yields
    ------
    Outcome
        One for each GRU, in the order of the files, as soon as it is done.

    Raises
    ------
    BadInput
        When there are no files, or the target is no folder.
    """
    folder, ending = _split_target(Path(target))
    paths = find_files(sources)
    stems = Counter(path.stem for path in paths)
    folder.mkdir(exist_ok=True)
    for path in paths:
        base = path.name if stems[path.stem] > 1 else path.stem
        try:
            names = [node] if node is not None else _networks(path)
        except (BadInput, OSError) as error:
            yield Outcome(path, "", reason=_sentence(error))
            continue
        for name in names:
            part = f"-{re.sub(r'[^A-Za-z0-9_.+-]', '_', name)[:100]}" if len(names) > 1 else ""
            yield _outcome(path, name, folder / f"{base}{part}{ending}", overwrite)


def _outcome(path: Path, name: str, target: Path, overwrite: bool) -> Outcome:
    try:
        return Outcome(path, name, target, convert(path, target, name, overwrite))
    except (BadInput, OSError) as error:
        return Outcome(path, name, reason=_sentence(error))


def _networks(path: Path) -> list[str]:
    """Name the networks of a file that are no part of a larger one and no LSTM or plain RNN."""
    grus = [gru for gru in read(path) if gru.part_of is None]
    names = [gru.name for gru in grus if gru.network is not None]
    if not names:
        raise BadInput(f"{printable(grus[0].name)} cannot be converted: {grus[0].refusal}")
    return names


def _sentence(error: BadInput | OSError) -> str:
    return str(error) if isinstance(error, BadInput) else os_message(error)


def _split_target(target: Path) -> tuple[Path, str]:
    """Return the folder to write to, and the ending of its files."""
    folder, ending = target, ".safetensors"
    if target.name.startswith("*."):
        folder, ending = target.parent, target.name[1:].lower()
        if ending not in WRITERS:
            raise BadInput(f"{target} must end in one of {', '.join(WRITERS)}")
    elif target.suffix.lower() in WRITERS and not target.is_dir():
        raise BadInput(
            f"several files are written to a folder, got {target}: "
            f"give its name, or {target.parent / '*'}{target.suffix}"
        )
    if folder.exists() and not folder.is_dir():
        raise BadInput(f"{folder} is a file, expected a folder to write to")
    if not folder.parent.is_dir():
        raise BadInput(f"{folder.parent} is not a folder, so {folder.name} cannot be made there")
    return folder, ending


def _listed(source: Path) -> Iterator[Path]:
    if _is_pattern(source):
        at = next(i for i, part in enumerate(source.parts) if PATTERN.search(part))
        yield from sorted(Path(*source.parts[:at]).glob(str(Path(*source.parts[at:]))))
    elif source.is_dir() and not _is_model(source):
        yield from filter(_may_be_model, sorted(source.rglob("*")))
    else:
        yield source


def _may_be_model(path: Path) -> bool:
    """Whether a path in a folder is a model folder, or a file outside one with a model's ending."""
    if path.is_dir():
        return _is_model(path)
    return path.suffix.lower() in KINDS and path.is_file() and not _is_model(path.parent)


def _is_pattern(path: Path) -> bool:
    return PATTERN.search(str(path)) is not None and not path.exists()


def _is_model(folder: Path) -> bool:
    return (folder / MODEL).is_file() or is_saved_model(folder)
