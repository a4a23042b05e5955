"""`glassgate inspect`: the GRUs in a file."""

from pathlib import Path
from typing import Annotated

import typer

from glassgate.cli.options import MODEL_FILE
from glassgate.cli.tables import print_facts


def inspect(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help=f"{MODEL_FILE}.",
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
    print_facts(listing.columns, listing.rows)
    for note in listing.notes:
        typer.echo(note)
