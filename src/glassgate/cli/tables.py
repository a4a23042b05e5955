"""Tables on the screen: with rules around them, or as plain columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glassgate.pages.content import Table

MAX_WIDTH = 10_000  # characters; wide enough that no name is cut when the output is not a terminal
FILE_WIDTH = 120  # characters of a table that is printed to a file


def print_table(content: Table) -> None:
    """Print a table below its caption; columns of numbers are aligned to the right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table as Printed

    printed = Printed(
        box=box.SIMPLE_HEAD, title=content.caption or None, title_justify="left", title_style=""
    )
    for column, values in zip(content.columns, zip(*content.rows, strict=True), strict=True):
        numeric = all(re.fullmatch(r"[-+]?[\d.,]+%?", value) for value in values)
        printed.add_column(column, justify="right" if numeric else "left")
    for row in content.rows:
        printed.add_row(*row)
    console = Console()
    if not console.is_terminal:
        console.width = FILE_WIDTH
    console.print(printed)


def align(lines: Sequence[Sequence[str]], text_columns: int) -> str:
    """Return lines of cells as columns; the first ones hold text, the others numbers."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if number < text_columns else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def print_facts(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table or, where the terminal is too narrow for it, a paragraph for each row."""
    import typer
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=0)
    for column, values in zip(columns, zip(*rows, strict=True), strict=True):
        numeric = all(value.isdigit() for value in values if value)
        table.add_column(column, justify="right" if numeric else "left")
    for row in rows:
        table.add_row(*map(escape, row))
    terminal = Console()
    width = Console(width=MAX_WIDTH).measure(table).maximum
    if not terminal.is_terminal or width <= terminal.width:
        Console(width=width).print(table)
        return
    for row in rows:
        typer.echo(row[0])
        for column, value in zip(columns[1:], row[1:], strict=True):
            if value:
                typer.echo(f"  {column}: {value}")
