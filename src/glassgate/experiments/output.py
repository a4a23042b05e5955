"""What every experiment's files say about how they were made."""

import platform
from importlib.metadata import version
from pathlib import Path
from typing import TypedDict

from glassgate.errors import BadInput


class Provenance(TypedDict):
    """The command line that made a result, and the versions of what it ran on."""

    command: str
    versions: dict[str, str]


def provenance(command: str) -> Provenance:
    """Say which command ran, and on what."""
    packages = ("glassgate", "torch", "numpy", "tokenizers", "accelerate", "safetensors")
    versions = {"python": platform.python_version()} | {name: version(name) for name in packages}
    return {"command": command, "versions": versions}


def check_free(path: Path, overwrite: bool) -> None:
    """Refuse a result that is already there, unless it may be overwritten."""
    if path.exists() and not overwrite:
        raise BadInput(f"{path} exists already: expected a new folder, or --overwrite")
