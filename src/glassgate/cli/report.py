"""`glassgate report`: write a page on a trained model and what it does with a text."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from glassgate.cli.options import Model, Overwrite, Threads, check_free, check_installed


def report(
    model: Model,
    text: Annotated[
        Path, typer.Option("--text", metavar="FILE.txt", help="UTF-8 text for the model to read.")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE.html", help="The page.")
    ] = Path("report.html"),
    sentence: Annotated[
        list[str] | None,
        typer.Option(
            "--sentence",
            metavar="WORDS",
            help="A sentence to show word by word; may be repeated. By default two sentences of "
            "the text.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed for drawing the sample of the text.")] = 0,
    threads: Threads = 1,
    overwrite: Overwrite = False,
) -> None:
    """Write a page on a model: how it learned, what its units remember, what surprises it.

    The page is a single file that opens without a network connection. It has
    learning curves, memory spans, saturation, gates word by word, texts coloured
    by single units, a tree of the words that the model treats alike, the
    gradient by lag, the most and least surprising words, and the parameters. Every
    figure explains how to read it, defines its terms (the i beside its title)
    and offers its numbers as a CSV file. Measurements are made over a random
    sample of at most 200 lines or passages of the text.

    For example:

        glassgate report model/ --text corpus.txt

        glassgate report model/ --text corpus.txt --sentence "the boy hurt his knee"
    """
    from glassgate.cli.screen import announce_reading, bar

    check_free(output, overwrite)
    check_installed("plot", "inside")
    announce_reading(model)
    from glassgate.analysis.report import describe_sample, gather, report_page
    from glassgate.experiments.common import provenance
    from glassgate.files import write_whole

    measured = gather(model, text, sentence or [], seed, bar, threads=threads)
    origin = provenance(shlex.join(["glassgate", *sys.argv[1:]]))
    facts = {"command": origin["command"], "seed": str(seed), **origin["versions"]}
    write_whole(output, report_page(measured, facts).encode())
    typer.echo(f"{output}: {describe_sample(measured)}")
