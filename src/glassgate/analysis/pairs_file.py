"""Files of minimal pairs: BLiMP's JSON lines, or two columns separated by a tab."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassgate.errors import BadInput
from glassgate.train.corpus import read_text

GOOD, BAD = "sentence_good", "sentence_bad"
HEADINGS = ([GOOD, BAD], ["good", "bad"])  # names of the two columns
QUOTED_CELL = re.compile(r'"((?:[^"]|"")*)"')  # as R and pandas write it
SURROGATE = re.compile("[\ud800-\udfff]")  # JSON can contain a lone one, UTF-8 cannot
CRITICAL_FIELDS = (  # BLiMP's: prefix and critical word of the good and the bad sentence
    (
        ("one_prefix_prefix", "one_prefix_word_good"),
        ("one_prefix_prefix", "one_prefix_word_bad"),
    ),
    (("two_prefix_prefix_good", "two_prefix_word"), ("two_prefix_prefix_bad", "two_prefix_word")),
)


@dataclass(frozen=True)
class Pair:
    """A grammatical sentence and an ungrammatical one.

    `named` holds the critical words if the file names them: the prefix and the word, of the good
    sentence and of the bad one.
    """

    line: int  # in the file, from 1
    good: str
    bad: str
    named: tuple[tuple[str, str], tuple[str, str]] | None = None


def read_pairs(path: Path) -> list[Pair]:
    """Read the pairs of a UTF-8 file; blank lines are skipped.

    In a file whose name ends in .jsonl, each line is an object with the strings sentence_good and
    sentence_bad; the fields of BLiMP's one-prefix and two-prefix methods (Warstadt et al. 2020), if
    present, name the critical words. In a file whose name ends in .tsv, each line is the good and
    the bad sentence, separated by a tab. Quotation marks around a whole cell are not part of the
    sentence, and doubled ones inside it stand for one. A first line sentence_good, sentence_bad, or
    good, bad, names the columns.

    Raises
    ------
    BadInput
        For another ending, a file that cannot be read, a first line that names the columns in the
        wrong order, and a line that is not a pair, with its number.
    """
    suffix = path.suffix.lower()
    if suffix not in (".jsonl", ".tsv"):
        raise BadInput(f"{path} must end in .jsonl or .tsv, to say which form its pairs have")
    lines = read_text(path).split("\n")
    if suffix == ".jsonl":
        read, headed = _of_json, False
    else:
        read, headed = _of_columns, _is_heading(path, lines[0])
    pairs = [
        read(f"{path}, line {number}:", number, line)
        for number, line in enumerate(lines, 1)
        if line.strip() and not (number == 1 and headed)
    ]
    if not pairs:
        raise BadInput(f"{path} holds no pair, expected one or more")
    return pairs


def _of_json(where: str, number: int, line: str) -> Pair:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{where} is not JSON: {error}") from None
    if not isinstance(fields, dict):
        raise BadInput(f"{where} must be a JSON object, got {type(fields).__name__}")
    good, bad = _sentence(where, fields, GOOD), _sentence(where, fields, BAD)
    for names in CRITICAL_FIELDS:
        if all(_is_text(fields.get(name)) for side in names for name in side):
            named = [(fields[before], fields[word]) for before, word in names]
            return Pair(number, good, bad, (named[0], named[1]))
    return Pair(number, good, bad)


def _is_heading(path: Path, line: str) -> bool:
    """Whether a first line names the columns; raise `BadInput` if in the wrong order."""
    columns = [cell.strip().lower() for cell in _cells(line)]
    if columns[::-1] in HEADINGS:
        raise BadInput(f"{path}, line 1: the good sentence must come first, got {line!r}")
    return columns in HEADINGS


def _cells(line: str) -> list[str]:
    """Split a line at its tabs, and strip the quotation marks around whole cells."""
    cells = line.split("\t")
    quoted = [QUOTED_CELL.fullmatch(cell.strip()) for cell in cells]
    return [q[1].replace('""', '"') if q else cell for q, cell in zip(quoted, cells, strict=True)]


def _is_text(value: object) -> bool:
    return isinstance(value, str) and not SURROGATE.search(value)


def _of_columns(where: str, number: int, line: str) -> Pair:
    columns = _cells(line)
    if len(columns) != 2:
        raise BadInput(f"{where} expected two columns with a tab between them, got {len(columns)}")
    fields = dict(zip((GOOD, BAD), columns, strict=True))
    return Pair(number, _sentence(where, fields, GOOD), _sentence(where, fields, BAD))


def _sentence(where: str, fields: dict[str, Any], name: str) -> str:
    """Return the sentence in field `name`, stripped of white space."""
    if name not in fields:
        raise BadInput(f"{where} {name} is missing")
    value = fields[name]
    if not _is_text(value) or not value.strip():
        raise BadInput(f"{where} {name} must be a sentence, got {value!r:.60}")
    sentence: str = value.strip()
    return sentence
