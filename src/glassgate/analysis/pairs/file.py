"""Files of minimal pairs: BLiMP's JSON lines, or columns separated by tabs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from glassgate.analysis.rows import ENDINGS, Row, column, is_text, read_rows
from glassgate.errors import BadInput

GOOD, BAD = "sentence_good", "sentence_bad"
HEADINGS = ((GOOD, BAD), ("good", "bad"))  # names of the two columns
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
    sentence and of the bad one. `fields` holds the file's further columns, such as item and
    condition.
    """

    line: int  # in the file, from 1
    good: str
    bad: str
    named: tuple[tuple[str, str], tuple[str, str]] | None = None
    fields: Mapping[str, str] = field(default_factory=dict)


def read_pairs(path: Path) -> list[Pair]:
    """Read the pairs of a UTF-8 file; blank lines are skipped.

    In a file whose name ends in .jsonl, each line is an object with the strings sentence_good and
    sentence_bad; the fields of BLiMP's one-prefix and two-prefix methods (Warstadt et al. 2020), if
    present, name the critical words. In a file whose name ends in .tsv, the first line names the
    columns: sentence_good and sentence_bad, or good and bad, among others and in any order. Without
    such a line each line is the good and the bad sentence. Quotation marks around a whole cell are
    not part of the sentence, and doubled ones inside it stand for one.

    Raises
    ------
    BadInput
        For another ending, a file that cannot be read, and a line that is not a pair, with its
        number.
    """
    if path.suffix.lower() not in ENDINGS:
        raise BadInput(f"{path} must end in .jsonl or .tsv, to say which form its pairs have")
    pairs = [_pair(row) for row in read_rows(path, _is_header, HEADINGS[0])]
    if not pairs:
        raise BadInput(f"{path} holds no pair, expected one or more")
    return pairs


def _is_header(cells: Sequence[str]) -> bool:
    return any(set(heading) <= set(cells) for heading in HEADINGS)


def _pair(row: Row) -> Pair:
    (good, good_column), (bad, bad_column) = _sentence(row, 0), _sentence(row, 1)
    further = row.further((good_column, bad_column))
    for names in CRITICAL_FIELDS:
        if all(is_text(row.fields.get(name)) for side in names for name in side):
            named = [(row.fields[before], row.fields[word]) for before, word in names]
            return Pair(row.line, good, bad, (named[0], named[1]), further)
    return Pair(row.line, good, bad, None, further)


def _sentence(row: Row, side: int) -> tuple[str, str]:
    """Return the good (0) or bad (1) sentence, stripped of white space, and its column."""
    names = (column(row.fields, heading[side]) for heading in HEADINGS)
    name = next((name for name in names if name is not None), None)
    if name is None:
        raise BadInput(f"{row.where} {HEADINGS[0][side]} is missing")
    value = row.fields[name]
    if not is_text(value) or not value.strip():
        raise BadInput(f"{row.where} {name} must be a sentence, got {value!r:.60}")
    return value.strip(), name
