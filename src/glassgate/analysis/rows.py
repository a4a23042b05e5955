"""Files of rows with named columns: JSON lines, or columns separated by tabs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassgate.errors import BadInput
from glassgate.train.corpus import read_text

ENDINGS = (".jsonl", ".tsv")
QUOTED_CELL = re.compile(r'"((?:[^"]|"")*)"')  # as R and pandas write it
SURROGATE = re.compile("[\ud800-\udfff]")  # JSON can contain a lone one, UTF-8 cannot


@dataclass(frozen=True)
class Row:
    """A line of a file, by column."""

    where: str  # the file and the line, for messages
    line: int  # in the file, from 1
    fields: Mapping[str, Any]  # text, or what JSON holds
    names_at: str  # the file and the line that names the columns, for messages

    def further(self, own: Collection[str]) -> dict[str, str]:
        """Return all columns but some, as text: JSON's null is empty, other values as JSON.

        Raises `BadInput` for a lone surrogate, which no file can hold.
        """
        passed = {name: _to_text(value) for name, value in self.fields.items() if name not in own}
        for name, text in passed.items():
            if SURROGATE.search(name + text):
                raise BadInput(f"{self.where} {name!r} must be text, got {text!r:.60}")
        return passed


def read_rows(
    path: Path, is_header: Callable[[Sequence[str]], bool], unnamed: Sequence[str] = ()
) -> list[Row]:
    """Read the rows of a UTF-8 file; blank lines are skipped.

    In a file whose name ends in .jsonl, each line is an object. In one whose name ends in .tsv,
    the cells of a line are separated by tabs; quotation marks around a whole cell are not part of
    it, and doubled ones inside it stand for one, as R and pandas write them.

    Parameters
    ----------
    path
        Name of the file.
    is_header
        Whether the cells of the first line of a .tsv file, in lower case, name the columns.
    unnamed
        Names of the columns where the first line does not; every line then has as many cells.

    Raises
    ------
    BadInput
        For another ending, a file that cannot be read, and a line that is no row, with its number.
    """
    suffix = path.suffix.lower()
    if suffix not in ENDINGS:
        raise BadInput(f"{path} must end in .jsonl or .tsv, to say which form its rows have")
    lines = read_text(path).split("\n")
    numbered = [(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if suffix == ".jsonl":
        return [_of_json(f"{path}, line {number}:", number, line) for number, line in numbered]
    return list(_of_cells(path, numbered, is_header, unnamed))


def column(names: Collection[str], wanted: str) -> str | None:
    """Return the column called so, in any case of letters; None if there is none.

    >>> column(["Item", "text"], "item")
    'Item'
    """
    if wanted in names:
        return wanted
    return next((name for name in names if name.strip().lower() == wanted), None)


def is_text(value: object) -> bool:
    """Whether a value is a string that a file can hold."""
    return isinstance(value, str) and not SURROGATE.search(value)


def _to_text(value: object) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _of_json(where: str, number: int, line: str) -> Row:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{where} is not JSON: {error}") from None
    if not isinstance(fields, dict):
        raise BadInput(f"{where} must be a JSON object, got {type(fields).__name__}")
    return Row(where, number, fields, where)


def _of_cells(
    path: Path,
    numbered: Sequence[tuple[int, str]],
    is_header: Callable[[Sequence[str]], bool],
    unnamed: Sequence[str],
) -> Iterator[Row]:
    first, line = numbered[0]
    names = _cells(line)
    headed = is_header([name.strip().lower() for name in names])
    if headed:
        _check_names(f"{path}, line {first}:", names)
    expected = (
        f"the {len(names)} columns of line {first}"
        if headed
        else "two columns with a tab between them"
    )
    for number, line in numbered[headed:]:
        where, cells = f"{path}, line {number}:", _cells(line)
        if len(cells) != len(names if headed else unnamed):
            hint = "" if headed else f"; name them in the first line: {', '.join(unnamed)}, ..."
            raise BadInput(
                f"{where} expected {expected}, got {len(cells)}{hint if len(cells) > 2 else ''}"
            )
        fields = dict(zip(names if headed else unnamed, cells, strict=True))
        yield Row(where, number, fields, f"{path}, line {first}:" if headed else where)


def _check_names(where: str, names: Sequence[str]) -> None:
    for number, name in enumerate(names, 1):
        if not name.strip():
            raise BadInput(f"{where} column {number} has no name")
        if names.index(name) < number - 1:
            raise BadInput(f"{where} two columns are called {name!r}")


def _cells(line: str) -> list[str]:
    """Split a line at its tabs, and strip the quotation marks around whole cells."""
    cells = line.split("\t")
    quoted = [QUOTED_CELL.fullmatch(cell.strip()) for cell in cells]
    return [q[1].replace('""', '"') if q else cell for q, cell in zip(quoted, cells, strict=True)]
