"""`glassgate convert`: a GRU from one tool's file to another's, with a proof."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from glassgate.cli.options import MODEL_FILE, Overwrite, check_free
from glassgate.cli.tables import print_facts


def convert(
    source: Annotated[
        list[Path],
        typer.Argument(
            metavar="SOURCE...",
            help=f"{MODEL_FILE}; or several of these, a folder of them, or a pattern.",
        ),
    ],
    target: Annotated[
        Path,
        typer.Argument(
            metavar="TARGET",
            help="A .safetensors, .pt, .pth, .keras or .onnx file. For several sources, a folder, "
            "or folder/*.onnx and the like.",
        ),
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
    is printed. If it is above 1e-5 (in float64, 1e-10) and rounding does not
    explain it, no file is written. Of several sources, a table says what each
    of them gave.

    For example:

        glassgate convert model.pt gru.safetensors

        glassgate convert model/ gru.onnx

        glassgate convert model.onnx gru.safetensors --node /rnn/GRU

        glassgate convert gru.safetensors gru.onnx --overwrite

        glassgate convert models/ converted/

        glassgate convert "models/*.pt" "converted/*.onnx"
    """
    from glassgate.cli.screen import announce_reading
    from glassgate.errors import printable
    from glassgate.exchange.many import is_several

    if is_several(source):
        announce_reading(*source)
        _convert_many(source, target, node, overwrite)
        return
    (path,) = source
    check_free(target, overwrite)
    announce_reading(path)
    from glassgate.exchange import convert as convert_file

    conversion = convert_file(path, target, node, overwrite)
    name = printable(conversion.gru.name)
    for warning in conversion.warnings:
        typer.echo(f"glassgate: warning: {name}: {warning}", err=True)
    typer.echo(f"{target}: {name} of {path}")
    typer.echo(str(conversion.proof))


def _convert_many(sources: Sequence[Path], target: Path, node: str | None, overwrite: bool) -> None:
    """Convert several files and print a table; refuse where none of them gave a GRU."""
    from glassgate.errors import BadInput, printable
    from glassgate.exchange import convert_many

    rows, notes, written = [], [], 0
    for outcome in convert_many(sources, target, node, overwrite):
        label = f"{outcome.source}{': ' * bool(outcome.name)}{outcome.name}"
        if outcome.conversion is None:
            rows.append((str(outcome.source), outcome.name, "not written", "", "", ""))
            notes.append(f"{label}: {outcome.reason}")
            continue
        written += 1
        proof = outcome.conversion.proof
        differs = f"{proof.difference:.1e}"
        rows.append(
            (
                str(outcome.source),
                outcome.name,
                "written",
                differs,
                str(proof.steps),
                str(outcome.target),
            )
        )
        notes += [f"{label}: warning: {warning}" for warning in outcome.conversion.warnings]
    safe = [tuple(map(printable, row)) for row in rows]
    print_facts(("file", "GRU", "result", "difference", "steps", "written to"), safe)
    for note in notes:
        typer.echo(printable(note))
    if not written:
        raise BadInput(f"none of the {len(rows)} files gave a GRU")
