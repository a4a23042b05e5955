"""`glassgate experiment`: questions asked of networks that are trained for it."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from glassgate.cli.options import Overwrite

if TYPE_CHECKING:
    from glassgate.experiments.content import Chart, Page, Table

app = typer.Typer(help="Ask a question of networks trained for it.", no_args_is_help=True)


@app.callback()
def experiment() -> None:
    """Ask a question of networks trained for it."""


@app.command()
def verdict(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where the results go.")
    ] = Path("verdict"),
    seed: Annotated[int, typer.Option(min=0, help="Of all that is random.")] = 0,
    sentences: Annotated[
        int, typer.Option(metavar="N", min=2, help="Sentences on the plot, in every review.")
    ] = 6,
    overwrite: Overwrite = False,
) -> None:
    """Ask who remembers the verdict of a book review, and what the gates do over it.

    Reviews of N neutral sentences on the plot have one verdict, at the start, in the middle or at
    the end. An SRN and a GRU learn to tell its class. The folder gets report.html,
    verdict.png and results.json: accuracy by where the verdict stands and how far from the end,
    and the GRU's mean kept share and reset gate over the verdict and over the plot around it.

    For example:

        glassgate experiment verdict

        glassgate experiment verdict --sentences 10 --seed 1 --output long/
    """
    from glassgate.cli.screen import watching
    from glassgate.experiments import verdict as asked
    from glassgate.experiments.output import check_free
    from glassgate.experiments.verdict_page import charts, page, tables

    check_free(output, overwrite)
    command = shlex.join(["glassgate", *sys.argv[1:]])
    with watching() as watcher:
        results = asked.run(asked.Plan(sentences=sentences), seed, command, watcher)
    _answer(results, page(results), charts(results), tables(results), output)


def _answer(
    results: Mapping[str, Any],
    page: Page,
    charts: Mapping[str, Chart],
    tables: Sequence[Table],
    output: Path,
) -> None:
    """Write what was found, print its tables, and say where it is."""
    from glassgate.experiments.output import write
    from glassgate.experiments.picture import picture
    from glassgate.report.content_page import content_page

    names = write(results, content_page(page), picture(charts), output)
    for table in tables:
        _print(table)
    typer.echo(f"{output} holds {', '.join(names[:-1])} and {names[-1]}")


def _print(content: Table) -> None:
    """Print a table; numbers stand to the right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table as Printed

    printed = Printed(box=box.SIMPLE_HEAD)
    for column, values in zip(content.columns, zip(*content.rows, strict=True), strict=True):
        numeric = all(value.rstrip("%").replace(".", "").isdigit() for value in values)
        printed.add_column(column, justify="right" if numeric else "left")
    for row in content.rows:
        printed.add_row(*row)
    Console().print(printed)
