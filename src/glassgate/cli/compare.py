"""`glassgate compare`: several networks with several seeds on one corpus, in one table."""

from __future__ import annotations

import io
import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Annotated

import typer

from glassgate.cli.options import (
    Backend,
    Characters,
    Corpus,
    MeasuredThreads,
    MinimumFrequency,
    Overwrite,
    Resume,
    Sentences,
    WorkerCount,
    check_plots,
    holds_output,
    suggest_resume,
    with_settings,
)
from glassgate.train.backends import LOKY, choose_workers
from glassgate.train.settings import LANGUAGE, MINIMUM_FREQUENCY, NETWORKS, Settings

if TYPE_CHECKING:
    from glassgate.train.study import Row, Run, Study

CURVES, TABLE = "curves.png", "table.md"


@with_settings(LANGUAGE, without=("network",))
@holds_output
def compare(
    corpus: Corpus,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder to write the study to.")
    ],
    settings: Settings,
    networks: Annotated[
        str, typer.Option(metavar="NAME,...", help="Networks to train.", show_default="all four")
    ] = ",".join(NETWORKS),
    seeds: Annotated[
        int,
        typer.Option(
            min=1, help="Number of runs of each network, with the seeds --seed, --seed + 1, ..."
        ),
    ] = 3,
    characters: Characters = False,
    sentences: Sentences = False,
    minimum_frequency: MinimumFrequency = MINIMUM_FREQUENCY,
    workers: WorkerCount = None,
    backend: Backend = LOKY,
    threads: MeasuredThreads = None,
    overwrite: Overwrite = False,
    resume: Resume = False,
) -> None:
    """Train each network with each seed and say which predicts the held-out text best.

    The folder gets results.json, table.md, curves.png, and a model folder
    for each run.

    For example:

        glassgate compare novel.txt --networks srn,gru --output study/

        glassgate compare novel.txt --networks srn,gru --output study/ --resume

        glassgate compare novel.txt --output study/ --workers 2
    """
    from glassgate.cli.screen import announce_reading, is_main, watching

    check_plots()
    announce_reading(*corpus)
    from glassgate.train.study import Study, read_study, run_study

    study = Study(
        corpus,
        output,
        [name.strip() for name in networks.split(",") if name.strip()],
        range(settings.seed, settings.seed + seeds),
        settings,
        "characters" if characters else "words",
        sentences,
        minimum_frequency,
    )
    chosen = choose_workers(workers, backend, threads)
    first, _ = next(study.runs())
    with suggest_resume(first):
        with watching() as watcher:
            run_study(study, watcher, chosen, overwrite=overwrite, resume=resume)
        if is_main():
            _report(study, read_study(study))


def _report(study: Study, runs: Sequence[Run]) -> None:
    """Write and print what was found."""
    from glassgate.analysis.intervals import TWO_SEEDS_WARNING
    from glassgate.files import write_whole
    from glassgate.pages.pictures import learning_curves
    from glassgate.train.corpus import name_of
    from glassgate.train.study import RESULTS, summary, to_json

    results = {
        "command": shlex.join(["glassgate", *sys.argv[1:]]),
        **_versions(),
        **to_json(study, runs),
    }
    table = _table(summary(runs), runs)
    curves: dict[str, list[list[float]]] = {}
    for run in runs:
        values = [epoch.valid_measure for epoch in run.history]
        curves.setdefault(run.network, []).append(values)
    picture = io.BytesIO()
    name = shorten(name_of(study.corpus), 60, placeholder=" …")
    learning_curves(curves, picture, f"Learning {name}", "held-out perplexity")
    write_whole(study.folder / TABLE, table.encode())
    write_whole(study.folder / CURVES, picture.getvalue())
    write_whole(study.folder / RESULTS, (json.dumps(results, indent=2) + "\n").encode())
    typer.echo(table, nl=False)
    if len(study.seeds) == 2:
        typer.echo(TWO_SEEDS_WARNING)
    typer.echo(f"{study.folder} holds {RESULTS}, {TABLE}, {CURVES} and a model folder for each run")


def _versions() -> dict[str, str]:
    import torch

    import glassgate

    return {"glassgate": glassgate.__version__, "torch": torch.__version__}


def _table(rows: Sequence[Row], runs: Sequence[Run]) -> str:
    """Return the rows as an aligned Markdown table; ± is half a 95% interval over seeds."""
    from glassgate.analysis.intervals import t_interval

    several = any(row.deviation is not None for row in rows)
    heading = "held-out perplexity" + (", ± 95% interval over seeds" if several else "")
    lines = [("network", "parameters", heading, "seconds")]
    for row in rows:
        reached = [run.best.valid_measure for run in runs if run.network == row.network]
        spread = ""
        if several:
            low, high = t_interval(reached)
            spread = f" ± {(high - low) / 2:.2f}"
        perplexity = f"{row.perplexity:.2f}{spread}"
        lines.append((row.network, f"{row.parameters:,}", perplexity, f"{row.seconds:.1f}"))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rule = f"|:{'-' * widths[0]}-|" + "|".join(f"-{'-' * width}:" for width in widths[1:]) + "|"
    rendered = [
        "| " + " | ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]) + " |"
        for line in lines
    ]
    return "\n".join([rendered[0], rule, *rendered[1:]]) + "\n"
