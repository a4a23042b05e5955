"""`glassgate score`: the surprisal of every token or word of a text."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from glassgate.cli.options import Clamps, MeasuredThreads, Model, Overwrite, check_free
from glassgate.cli.predict import visible
from glassgate.cli.screen import head, row

if TYPE_CHECKING:
    from glassgate.analysis.scoring import Scored
    from glassgate.train import Loaded

TOKENS = ("sentence", "position", "token", "surprisal", "unknown")
WORDS = ("sentence", "position", "word", "surprisal", "unknown", "length", "pieces")


def score(
    model: Model,
    file: Annotated[Path, typer.Argument(metavar="FILE.txt", help="UTF-8 text to score.")],
    words: Annotated[
        bool, typer.Option("--by-word", help="A row for what stands between two spaces.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE.tsv", help="A table, tab between columns."),
    ] = None,
    clamp: Clamps = None,
    threads: MeasuredThreads = None,
    overwrite: Overwrite = False,
) -> None:
    r"""Write surprisal in bits: a row for each token that the model read, or for each word.

    A model of sentences judges a token by those before it in its line, the
    first by <bos> alone, and <eos> at the end of the line has a row of its
    own. A model of a stream judges it by the whole text before it. Lines
    that begin with # say so in the table.

    Tokens are words and marks, or characters. --by-word sums them to the words
    of a reading experiment, what stands between two spaces: "knee" and "." to
    "knee.", or letters to a word. Its columns are sentence (the line of the
    file), position (in the line), word, surprisal, unknown (1 where the model
    read <unk>), length (letters and digits) and pieces (tokens).

    For example:

        glassgate score model/ chapter.txt --output tokens.tsv

        glassgate score model/ items.txt --by-word --output words.tsv

        glassgate score model/ items.txt --clamp "layer=0 units=3,7 kept=0"

    Then, in R or in Python:

        read.delim("words.tsv", comment.char = "#", na.strings = "")

        pandas.read_csv("words.tsv", sep="\t", comment="#", keep_default_na=False)
    """
    from glassgate.cli.screen import announce_reading

    if output is not None:
        check_free(output, overwrite)
    announce_reading(model)
    from glassgate.analysis.scoring import by_word
    from glassgate.analysis.scoring import score as scored
    from glassgate.cli.clamps import clamps
    from glassgate.files import write_whole
    from glassgate.train import load
    from glassgate.train.corpus import read_text
    from glassgate.train.threads import Pace, offered_threads, on_threads

    loaded, text = load(model), read_text(file)
    pace = Pace(offered_threads()) if threads is None else None
    tokens = scored(loaded, text, pace)
    scores: Iterator[Sequence[Scored]] = by_word(tokens) if words else tokens
    held = [f"held: {'; '.join(clamp)}"] if clamp else []
    top = head(_comments(loaded, model, file, words=words) + held, WORDS if words else TOKENS)
    count = _Count("word" if words else "token")
    stretches = count.through(scores)
    if output is not None or not sys.stdout.isatty():  # where rows do not show how far it is
        stretches = _drawn(stretches, text)
    with on_threads(threads), clamps(loaded.model, clamp or []):
        if output is None:
            typer.echo(top, nl=False)
            for stretch in stretches:
                typer.echo(_rows(stretch), nl=False)
        else:
            table = top + "".join(map(_rows, stretches))
            write_whole(output, table.encode())
    if pace is not None and pace.measured:
        typer.echo(pace.trial, err=True)
    typer.echo(count.summary(output), err=True)


def _comments(loaded: Loaded, model: Path, file: Path, *, words: bool) -> list[str]:
    """Say what the numbers of a table are conditioned on."""
    import glassgate

    level, data = loaded.config.get("level", "words"), loaded.config.get("data")
    remembers = loaded.settings.network != "feedforward"
    if loaded.config.get("by_sentence"):
        kind, whole = "sentences", "line"
        end = "<eos>, the end of a line, has a row of its own"
    else:
        kind, whole = "a stream", "text"
        carried = "the state is carried over the ends of lines; " if remembers else ""
        end = f"{carried}the model knows no end of a sentence: there is no row for it"
    given = f"<bos>, tokens before it in its {whole}" if remembers else "the token before it"
    start = "<bos> and the zero state" if remembers else "<bos>"
    learned = f" that learned from {data}," if data else ""
    said = [
        f"glassgate score {glassgate.__version__}: {model.resolve().name}, a "
        f"{loaded.settings.network} of {kind} of {level}{learned} reads {file.name}",
        f"surprisal: bits, -log2 P(token | {given}); the first token of a {whole} is scored given "
        f"{start}",
        end,
        f"unknown: 1 where the model read <unk>, which stands for every {level[:-1]} that it does "
        "not know",
    ]
    if words:
        space = "; the space after a word is one of them" if level == "characters" else ""
        said.append(
            f"a word stands between two spaces; surprisal is the sum over its pieces{space}"
        )
    return said


@dataclass
class _Count:
    """What went by."""

    thing: str
    number: int = 0
    ends: int = 0  # of lines, each an <eos>
    unknown: int = 0
    bits: float = 0.0

    def through(self, stretches: Iterable[Sequence[Scored]]) -> Iterator[Sequence[Scored]]:
        for stretch in stretches:
            self.number += len(stretch)
            self.ends += sum(one.is_end for one in stretch)
            self.unknown += sum(not one.known for one in stretch)
            self.bits += sum(one.surprisal for one in stretch)
            yield stretch

    def summary(self, output: Path | None) -> str:
        things, ends = self.number - self.ends, f" and {self.ends:,} ends of lines"
        mean = self.bits / max(self.number, 1)
        said = f"{things:,} {self.thing}s{ends if self.ends else ''}, {mean:.2f} bits each"
        if self.unknown:
            share = self.unknown / things
            said += f"; {self.unknown:,} ({share:.1%}) unknown, read as <unk>"
        return said if output is None else f"{said}; in {output}"


def _rows(stretch: Iterable[Scored]) -> str:
    from glassgate.analysis.scoring import ScoredWord

    rows = []
    for one in stretch:
        values = (one.sentence, one.position, visible(one.spelt), one.surprisal, int(not one.known))
        more = (one.length, one.pieces) if isinstance(one, ScoredWord) else ()
        rows.append(row(values + more))
    return "".join(rows)


def _drawn(stretches: Iterable[Sequence[Scored]], text: str) -> Iterator[Sequence[Scored]]:
    """Draw a bar as long as the text has lines."""
    from glassgate.cli.screen import bar

    with bar("scoring", text.rstrip().count("\n") + 1) as advance:
        for stretch in stretches:
            yield stretch
            advance(stretch[-1].sentence)
