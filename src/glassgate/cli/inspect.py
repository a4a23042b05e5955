"""`glassgate inspect`: the GRUs that another tool's file holds."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

WIDEST = 10_000  # columns of a table that is not for a terminal: no name is ever cut


def inspect(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="A .pt, .pth, .safetensors, .h5, .keras or .onnx file."
        ),
    ],
) -> None:
    """List every GRU in a file: its name, sizes and form, and what cannot be taken.

    For example:

        glassgate inspect model.onnx

        glassgate inspect checkpoint.pt
    """
    from glassgate.cli.screen import announce_reading

    announce_reading(file)
    from glassgate.exchange import inspect as exchange

    listing = exchange.inspect(file)
    _print(listing.columns, listing.rows)
    for note in listing.notes:
        typer.echo(note)


def _print(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table, or where the terminal is too narrow for it, a paragraph for each row."""
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
    wide = Console(width=WIDEST).measure(table).maximum
    if not terminal.is_terminal or wide <= terminal.width:
        Console(width=wide).print(table)
        return
    for row in rows:
        typer.echo(row[0])
        for column, value in zip(columns[1:], row[1:], strict=True):
            if value:
                typer.echo(f"  {column}: {value}")
