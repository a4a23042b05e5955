"""`glassgate pairs`: how often a model prefers the good sentence of a minimal pair."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from glassgate.cli.options import Clamps, Models, Overwrite, check_free, split_models


def pairs(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="MODEL PAIRS.jsonl",
            help="Model folder written by `glassgate train`, and files with one pair per line; "
            "or .tsv, two columns or named ones.",
        ),
    ] = None,
    models: Models = None,
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

    A file has BLiMP's format, one JSON object per line with sentence_good and
    sentence_bad; or it is a .tsv file with two columns, or with more if its
    first line names them. The sentences of a pair are compared in two ways: by
    the probability of the whole sentence, and by that of the critical word
    given the words before it. The critical word is the first one at which the
    sentences differ, unless the file names it as BLiMP does. A tie counts as
    half. Intervals are 95% intervals (Wilson 1927).

    Unknown words are read as <unk>, which stands for many words. If a word
    before the critical one is unknown, it may be the cue, and the model can
    only guess: cite the pairs "known to critical".

    Further columns, such as item and condition, stand in the --output, and
    accuracies are printed for each condition, or each file if there are
    several. With several models they are means, with 95% intervals over models
    (Student's t, within 0 and 1).

    For example:

        glassgate pairs model/ anaphor_agreement.jsonl

        glassgate pairs model/ mine.tsv --output judged.tsv --json figures.json

        glassgate pairs mine.tsv --models gru-0 gru-1 gru-2

        glassgate pairs model/ mine.tsv --clamp "layer=0 units=3,7 kept=0"
    """
    from glassgate.cli.screen import announce_reading

    for path in (output, results):
        if path is not None:
            check_free(path, overwrite)
    folders, files = split_models(paths, models)
    announce_reading(*folders)
    from glassgate.cli.judgement import judge_all
    from glassgate.files import write_whole

    judgement = judge_all(folders, files, clamp or [])
    if output is not None:
        write_whole(output, judgement.rows().encode())
    if results is not None:
        write_whole(results, judgement.to_json().encode())
    typer.echo(judgement.report())
