"""`glassgate pairs`: how often a model prefers the good sentence of a minimal pair."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from glassgate.cli.options import Clamps, Model, Overwrite, check_free
from glassgate.cli.screen import head, row

if TYPE_CHECKING:
    from glassgate.analysis.pairs import Accuracy, Counts, Judged, Side
    from glassgate.train import Loaded

COLUMNS = ("line", "right", "critical_right")
SIDE = ("tokens", "unknown", "surprisal", "critical", "critical_surprisal")


def pairs(
    model: Model,
    file: Annotated[
        Path, typer.Argument(metavar="PAIRS.jsonl", help="A pair a line; or .tsv, two columns.")
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE.tsv", help="A table, one row a pair."),
    ] = None,
    results: Annotated[
        Path | None, typer.Option("--json", metavar="FILE.json", help="The figures, as JSON.")
    ] = None,
    clamp: Clamps = None,
    overwrite: Overwrite = False,
) -> None:
    """Say how often the good sentence of a minimal pair is the more probable one.

    The file has BLiMP's form, a JSON object a line with sentence_good and
    sentence_bad; or its name ends in .tsv, and it has two columns. Two methods
    judge: by the probability of the whole sentence, and by that of the
    critical word given the words before it. The critical word is the first at
    which the two sentences differ, or the one that the file names as BLiMP
    does. A tie counts as half. Intervals hold 95% (Wilson 1927).

    An unknown word is read as <unk>, which stands for many words and so is
    often more probable than a known one: look at the pairs without any.

    For example:

        glassgate pairs model/ anaphor_agreement.jsonl

        glassgate pairs model/ mine.tsv --output judged.tsv --json figures.json

        glassgate pairs model/ mine.tsv --clamp "layer=0 units=3,7 kept=0"
    """
    from glassgate.cli.screen import announce_reading, bar

    for path in (output, results):
        if path is not None:
            check_free(path, overwrite)
    announce_reading(model)
    from glassgate.analysis.pairs import accuracies, counts, judge
    from glassgate.analysis.pairs_file import read_pairs
    from glassgate.cli.clamps import clamps
    from glassgate.files import write_whole
    from glassgate.train import load

    loaded, found = load(model), read_pairs(file)
    with clamps(loaded.model, clamp or []), bar("judging", 2 * len(found)) as advance:
        judged = judge(loaded, found, advance)
    reached, counted = accuracies(judged), counts(judged)
    title = _title(loaded, model, file, clamp or [])
    if output is not None:
        write_whole(output, _rows(title, judged).encode())
    if results is not None:
        write_whole(results, _json(model, file, clamp, reached, counted).encode())
    typer.echo(f"{title}\n{_said(counted)}")
    _print(reached)


def _title(loaded: Loaded, model: Path, file: Path, clamp: Sequence[str]) -> str:
    """Say who judges what, from where on a sentence is read, and what is held."""
    by_sentence = loaded.config.get("by_sentence")
    kind = f"{'sentences' if by_sentence else 'a stream'} of {loaded.config.get('level', 'words')}"
    end = "; its end, <eos>, is one of its tokens" if by_sentence else ""
    start = "" if loaded.settings.network == "feedforward" else " and the zero state"
    return (
        f"{file.name}, judged by {model.resolve().name}, a {loaded.settings.network} of {kind}: "
        f"each sentence from <bos>{start}{end}" + (f"; held: {'; '.join(clamp)}" if clamp else "")
    )


def _said(counted: Counts) -> str:
    """Say how many pairs there are, and which are out of the ordinary."""
    more = (
        (counted.unknown, "hold words unknown to the model"),
        (counted.unknown_critical, "have an unknown critical word"),
        (counted.unlike_length, "have sentences of unlike length"),
        (counted.no_critical, "have no critical word"),
        (counted.no_prefix, "have no word before the critical one"),
    )
    said = [f"{number:,} {what}" for number, what in more if number]
    return "; ".join([f"{counted.pairs:,} pairs", *said])


def _print(reached: Sequence[Accuracy]) -> None:
    lines = [("", "pairs", "n", "right", "tied", "accuracy", "95% interval")]
    for one in reached:
        share, ends = one.share, one.interval
        accuracy = "" if share is None else f"{share:.1%}"
        interval = "" if ends is None else f"{ends[0]:.1%} to {ends[1]:.1%}"
        numbers = (f"{one.n:,}", f"{one.right:,}", f"{one.tied:,}")
        lines.append((one.method, one.pairs, *numbers, accuracy, interval))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        left = [cell.ljust(width) for cell, width in zip(line[:2], widths[:2], strict=True)]
        right = [cell.rjust(width) for cell, width in zip(line[2:], widths[2:], strict=True)]
        typer.echo("  ".join([*left, *right]).rstrip())


def _rows(title: str, judged: Sequence[Judged]) -> str:
    """Return the table of pairs; a cell is empty where there is no critical word."""
    comments = [
        title,
        "right: 1 where the good sentence, or critical word, is the more probable, 0.5 for a tie",
        "surprisal: bits, of the whole sentence or of the critical word given those before it",
    ]
    columns = [*COLUMNS, *(f"{name}_{side}" for side in ("good", "bad") for name in SIDE)]
    table = [head(comments, columns)]
    for one in judged:
        marks = [one.pair.line, *map(_mark, (one.whole_sentence, one.critical_word))]
        table.append(row([*marks, *_side(one.good), *_side(one.bad)]))
    return "".join(table)


def _mark(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _side(side: Side) -> list[Any]:
    word = side.critical
    critical = ["", ""] if word is None else [word.word, word.bits]
    return [side.tokens, side.unknown, side.bits, *critical]


def _json(
    model: Path, file: Path, clamp: Clamps, reached: Sequence[Accuracy], counted: Counts
) -> str:
    from glassgate.experiments.common import provenance

    figures = [
        {**asdict(one), "accuracy": one.share, "interval": one.interval and list(one.interval)}
        for one in reached
    ]
    said = {
        **provenance(shlex.join(["glassgate", *sys.argv[1:]])),
        "model": model.resolve().name,
        "file": file.name,
        "held": clamp or [],
        "counts": asdict(counted),
        "accuracies": figures,
    }
    return json.dumps(said, indent=1) + "\n"
