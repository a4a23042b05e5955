"""Finished pieces of a run, one JSON file each, so that a run that was stopped can go on.

They stand in the folder `PIECES` of an experiment's folder until its results are written. A piece
that is kept returns what JSON can hold; its result is read back from JSON whether or not the run
was ever stopped, so that both ways give the same numbers, to the bit.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import safetensors.torch
from torch import nn

from glassgate.errors import BadInput
from glassgate.experiments.common import PIECES
from glassgate.files import write_whole
from glassgate.train.parallel import Piece
from glassgate.train.watch import Watcher

T = TypeVar("T")
Result = TypeVar("Result", bound=Mapping[str, Any])

MADE_BY = "run.json"
MAX_NAME = 80  # characters of a piece's name that its file is named after


@dataclass(frozen=True)
class Finished:
    """Where the pieces of a run are kept, and what the run is made with.

    Attributes
    ----------
    output
        The folder of the experiment.
    made_by
        What decides the pieces' results: the experiment, its plan and the version.
    """

    output: Path
    made_by: Mapping[str, Any]

    @property
    def folder(self) -> Path:
        """Where the pieces stand; it is made when the first trainings begin."""
        return self.output / PIECES

    def check(self) -> None:
        """Raise `BadInput` if pieces were kept by a run of another kind."""
        path = self.folder / MADE_BY
        if not path.exists():
            return
        recorded = _read_object(path, "pass --overwrite to start again")
        wanted = json.loads(json.dumps(self.made_by))
        for name, before, now in _differences(recorded, wanted):
            raise BadInput(
                f"{self.output} was begun with {name} {before!r}, not {now!r}: repeat the "
                "command as it was, or pass --overwrite to start again"
            )

    def begin(self) -> None:
        """Make the folder, and record what the run is made with."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_whole(self.folder / MADE_BY, json.dumps(self.made_by, indent=1).encode())

    def has(self, piece: Piece[Any]) -> bool:
        """Whether a piece is finished."""
        return self._path(piece).exists()

    def read(self, piece: Piece[T]) -> T:
        """Return what a finished piece gave; `BadInput` if its file is damaged."""
        result: T = _read_object(self._path(piece), "delete it to run this piece again")
        return result

    def keeping(self, piece: Piece[T]) -> Piece[T]:
        """Return a piece that does the same, and keeps its result when it ends."""
        arguments = (self._path(piece), piece.function, piece.arguments)
        return replace(piece, function=_run_and_keep, arguments=arguments)

    def discard_if_empty(self) -> None:
        """Delete the folder of a run none of whose pieces is finished: nothing could go on."""
        if [path.name for path in self.folder.iterdir()] == [MADE_BY]:
            self.discard()

    def discard(self) -> None:
        """Delete all pieces."""
        if self.folder.exists():
            shutil.rmtree(self.folder)

    def _path(self, piece: Piece[Any]) -> Path:
        name = f"{piece.function.__name__} {piece.name}"
        mark = hashlib.sha256(name.encode()).hexdigest()[:8]
        readable = re.sub(r"[^A-Za-z0-9.]+", "-", name)[:MAX_NAME].strip("-")
        return self.folder / f"{readable}-{mark}.json"


def _read_object(path: Path, advice: str) -> Any:
    """Read a JSON object; `BadInput`, with what to do, for anything else."""
    try:
        content = json.loads(path.read_bytes())
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise BadInput(f"{path} is damaged, expected a JSON object: {advice}")
    return content


def _run_and_keep(
    path: Path, function: Any, arguments: Sequence[Any], watchers: Sequence[Watcher]
) -> Any:
    written = json.dumps(function(*arguments, watchers))
    path.parent.mkdir(parents=True, exist_ok=True)  # on the machine of a cluster
    write_whole(path, written.encode())
    return json.loads(written)


def _differences(
    recorded: Mapping[str, Any], wanted: Mapping[str, Any], within: str = ""
) -> list[tuple[str, Any, Any]]:
    """Return name, recorded and wanted value of what differs between two JSON objects."""
    found = []
    for name in dict.fromkeys([*recorded, *wanted]):
        before, now = recorded.get(name), wanted.get(name)
        if isinstance(before, dict) and isinstance(now, dict):
            found += _differences(before, now, f"{within}{name}.")
        elif before != now:
            found.append((f"{within}{name}", before, now))
    return found


# A trained network as a part of a result ----------------------------------------------------------


def model_to_json(model: nn.Module) -> str:
    """Return a network's weights as text: the bytes of a safetensors file in base64."""
    return base64.b64encode(safetensors.torch.save(model.state_dict())).decode()


def load_from_json(model: nn.Module, weights: str) -> None:
    """Give a network of the same shape the weights that `model_to_json` returned."""
    model.load_state_dict(safetensors.torch.load(base64.b64decode(weights)))
