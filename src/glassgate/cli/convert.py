"""`glassgate convert`: a GRU from one tool's file to another's, with a proof."""

from pathlib import Path
from typing import Annotated

import typer

from glassgate.cli.options import Overwrite, check_free


def convert(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE",
            help="A .pt, .pth, .safetensors, .h5, .keras or .onnx file, or a model folder.",
        ),
    ],
    target: Annotated[
        Path,
        typer.Argument(metavar="TARGET", help="A .safetensors, .pt, .pth, .keras or .onnx file."),
    ],
    node: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The GRU to convert, where the file holds several.",
            show_default="the only one",
        ),
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Convert a GRU between PyTorch, Keras, ONNX and Glassgate, exactly or not at all.

    Source and result are run on the same random input and initial state,
    each in its own tool where that is installed, and the largest difference
    is printed. If it is above 1e-5 (in float64, 1e-10), no file is written.

    For example:

        glassgate convert model.pt gru.safetensors

        glassgate convert model/ gru.onnx

        glassgate convert model.onnx gru.safetensors --node /rnn/GRU

        glassgate convert gru.safetensors gru.onnx --overwrite
    """
    from glassgate.cli.screen import announce_reading

    check_free(target, overwrite)
    announce_reading(source)
    from glassgate.errors import printable
    from glassgate.exchange import convert as convert_file

    conversion = convert_file(source, target, node, overwrite)
    name = printable(conversion.gru.name)
    for warning in conversion.warnings:
        typer.echo(f"glassgate: warning: {name}: {warning}", err=True)
    typer.echo(f"{target}: {name} of {source}")
    typer.echo(str(conversion.proof))
