"""What experiments share on the command line: their options, their languages, their answers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

if TYPE_CHECKING:
    from glassgate.analysis.language import Language
    from glassgate.pages.content import Chart, Page, Table

Output = Annotated[
    Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where the results go.")
]
FirstSeed = Annotated[int, typer.Option(min=0, max=10**9, help="The first of the seeds.")]
Seeds = Annotated[
    int, typer.Option(metavar="N", min=2, help="How many seeds, each with data of its own.")
]
FILE_WIDTH = 120  # characters of a table that goes to a file


class Sizes(Protocol):
    """How many sentences a plan takes of a language."""

    @property
    def train(self) -> int:
        """To learn from."""

    @property
    def held_out(self) -> int:
        """To measure on."""


def sampled(plan: Sizes, first: int, count: int, *, items: bool = True) -> dict[int, Language]:
    """Sample the demo's language for each seed, with forced choices at dependencies or without."""
    from glassgate.analysis.language import sample_language
    from glassgate.cli.screen import waiting
    from glassgate.grammar.grammar import Grammar

    grammar, languages = Grammar.load(), {}
    with waiting(f"sampling sentences for {count} seeds"):
        for seed in range(first, first + count):
            languages[seed] = sample_language(grammar, seed, plan.train, plan.held_out, items=items)
    return languages


def answer(
    results: Mapping[str, Any],
    page: Page,
    charts: Mapping[str, Chart],
    tables: Sequence[Table],
    output: Path,
) -> None:
    """Write what was found, print its tables, and say where it is.

    Where there are two seeds, page and screen say how little their intervals do.
    """
    from glassgate.analysis.intervals import OF_TWO
    from glassgate.experiments.common import write
    from glassgate.pages import charts_png, content_page

    warning = OF_TWO if len(results["seeds"]) == 2 else ""
    page = replace(page, lead=f"{page.lead} {warning}".rstrip())
    names = write(results, content_page(page), charts_png(charts), output)
    for table in tables:
        _print(table)
    if warning:
        typer.echo(warning)
    typer.echo(f"{output} holds {', '.join(names[:-1])} and {names[-1]}")


def _print(content: Table) -> None:
    """Print a table; numbers stand to the right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table as Printed

    printed = Printed(box=box.SIMPLE_HEAD)
    for column, values in zip(content.columns, zip(*content.rows, strict=True), strict=True):
        numeric = all(re.fullmatch(r"[-+]?[\d.,]+%?", value) for value in values)
        printed.add_column(column, justify="right" if numeric else "left")
    for row in content.rows:
        printed.add_row(*row)
    console = Console()
    if not console.is_terminal:
        console.width = FILE_WIDTH
    console.print(printed)
