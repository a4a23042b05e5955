"""`glassgate inspect`: the GRUs in a file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

MAX_WIDTH = 10_000  # characters; wide enough that no name is cut when the output is not a terminal


def inspect(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="A .pt, .pth, .safetensors, .h5, .keras or .onnx file, or a model folder.",
        ),
    ],
) -> None:
    """List every GRU in a file or model folder: name, sizes, form, whether it can be converted.

    For example:

        glassgate inspect model.onnx

        glassgate inspect checkpoint.pt

        glassgate inspect model/
    """
    from glassgate.cli.screen import announce_reading

    announce_reading(file)
    from glassgate.exchange import inspect as inspect_file

    listing = inspect_file(file)
    _print(listing.columns, listing.rows)
    for note in listing.notes:
        typer.echo(note)


def _print(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table or, where the terminal is too narrow for it, a paragraph for each row."""
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
