"""`glassgate trace`: what the units of a network do over a text, as a picture or as numbers."""

from __future__ import annotations

import io
import json
import math
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from glassgate.cli.options import Model, Overwrite, check_free
from glassgate.cli.predict import visible, warn_unknown
from glassgate.errors import BadInput

if TYPE_CHECKING:
    from glassgate.analysis.text_gates import TextGates
    from glassgate.gates import Gates
    from glassgate.inside.trace.states import LSTMGates

MAX_UNITS = 5  # units with the longest memory that are printed


def trace(
    model: Model,
    text: Annotated[str, typer.Argument(help="Text to read.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="File to write.",
            show_default="trace.png, .npz or .json",
        ),
    ] = None,
    format: Annotated[
        Literal["png", "npz", "json"] | None,
        typer.Option(
            help="A picture, or the arrays.", show_default="by the name of the output, or png"
        ),
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Draw the kept share and the reset gate of every unit at every word.

    Of an LSTM, kept (the forget gate), input and output gate are drawn, and of
    an SRN, which has no gates, the states.

    The command also prints the units with the longest memory, numbered from 0
    as in --clamp, and their memory spans.

    The formats npz and json hold, for each layer, the arrays of a GRU (reset,
    update, candidate, hidden and kept; words x units), an LSTM (input, forget,
    output, candidate, cell, hidden and kept) or an SRN (candidate and hidden),
    and each gated unit's mean kept share and memory span in words.

    For example:

        glassgate trace model/ "the boy fell down and hurt his knee"

        glassgate trace model/ "the boy fell down" --format npz
    """
    from glassgate.cli.screen import announce_reading

    ending = output.suffix.removeprefix(".") if output else ""
    kind = format or ending or "png"
    if kind not in ("png", "npz", "json") or ending not in ("", kind):
        raise BadInput(f"{output} must end in .{format or 'png, .npz or .json'}, got .{ending}")
    path = output or Path(f"trace.{kind}")
    check_free(path, overwrite)
    announce_reading(model)
    from glassgate.analysis.text_gates import trace_text
    from glassgate.files import write_whole
    from glassgate.inside.trace.states import SRNStates
    from glassgate.train import load

    traced = trace_text(load(model), text)
    warn_unknown(traced.unknown)
    encode = {"png": _picture, "npz": _arrays, "json": _json}[kind]
    write_whole(path, encode(traced))
    typer.echo(f"{path}: {len(traced.words)} words, {_layers(traced)}")
    for layer, units in enumerate(traced.layers):
        if not isinstance(units, SRNStates):
            typer.echo(f"layer {layer}, longest memory: {_longest(units)}")


def _layers(traced: TextGates) -> str:
    layers = len(traced.layers)
    units = traced.layers[0].hidden.shape[-1]
    return f"{units} units" if layers == 1 else f"{layers} layers of {units} units"


def _longest(gates: Gates | LSTMGates) -> str:
    """Return the units of a layer with the longest memory over the text, and their spans."""
    from glassgate.inside.memory import Memory

    memory = Memory.of(gates.kept)
    spans = [(unit, memory.span[unit]) for unit in memory.order[:MAX_UNITS]]
    texts = [f"{span:.3g} words" if span < math.inf else "endless" for _, span in spans]
    return ", ".join(f"unit {unit} ({text})" for (unit, _), text in zip(spans, texts, strict=True))


def _picture(traced: TextGates) -> bytes:
    from glassgate.pages.pictures import GatePanel, gate_picture

    picture = io.BytesIO()
    words = [visible(word) for word in traced.words]
    title = textwrap.shorten(" ".join(words), 90, placeholder=" …")
    gate_picture(words, [GatePanel.of(layer) for layer in traced.layers], picture, title)
    return picture.getvalue()


def _arrays(traced: TextGates) -> bytes:
    import numpy as np

    file = io.BytesIO()
    words = np.array(traced.words)
    form = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in traced.form().items()
    }
    arrays: dict[str, Any] = {"words": words, **form, **traced.to_arrays()}
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def _json(traced: TextGates) -> bytes:
    return (json.dumps(traced.to_json()) + "\n").encode()
