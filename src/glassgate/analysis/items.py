"""Texts to score: plain ones, and the items of an experiment with their columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from glassgate.analysis.rows import ENDINGS, Row, column, read_rows
from glassgate.errors import BadInput
from glassgate.train.corpus import read_text

TEXT, ITEM, CONDITION, REGION = "text", "item", "condition", "region"


@dataclass(frozen=True)
class Stretch:
    """Words of a sentence that stand in one row of a file."""

    words: int  # number, separated by spaces
    fields: Mapping[str, str]  # the row's further columns


@dataclass(frozen=True)
class Items:
    """A file to score.

    Attributes
    ----------
    path
        Name of the file.
    text
        One sentence a line.
    sentences
        What the file says of each line of the text; empty for a plain text.
    """

    path: Path
    text: str
    sentences: Sequence[Sequence[Stretch]] = ()

    @property
    def columns(self) -> list[str]:
        """The further columns, in the order in which they first occur."""
        rows = (stretch.fields for sentence in self.sentences for stretch in sentence)
        return list(dict.fromkeys(name for fields in rows for name in fields))

    def named(self, wanted: str) -> str | None:
        """Return the further column called so, in any case of letters; None if there is none."""
        return column(self.columns, wanted)

    def fields_of(self, sentence: int, word: int | None) -> Mapping[str, str]:
        """Return the further columns of a word, both counted from 1; None is the `<eos>` after it.

        The end of a sentence of several regions is in none of them.
        """
        if not self.sentences:
            return {}
        stretches = self.sentences[sentence - 1]
        if word is not None:
            ends = accumulate(stretch.words for stretch in stretches)
            return next(s.fields for s, end in zip(stretches, ends, strict=True) if word <= end)
        region = column(stretches[-1].fields, REGION) if len(stretches) > 1 else None
        return {**stretches[-1].fields, **({} if region is None else {region: ""})}


def read_items(path: Path) -> Items:
    """Read a file to score: a plain UTF-8 text, or a table of sentences.

    A name that ends in .jsonl or .tsv says a table, as `glassgate.analysis.read_pairs` reads it;
    the first line of a .tsv file names the columns. The column text holds a sentence. With a column
    region a row is a region of a sentence instead: rows that follow each other with the same item
    and condition make one sentence, until a region comes a second time.

    Raises
    ------
    BadInput
        For a file that cannot be read, a row without a text, a column region without a column item,
        and a file of comma-separated values.
    """
    suffix = path.suffix.lower()
    if suffix == ".csv":
        raise BadInput(f"{path} holds comma-separated values: write the table as .tsv or .jsonl")
    if suffix not in ENDINGS:
        return Items(path, read_text(path))
    rows = read_rows(path, lambda _: True)
    if not rows:
        raise BadInput(f"{path} holds no sentence, expected one or more")
    sentences = [list(sentence) for sentence in _sentences(rows)]
    lines = [" ".join(text for text, _ in sentence) for sentence in sentences]
    stretches = [
        [Stretch(len(text.split()), fields) for text, fields in sentence] for sentence in sentences
    ]
    return Items(path, "\n".join(lines) + "\n", stretches)


def _sentences(rows: Iterable[Row]) -> Iterator[list[tuple[str, dict[str, str]]]]:
    """Yield sentences as their rows: text and further columns."""
    sentence: list[tuple[str, dict[str, str]]] = []
    seen: set[str] = set()
    before: object = None
    for row in rows:
        text, fields = _text(row)
        region, key = _place(row, fields)
        if sentence and (region is None or key != before or region in seen):
            yield sentence
            sentence, seen = [], set()
        sentence.append((text, fields))
        seen.update(filter(None, [region]))
        before = key
    yield sentence


def _place(row: Row, fields: Mapping[str, str]) -> tuple[str | None, object]:
    """Return the region of a row, None if it is a whole sentence, and what names its sentence."""
    item, condition, region = (column(fields, name) for name in (ITEM, CONDITION, REGION))
    if region is None:
        return None, None
    if item is None:
        raise BadInput(
            f"{row.names_at} a column region needs a column item, which says whose regions they are"
        )
    return fields[region], (fields[item], condition and fields[condition])


def _text(row: Row) -> tuple[str, dict[str, str]]:
    """Return the text of a row with single spaces, and its further columns."""
    name = column(row.fields, TEXT)
    if name is None:
        names = ", ".join(row.fields) or "none"
        raise BadInput(f"{row.names_at} expected a column text, got {names}")
    value = row.fields[name]
    fields = row.further((name,))
    if not isinstance(value, str) or not value.strip():
        raise BadInput(f"{row.where} {name} must be text, got {value!r:.60}")
    row.further(())  # the text as well must be one that a file can hold
    return " ".join(value.split()), fields
