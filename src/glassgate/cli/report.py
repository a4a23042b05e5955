"""`glassgate report`: a page on a trained model and what it does with a text."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from glassgate.cli.options import Model, Overwrite, Threads, check_free


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
            help="What to show the gates over; may be repeated. Two sentences of the text if none "
            "is given.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the sample of the text.")] = 0,
    threads: Threads = 1,
    overwrite: Overwrite = False,
) -> None:
    """Write one page on a model: how it learned, what its units remember, what surprises it.

    The page is a single file that opens without a network. It has learning
    curves, memory spans, saturation, gates over sentences, gradient flow, the
    most and least surprising words and the parameters. Every figure says how
    to read it, defines its terms (the i beside its title), and gives its
    numbers as a CSV file. What is measured over the text is measured over a
    sample of at most 200 lines or stretches of it; the page says how many.

    For example:

        glassgate report model/ --text corpus.txt

        glassgate report model/ --text corpus.txt --sentence "the boy hurt his knee"
    """
    from glassgate.cli.screen import announce_reading, bar

    check_free(output, overwrite)
    announce_reading(model)
    from glassgate.analysis.report import gather
    from glassgate.analysis.report.page import report_page, sampled
    from glassgate.experiments.common import provenance
    from glassgate.files import write_whole

    found = gather(model, text, sentence or [], seed, bar, threads=threads)
    made = provenance(shlex.join(["glassgate", *sys.argv[1:]]))
    page = report_page(found, {"command": made["command"], "seed": str(seed), **made["versions"]})
    write_whole(output, page.encode())
    typer.echo(f"{output}: {sampled(found)}")
