"""`glassgate score`: the surprisal of every word of a text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from glassgate.cli.options import Model, Overwrite, check_free
from glassgate.cli.predict import visible

if TYPE_CHECKING:
    from glassgate.experiments.score import ScoredWord

HEADER = ("sentence", "position", "word", "surprisal")


def score(
    model: Model,
    file: Annotated[Path, typer.Argument(metavar="FILE.txt", help="UTF-8 text to score.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE.tsv", help="A table, tab between columns."),
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Write the surprisal of every word, in bits: one row a word.

    The columns are sentence (its line in the file), position (in the line),
    word and surprisal. A model of sentences judges a word by the words before
    it in its line, the first by <bos> alone; a model of a stream by the whole
    text before it. The surprisal of a word that the model does not know is
    that of <unk>.

    For example:

        glassgate score model/ chapter.txt --output surprisal.tsv

        glassgate score model/ chapter.txt | head
    """
    from glassgate.experiments.score import score as scored
    from glassgate.files import write_whole
    from glassgate.train.corpus import read_text
    from glassgate.train.load import load

    if output is not None:
        check_free(output, overwrite)
    loaded, text = load(model), read_text(file)
    count = _Count()
    stretches = count.through(scored(loaded, text))
    if output is None:
        typer.echo("\t".join(HEADER))
        for words in stretches:
            typer.echo(_rows(words), nl=False)
    else:
        table = "\t".join(HEADER) + "\n" + "".join(map(_rows, _drawn(stretches, text)))
        write_whole(output, table.encode())
    typer.echo(count.summary(output), err=True)


class _Count:
    """What went by."""

    def __init__(self) -> None:
        self.words = self.unknown = 0
        self.bits = 0.0

    def through(self, stretches: Iterable[list[ScoredWord]]) -> Iterator[list[ScoredWord]]:
        for words in stretches:
            self.words += len(words)
            self.unknown += sum(not word.known for word in words)
            self.bits += sum(word.surprisal for word in words)
            yield words

    def summary(self, output: Path | None) -> str:
        mean = self.bits / max(self.words, 1)
        said = f"{self.words:,} words, {mean:.2f} bits a word"
        if self.unknown:
            said += f"; {self.unknown:,} ({self.unknown / self.words:.1%}) unknown, read as <unk>"
        return said if output is None else f"{said}; in {output}"


def _rows(words: Iterable[ScoredWord]) -> str:
    """Return rows of the table; a quotation mark is quoted, as R and pandas expect."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t", lineterminator="\n")
    for word in words:
        bits = f"{word.surprisal:.6f}"
        writer.writerow((word.sentence, word.position, visible(word.word), bits))
    return text.getvalue()


def _drawn(stretches: Iterable[list[ScoredWord]], text: str) -> Iterator[list[ScoredWord]]:
    """Draw a bar on stderr, as long as the text has lines."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("scoring", total=text.rstrip().count("\n") + 1)
        for words in stretches:
            yield words
            progress.update(bar, completed=words[-1].sentence)
