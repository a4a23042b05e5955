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
        Path, typer.Argument(metavar="PAIRS.jsonl", help="One pair per line; or .tsv, two columns.")
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE.tsv", help="Write a row for each pair."),
    ] = None,
    results: Annotated[
        Path | None, typer.Option("--json", metavar="FILE.json", help="Write the results as JSON.")
    ] = None,
    clamp: Clamps = None,
    overwrite: Overwrite = False,
) -> None:
    """Measure how often a model prefers the good sentence of a minimal pair.

    The file has BLiMP's format, one JSON object per line with sentence_good and
    sentence_bad; or it is a .tsv file with two columns. The sentences of a pair
    are compared in two ways: by the probability of the whole sentence, and by
    that of the critical word given the words before it. The critical word is
    the first one at which the sentences differ, unless the file names it as
    BLiMP does. A tie counts as half. Intervals are 95% intervals (Wilson 1927).

    Unknown words are read as <unk>, which stands for many words and so is often
    more probable than a known one: look at the pairs without unknown words.

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

    loaded, minimal_pairs = load(model), read_pairs(file)
    with clamps(loaded.model, clamp or []), bar("judging", 2 * len(minimal_pairs)) as advance:
        judged = judge(loaded, minimal_pairs, advance)
    results_by_method, pair_counts = accuracies(judged), counts(judged)
    title = _title(loaded, model, file, clamp or [])
    if output is not None:
        write_whole(output, _rows(title, judged).encode())
    if results is not None:
        write_whole(results, _json(model, file, clamp, results_by_method, pair_counts).encode())
    typer.echo(f"{title}\n{_describe_counts(pair_counts)}")
    _print(results_by_method)


def _title(loaded: Loaded, model: Path, file: Path, clamp: Sequence[str]) -> str:
    """Describe the model, what its probabilities are conditioned on, and the clamps."""
    by_sentence = loaded.config.get("by_sentence")
    kind = f"{'sentences' if by_sentence else 'a stream'} of {loaded.config.get('level', 'words')}"
    end = ", with <eos> as its last token" if by_sentence else ""
    start = "" if loaded.settings.network == "feedforward" else " and the zero state"
    return (
        f"{file.name}, judged by {model.resolve().name}, a {loaded.settings.network} of {kind}: "
        f"each sentence from <bos>{start}{end}" + (f"; held: {'; '.join(clamp)}" if clamp else "")
    )


def _describe_counts(counted: Counts) -> str:
    """Describe how many pairs there are, and how many are out of the ordinary."""
    special = (
        (counted.unknown, "have unknown words"),
        (counted.unknown_critical, "have an unknown critical word"),
        (counted.unlike_length, "have sentences of different length"),
        (counted.no_critical, "have no critical word"),
        (counted.no_prefix, "have no word before the critical one"),
    )
    parts = [f"{number:,} {description}" for number, description in special if number]
    return "; ".join([f"{counted.pairs:,} pairs", *parts])


def _print(results: Sequence[Accuracy]) -> None:
    lines = [("method", "pairs", "n", "right", "tied", "accuracy", "95% interval")]
    for result in results:
        share, ends = result.share, result.interval
        accuracy = "" if share is None else f"{share:.1%}"
        interval = "" if ends is None else f"{ends[0]:.1%} to {ends[1]:.1%}"
        numbers = (f"{result.n:,}", f"{result.right:,}", f"{result.tied:,}")
        lines.append((result.method, result.pairs, *numbers, accuracy, interval))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        left = [cell.ljust(width) for cell, width in zip(line[:2], widths[:2], strict=True)]
        right = [cell.rjust(width) for cell, width in zip(line[2:], widths[2:], strict=True)]
        typer.echo("  ".join([*left, *right]).rstrip())


def _rows(title: str, judged: Sequence[Judged]) -> str:
    """Return the table of pairs; cells are empty if there is no critical word."""
    comments = [
        title,
        "right: 1 if the good sentence, or critical word, is more probable, 0.5 for a tie",
        "surprisal: in bits, of the sentence or of the critical word given the words before it",
    ]
    columns = [*COLUMNS, *(f"{name}_{side}" for side in ("good", "bad") for name in SIDE)]
    table = [head(comments, columns)]
    for judgement in judged:
        marks = map(_format_mark, (judgement.whole_sentence, judgement.critical_word))
        table.append(
            row(
                [
                    judgement.pair.line,
                    *marks,
                    *_side_cells(judgement.good),
                    *_side_cells(judgement.bad),
                ]
            )
        )
    return "".join(table)


def _format_mark(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _side_cells(side: Side) -> list[Any]:
    word = side.critical
    critical = ["", ""] if word is None else [word.word, word.bits]
    return [side.tokens, side.unknown, side.bits, *critical]


def _json(
    model: Path, file: Path, clamp: Clamps, results: Sequence[Accuracy], pair_counts: Counts
) -> str:
    from glassgate.experiments.common import provenance

    figures = [
        {
            **asdict(result),
            "accuracy": result.share,
            "interval": result.interval and list(result.interval),
        }
        for result in results
    ]
    document = {
        **provenance(shlex.join(["glassgate", *sys.argv[1:]])),
        "model": model.resolve().name,
        "file": file.name,
        "held": clamp or [],
        "counts": asdict(pair_counts),
        "accuracies": figures,
    }
    return json.dumps(document, indent=1) + "\n"
