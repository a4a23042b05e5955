"""`glassgate score`: the surprisal of every token or word of a text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from glassgate.cli.options import (
    Clamps,
    MeasuredThreads,
    Models,
    Overwrite,
    check_free,
    split_models,
)


def score(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="MODEL FILE",
            help="Model folder written by `glassgate train`, and what to score: UTF-8 text, or a "
            ".tsv or .jsonl file with a column text.",
        ),
    ] = None,
    models: Models = None,
    words: Annotated[
        bool,
        typer.Option("--by-word", help="Write a row for each word instead of each token."),
    ] = False,
    by_model: Annotated[
        bool,
        typer.Option("--by-model", help="Write a row for each model instead of their mean."),
    ] = False,
    previous: Annotated[
        int, typer.Option(min=0, metavar="N", help="Add the columns of the N words before.")
    ] = 0,
    frequencies: Annotated[
        list[Path] | None,
        typer.Option(
            "--frequencies",
            metavar="CORPUS.txt...",
            help="Add log_frequency, counted in these texts.",
        ),
    ] = None,
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
    read as <unk>), length (letters and digits), pieces (tokens), entropy (of
    the next token, before the word), entropy_reduction (Hale 2006) and rank (1
    is the most probable).

    The columns of a .tsv or .jsonl file, such as item, condition and region,
    stand behind these; with a column condition, means by condition are printed.
    With several models each value is their mean, with its 95% interval.

    For example:

        glassgate score model/ chapter.txt --output tokens.tsv

        glassgate score model/ items.tsv --by-word --previous 2 -o words.tsv

        glassgate score model/ items.txt --by-word --frequencies corpus.txt

        glassgate score items.tsv --models gru-0 gru-1 gru-2 --output tokens.tsv

        glassgate score model/ items.txt --clamp "layer=0 units=3,7 kept=0"

    Then, in R or in Python:

        read.delim("words.tsv", comment.char = "#", na.strings = "")

        pandas.read_csv("words.tsv", sep="\t", comment="#", keep_default_na=False)
    """
    from glassgate.cli.screen import announce_reading

    if output is not None:
        check_free(output, overwrite)
    folders, files = split_models(paths, models)
    announce_reading(*folders)
    from glassgate.cli.scoring import prepare
    from glassgate.train.threads import Pace, offered_threads, on_threads

    job = prepare(
        folders,
        files,
        words=words,
        by_model=by_model,
        previous=previous,
        frequencies=frequencies or [],
    )
    pace = Pace(offered_threads()) if threads is None else None
    with on_threads(threads), job.clamped(clamp or []):
        job.write(output, clamp or [], pace)
    if pace is not None and pace.has_measured:
        typer.echo(pace.trial, err=True)
    typer.echo(job.summary(output), err=True)
