"""Every file format that can be read, by its kind, or written, by the ending of the file's name."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from glassgate.engine import GRU
from glassgate.engine.file import METADATA_KEY, require_short_header, write_file
from glassgate.engine.plan import State, as_state
from glassgate.errors import BadInput
from glassgate.exchange.content import KINDS, SAVED_MODEL, is_saved_model, kind_of
from glassgate.exchange.file_gru import FileGRU, as_notes, describe
from glassgate.formulation import Array
from glassgate.reference import forward

# The module and function for each kind or ending; imported when called, since most need a package
# of their own.
READERS = {
    "safetensors": ("formats", "read_safetensors"),
    "PyTorch": ("pytorch.file", "read_pytorch"),
    "Keras": ("keras.file", "read_keras"),
    "ONNX": ("onnx.file", "read_onnx"),
    "frozen graph": ("tensorflow.frozen", "read_frozen"),
    "SavedModel": ("tensorflow.saved_model", "read_saved_model"),
}
WRITERS = {
    ".safetensors": ("formats", "write_safetensors"),
    ".pt": ("pytorch.file", "write_pytorch"),
    ".pth": ("pytorch.file", "write_pytorch"),
    ".keras": ("keras.write", "write_keras"),
    ".onnx": ("onnx.file", "write_onnx"),
}
PACKAGES = {  # that a kind needs, and the extra of Glassgate that installs it
    "PyTorch": ("torch", "train"),
    "Keras": ("h5py", "exchange"),
    "ONNX": ("onnx", "exchange"),
}
MODEL = "model.safetensors"  # the weights in a folder that `glassgate train` wrote
GLASSGATE_EQUATIONS = "Glassgate's equations in float64"


def read(path: str | PathLike[str]) -> list[FileGRU]:
    """Read every GRU in a file.

    Parameters
    ----------
    path
        A file of PyTorch, Keras, ONNX or safetensors, under any name that does not contradict its
        content, a SavedModel folder of Keras 2, or a model folder that `glassgate train` wrote.

    Returns
    -------
    list of FileGRU
        At least one. Stacks of layers come under the names of their layers joined by ``+``; their
        layers follow one by one.

    Raises
    ------
    BadInput
        When there is no such file, it is of another kind, a package is missing, it is damaged, or
        it holds no GRU; when a folder holds no model.
    OSError
        When it cannot be read.
    """
    path = Path(path)
    if path.name == SAVED_MODEL and path.is_file():
        path = path.parent
    if path.is_dir() and not is_saved_model(path):
        path = _weights_in(path)
    if not path.exists():  # report a missing file before a missing package
        raise BadInput(f"there is no file {path}")
    kind = "SavedModel" if path.is_dir() else kind_of(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # about NaN: `limitations` reports it
        grus: list[FileGRU] = _function(READERS[kind], kind, "read", path)(path)
    if not grus:
        raise BadInput(f"{path} holds no GRU")
    return grus


def _weights_in(folder: Path) -> Path:
    """Return the file of weights in a model folder."""
    path = folder / MODEL
    if not path.is_file():
        raise BadInput(
            f"{folder} is a folder without {MODEL}, expected a file or a folder that "
            "`glassgate train` wrote"
        )
    return path


def write(path: str | PathLike[str], network: GRU, notes: Sequence[str] = ()) -> None:
    """Write a network in the format that the name's ending says; nothing is proved.

    Parameters
    ----------
    path
        A file ending in .safetensors, .pt, .pth, .keras or .onnx; an existing one is replaced.
    network
        The network.
    notes
        What one has to know to run it as its source ran, as `FileGRU.notes` holds them; `read`
        returns them again.

    Raises
    ------
    BadInput
        When the ending is unknown, a package is missing, or the format has no such network.
    OSError
        When the file cannot be written.
    """
    path = Path(path)
    _writer(path)(path, network, notes)


def require_writable(path: Path) -> None:
    """Refuse a name whose ending is none that can be written, or whose package is missing."""
    _writer(path)


def read_safetensors(path: Path) -> list[FileGRU]:
    """Read the network of Glassgate's own file, or from another those under PyTorch's names."""
    try:
        with path.open("rb") as file:
            require_short_header(file.read(8), path.stat().st_size)
        with safe_open(path, "numpy") as tensors:
            metadata = tensors.metadata() or {}
    except (BadInput, SafetensorError) as error:
        raise BadInput(f"{path} is not a complete safetensors file ({error})") from error
    if METADATA_KEY not in metadata:
        pytorch = import_module("glassgate.exchange.pytorch.file")
        grus: list[FileGRU] = pytorch.read_safetensors(path)
        return grus
    network = GRU.load(path)
    return [
        FileGRU(
            name="gru",
            network=network,
            facts=describe(network),
            reference=partial(run_equations, network),
            runtime=GLASSGATE_EQUATIONS,
            notes=as_notes(json.loads(metadata[METADATA_KEY]).get("notes")),
        )
    ]


def write_safetensors(path: Path, network: GRU, notes: Sequence[str]) -> None:
    """Write Glassgate's own file, as `GRU.save` does, with notes."""
    write_file(path, network.weights, network.plan, notes)


def run_equations(network: GRU, input: Array, state: State) -> tuple[Array, State]:
    """Run a network by the plain equations in float64: what `GRU.run` does on the engine.

    Parameters
    ----------
    network
        The network.
    input
        [T, B, I], at least one step.
    state
        As `GRU.initial_state` returns it.

    Returns
    -------
    output
        [T, B, `output_size`].
    state
        The last state, in the form of `state`.
    """
    initial, last, output = iter(state), [], input
    for plan, layer in zip(network.plan, network.weights, strict=True):
        outputs = []
        for direction, weights in zip(plan.directions, layer, strict=True):
            order = slice(None, None, -1 if direction == "reverse" else 1)
            states = forward(weights, output[order], next(initial)).hidden  # (T, B, H)
            last.append(states[-1])
            outputs.append(states[order])
        output = plan.combine(outputs)[:: -1 if plan.turns else 1]
    return output, as_state(last)


def _writer(path: Path) -> Callable[..., Any]:
    """Import what writes a file, by the ending of its name."""
    ending = path.suffix.lower()
    if ending not in WRITERS:
        endings = ", ".join(WRITERS)
        raise BadInput(f"{path} cannot be written: its name must end in one of {endings}")
    return _function(WRITERS[ending], KINDS[ending], "written", path)


def _function(place: tuple[str, str], kind: str, participle: str, path: Path) -> Callable[..., Any]:
    """Import what reads or writes a file; the participle, "read" or "written", is for refusals."""
    module, name = place
    package, extra = PACKAGES.get(kind, (None, None))
    try:
        if package is not None:
            import_module(package)
        function: Callable[..., Any] = getattr(import_module(f"glassgate.exchange.{module}"), name)
    except ModuleNotFoundError as error:
        raise BadInput(
            f"{path} cannot be {participle} without {package or error.name}, which is not "
            f"installed: run pip install 'glassgate[{extra or 'exchange'}]'"
        ) from error
    return function
