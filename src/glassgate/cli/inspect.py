"""`glassgate inspect`: the GRUs that another tool's file holds."""

from pathlib import Path
from typing import Annotated

import typer

from glassgate.cli.bench import print_table


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
    from rich.markup import escape

    from glassgate.exchange import inspect as exchange
    from glassgate.experiments.content import Table

    listing = exchange.inspect(file)
    print_table(Table(listing.columns, [[escape(cell) for cell in row] for row in listing.rows]))
    for note in listing.notes:
        typer.echo(note)
