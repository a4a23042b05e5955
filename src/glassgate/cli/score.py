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
        bool,
        typer.Option("--by-word", help="Write a row for each word instead of each token."),
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE.tsv",
            help="Write the table to this file.",
        ),
    ] = None,
    clamp: Clamps = None,
    threads: MeasuredThreads = None,
    overwrite: Overwrite = False,
) -> None:
    r"""Compute the surprisal of every token of a text, or of every word, in bits.

    A model of sentences predicts a token from the tokens before it in its line,
    the first one from <bos> alone, and the end of the line, <eos>, has its own
    row. A model of a stream predicts a token from the whole text before it.
    Comments at the top of the table, which begin with #, say which.

    Tokens are words and punctuation marks, or characters. --by-word adds them
    up to the words of a reading experiment, separated by spaces: "knee" and "."
    to "knee.", or letters to a word. Its columns are sentence (the line of the
    file), position (in the line), word, surprisal, unknown (1 if a token was
    read as <unk>), length (letters and digits) and pieces (tokens).

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
    from glassgate.analysis.scoring import score as score_tokens
    from glassgate.cli.clamps import clamps
    from glassgate.files import write_whole
    from glassgate.train import load
    from glassgate.train.corpus import read_text
    from glassgate.train.threads import Pace, offered_threads, on_threads

    loaded, text = load(model), read_text(file)
    pace = Pace(offered_threads()) if threads is None else None
    tokens = score_tokens(loaded, text, pace)
    scores: Iterator[Sequence[Scored]] = by_word(tokens) if words else tokens
    held = [f"held: {'; '.join(clamp)}"] if clamp else []
    header = head(_comments(loaded, model, file, words=words) + held, WORDS if words else TOKENS)
    count = _Count("word" if words else "token")
    stretches = count.over(scores)
    if output is not None or not sys.stdout.isatty():
        stretches = _show_progress(stretches, text)
    with on_threads(threads), clamps(loaded.model, clamp or []):
        if output is None:
            typer.echo(header, nl=False)
            for stretch in stretches:
                typer.echo(_rows(stretch), nl=False)
        else:
            table = header + "".join(map(_rows, stretches))
            write_whole(output, table.encode())
    if pace is not None and pace.has_measured:
        typer.echo(pace.trial, err=True)
    typer.echo(count.summary(output), err=True)


def _comments(loaded: Loaded, model: Path, file: Path, *, words: bool) -> list[str]:
    """Describe what the surprisals of a table are conditioned on."""
    import glassgate

    level, data = loaded.config.get("level", "words"), loaded.config.get("data")
    remembers = loaded.settings.network != "feedforward"
    if loaded.config.get("by_sentence"):
        kind, whole = "sentences", "line"
        end = "<eos>, the end of a line, has its own row"
    else:
        kind, whole = "a stream", "text"
        carried = "the state is carried across lines; " if remembers else ""
        end = f"{carried}the model has no token for the end of a sentence, and the table no row"
    given = f"<bos>, the tokens before it in its {whole}" if remembers else "the token before it"
    start = "<bos> and the zero state" if remembers else "<bos>"
    learned = f" trained on {data}" if data else ""
    comments = [
        f"glassgate score {glassgate.__version__}: {file.name}, scored by {model.resolve().name}, "
        f"a {loaded.settings.network} of {kind} of {level}{learned}",
        f"surprisal: in bits, -log2 P(token | {given}); the first token of a {whole} is scored "
        f"given {start}",
        end,
        f"unknown: 1 if the model read <unk>, which stands for every {level[:-1]} that is not in "
        "its vocabulary",
    ]
    if words:
        space = ", including the space after it" if level == "characters" else ""
        comments.append(
            f"words are separated by spaces; the surprisal of one is the sum over its pieces{space}"
        )
    return comments


@dataclass
class _Count:
    """Totals over the rows of a table, for the summary."""

    thing: str
    number: int = 0
    ends: int = 0  # lines that end, each with an <eos>
    unknown: int = 0
    bits: float = 0.0

    def over(self, stretches: Iterable[Sequence[Scored]]) -> Iterator[Sequence[Scored]]:
        for stretch in stretches:
            self.number += len(stretch)
            self.ends += sum(scored.is_end for scored in stretch)
            self.unknown += sum(not scored.known for scored in stretch)
            self.bits += sum(scored.surprisal for scored in stretch)
            yield stretch

    def summary(self, output: Path | None) -> str:
        things, ends = self.number - self.ends, f" and {self.ends:,} ends of lines"
        mean = self.bits / max(self.number, 1)
        summary = f"{things:,} {self.thing}s{ends if self.ends else ''}, {mean:.2f} bits each"
        if self.unknown:
            share = self.unknown / things
            summary += f"; {self.unknown:,} ({share:.1%}) unknown, read as <unk>"
        return summary if output is None else f"{summary}; written to {output}"


def _rows(stretch: Iterable[Scored]) -> str:
    from glassgate.analysis.scoring import ScoredWord

    rows = []
    for scored in stretch:
        spelt, unknown = visible(scored.spelt), int(not scored.known)
        values = (scored.sentence, scored.position, spelt, scored.surprisal, unknown)
        more = (scored.length, scored.pieces) if isinstance(scored, ScoredWord) else ()
        rows.append(row(values + more))
    return "".join(rows)


def _show_progress(stretches: Iterable[Sequence[Scored]], text: str) -> Iterator[Sequence[Scored]]:
    """Show the progress through the lines of the text."""
    from glassgate.cli.screen import bar

    with bar("scoring", text.rstrip().count("\n") + 1) as advance:
        for stretch in stretches:
            yield stretch
            advance(stretch[-1].sentence)
