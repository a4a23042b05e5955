"""Every file that can be read or written, by the ending of its name."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from glassgate.engine import GRU
from glassgate.engine.file import ENTRY, require_short_header
from glassgate.engine.plan import State, as_state
from glassgate.errors import BadInput
from glassgate.exchange.found import Found, describe
from glassgate.formulation import Array
from glassgate.reference import forward

# The module and function of each; imported when needed, since each calls for a library of its own.
READERS = {
    ".safetensors": ("formats", "read_safetensors"),
    ".pt": ("pytorch.file", "read"),
    ".pth": ("pytorch.file", "read"),
    ".h5": ("keras.file", "read_keras"),
    ".hdf5": ("keras.file", "read_keras"),
    ".keras": ("keras.file", "read_keras"),
    ".onnx": ("onnx.file", "read_onnx"),
}
WRITERS = {
    ".safetensors": ("formats", "write_safetensors"),
    ".pt": ("pytorch.file", "write"),
    ".pth": ("pytorch.file", "write"),
    ".keras": ("keras.write", "write_keras"),
    ".onnx": ("onnx.file", "write_onnx"),
}
NEEDS = {".pt": "torch", ".pth": "torch", ".onnx": "onnx", ".h5": "h5py", ".hdf5": "h5py"}
NEEDS |= {".keras": "h5py"}
EXTRAS = {ending: "train" if needs == "torch" else "exchange" for ending, needs in NEEDS.items()}
OWN = "Glassgate's equations in float64"


def read(path: str | PathLike[str]) -> list[Found]:
    """Find every GRU in a file.

    Raises
    ------
    BadInput
        When its ending is unknown, a library is missing, it holds no GRU or is not what its
        ending says.
    OSError
        When it cannot be read.
    """
    path = Path(path)
    path.open("rb").close()  # a file that is not there is told before a library that is not
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of NaN: `convert` and `inspect` say it
        found: list[Found] = _called(READERS, "read", path)
    if not found:
        raise BadInput(f"{path} holds no GRU")
    return found


def write(path: Path, network: GRU) -> None:
    """Write a network in the format of the name's ending.

    Raises
    ------
    BadInput
        When the ending is unknown, a library is missing, or the format has no such network.
    OSError
        When the file cannot be written.
    """
    _called(WRITERS, "written", path, network)


def require_writable(path: Path) -> None:
    """Refuse a name whose ending is none of those that can be written."""
    _function(WRITERS, "written", path)


def read_safetensors(path: Path) -> list[Found]:
    """Find the network of a canonical file, or those that bear PyTorch's names in another."""
    try:
        with path.open("rb") as file:
            require_short_header(file.read(8), path.stat().st_size)
        with safe_open(path, "numpy") as tensors:
            canonical = ENTRY in (tensors.metadata() or {})
    except (BadInput, SafetensorError) as error:
        raise BadInput(f"{path} is no whole safetensors file ({error})") from error
    if not canonical:
        found: list[Found] = import_module("glassgate.exchange.pytorch.file").read_safetensors(path)
        return found
    network = GRU.load(path)
    return [Found("gru", network, None, describe(network), partial(run, network), OWN)]


def write_safetensors(path: Path, network: GRU) -> None:
    """Write the canonical file, as `GRU.save` does."""
    network.save(path)


def run(network: GRU, input: Array, state: State) -> tuple[Array, State]:
    """Run a network by the plain equations, in float64, as `GRU.run` does on the engine.

    Parameters
    ----------
    network
        The network.
    input
        [T, B, I], at least one step.
    state
        As `GRU.initial_state` gives it.

    Returns
    -------
    output
        [T, B, `output_size`].
    state
        As it came.
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


def _called(makers: dict[str, tuple[str, str]], verb: str, path: Path, *rest: object) -> Any:
    return _function(makers, verb, path)(path, *rest)


def _function(makers: dict[str, tuple[str, str]], verb: str, path: Path) -> Callable[..., Any]:
    module, function = _maker(makers, verb, path)
    try:
        if path.suffix.lower() in NEEDS:
            import_module(NEEDS[path.suffix.lower()])
        made: Callable[..., Any] = getattr(import_module(f"glassgate.exchange.{module}"), function)
    except ModuleNotFoundError as error:
        raise BadInput(
            f"{path} cannot be {verb} without {NEEDS.get(path.suffix.lower(), error.name)}, "
            f"which is not installed: pip install glassgate[{EXTRAS[path.suffix.lower()]}]"
        ) from error
    return made


def _maker(makers: dict[str, tuple[str, str]], verb: str, path: Path) -> tuple[str, str]:
    if path.suffix.lower() not in makers:
        endings = ", ".join(makers)
        raise BadInput(f"{path} cannot be {verb}: its name must end in one of {endings}")
    return makers[path.suffix.lower()]
