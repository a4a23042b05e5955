"""Files of minimal pairs: BLiMP's JSON lines, or two columns with a tab between them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassgate.errors import BadInput
from glassgate.train.corpus import read_text

GOOD, BAD = "sentence_good", "sentence_bad"
HEADINGS = ([GOOD, BAD], ["good", "bad"])  # of two columns
QUOTED = re.compile(r'"((?:[^"]|"")*)"')  # a cell as R and pandas write it
HALF = re.compile("[\ud800-\udfff]")  # of a surrogate pair: JSON can say it, no text can hold it
NAMED = (  # by BLiMP: what stands before the critical word and that itself, good and bad
    (
        ("one_prefix_prefix", "one_prefix_word_good"),
        ("one_prefix_prefix", "one_prefix_word_bad"),
    ),
    (("two_prefix_prefix_good", "two_prefix_word"), ("two_prefix_prefix_bad", "two_prefix_word")),
)


@dataclass(frozen=True)
class Pair:
    """Two sentences, of which the first is grammatical and the second is not.

    `named` holds the critical words if the file says which they are: for the good sentence and
    for the bad one all that stands before it, and the word.
    """

    line: int  # of the file, from 1
    good: str
    bad: str
    named: tuple[tuple[str, str], tuple[str, str]] | None = None


def read_pairs(path: Path) -> list[Pair]:
    """Read the pairs of a UTF-8 file; lines that are blank are none.

    A name that ends in .jsonl holds an object a line with the strings sentence_good and
    sentence_bad; the fields of BLiMP's one-prefix and two-prefix methods (Warstadt et al. 2020)
    name the critical words where they are there. A name that ends in .tsv holds the good and the
    bad sentence of a pair, a tab between them. Quotation marks around the whole of a cell are the
    table's, and a doubled one inside them is one. A first line that reads sentence_good,
    sentence_bad, or good, bad, names the columns.

    Raises
    ------
    BadInput
        For a file of another name, one that cannot be read, columns that a first line names the
        other way round, and a line that is no pair, with its number.
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
    for names in NAMED:
        if all(_is_text(fields.get(name)) for side in names for name in side):
            named = [(fields[before], fields[word]) for before, word in names]
            return Pair(number, good, bad, (named[0], named[1]))
    return Pair(number, good, bad)


def _is_heading(path: Path, line: str) -> bool:
    """Say whether a first line names the columns; `BadInput` if the other way round."""
    columns = [cell.strip().lower() for cell in _cells(line)]
    if columns[::-1] in HEADINGS:
        raise BadInput(f"{path}, line 1: the good sentence must come first, got {line!r}")
    return columns in HEADINGS


def _cells(line: str) -> list[str]:
    """Cut a line at its tabs, and take the quotation marks from around whole cells."""
    cells = line.split("\t")
    found = [QUOTED.fullmatch(cell.strip()) for cell in cells]
    return [q[1].replace('""', '"') if q else cell for q, cell in zip(found, cells, strict=True)]


def _is_text(value: object) -> bool:
    return isinstance(value, str) and not HALF.search(value)


def _of_columns(where: str, number: int, line: str) -> Pair:
    columns = _cells(line)
    if len(columns) != 2:
        raise BadInput(f"{where} expected two columns with a tab between them, got {len(columns)}")
    fields = dict(zip((GOOD, BAD), columns, strict=True))
    return Pair(number, _sentence(where, fields, GOOD), _sentence(where, fields, BAD))


def _sentence(where: str, fields: dict[str, Any], name: str) -> str:
    """Return the sentence of that name, without white space around it."""
    if name not in fields:
        raise BadInput(f"{where} {name} is missing")
    value = fields[name]
    if not _is_text(value) or not value.strip():
        raise BadInput(f"{where} {name} must be a sentence, got {value!r:.60}")
    sentence: str = value.strip()
    return sentence
