"""What every experiment's files say about how they were made."""

import json
import os
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol, TypedDict

from glassgate.errors import BadInput
from glassgate.files import write_whole
from glassgate.train.settings import Settings

SETTINGS = Settings(
    hidden_size=64,
    embedding_size=32,
    dropout=0.0,
    epochs=5,
    batch_size=256,
    learning_rate=0.02,
    weight_decay=0.0,
    schedule="linear",
    patience=5,
)
"""How every network is trained. Sampled sentences are plentiful, so nothing is dropped out."""

PAGE, RESULTS = "report.html", "results.json"


class Trains(Protocol):
    """A plan that says, among its numbers, how networks are trained."""

    @property
    def settings(self) -> Settings:
        """The settings of every training, but for what is varied."""


class Provenance(TypedDict):
    """The command line that made a result, and the versions of what it ran on."""

    command: str
    versions: dict[str, str]


def described(plan: Trains, *varied: str) -> dict[str, Any]:
    """Give a plan's own numbers and, as `training`, its settings, as JSON can hold them.

    Of the settings those are left out that are said elsewhere, run by run: the network, the seed,
    and what is `varied` besides; and `bptt`, which counts for streams alone.
    """
    left_out = ("network", "seed", "bptt", *varied)
    training = {k: v for k, v in plan.settings.to_json().items() if k not in left_out}
    own = {name: value for name, value in vars(plan).items() if name != "settings"}
    return {**own, "training": training}


def provenance(command: str) -> Provenance:
    """Say which command ran, and on what."""
    packages = ("glassgate", "torch", "numpy", "tokenizers", "accelerate", "safetensors")
    versions = {"python": platform.python_version()} | {name: version(name) for name in packages}
    return {"command": command, "versions": versions}


def check_free(folder: Path, overwrite: bool) -> None:
    """Refuse, before any work is done, a folder that cannot or must not be written to."""
    if (folder / RESULTS).exists() and not overwrite:
        raise BadInput(f"{folder / RESULTS} exists already: name a new folder, or say --overwrite")
    standing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not standing.is_dir():
        raise BadInput(f"{standing} is not a folder, so that nothing can be written to {folder}")
    if not os.access(standing, os.W_OK):
        raise BadInput(f"{standing} may not be written to, so that {folder} cannot hold results")


def write(results: Mapping[str, Any], page: str, picture: bytes, folder: Path) -> list[str]:
    """Write page, picture and last results.json into a folder; each is whole or not there.

    The picture has the experiment's name. What is returned are the names of the files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        PAGE: page.encode(),
        f"{results['experiment']}.png": picture,
        RESULTS: (json.dumps(results, indent=1) + "\n").encode(),
    }
    for name, data in files.items():
        write_whole(folder / name, data)
    return list(files)
