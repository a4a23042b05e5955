"""What the experiments share on the command line: options, languages, output."""

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
    Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder to write the results to.")
]
FirstSeed = Annotated[int, typer.Option(min=0, max=10**9, help="First random seed.")]
Seeds = Annotated[
    int, typer.Option(metavar="N", min=2, help="Number of seeds, each with its own data.")
]
FILE_WIDTH = 120  # characters per line of a table that is printed to a file


class Sizes(Protocol):
    """The numbers of sentences that a plan needs from a language."""

    @property
    def train(self) -> int:
        """Number of sentences to train on."""

    @property
    def held_out(self) -> int:
        """Number of held-out sentences."""


def sampled(plan: Sizes, first: int, count: int, *, items: bool = True) -> dict[int, Language]:
    """Sample the demo's language for each seed, with or without forced choices at dependencies."""
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
    """Write the results, print the tables, and print which files were written.

    With two seeds, page and screen warn that intervals of two values say little.
    """
    from glassgate.analysis.intervals import OF_TWO
    from glassgate.experiments.common import write
    from glassgate.pages.charts import picture
    from glassgate.pages.render import content_page

    warning = OF_TWO if len(results["seeds"]) == 2 else ""
    page = replace(page, lead=f"{page.lead} {warning}".rstrip())
    names = write(results, content_page(page), picture(charts), output)
    for table in tables:
        _print(table)
    if warning:
        typer.echo(warning)
    typer.echo(f"{output} holds {', '.join(names[:-1])} and {names[-1]}")


def _print(content: Table) -> None:
    """Print a table, with numbers aligned to the right."""
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
