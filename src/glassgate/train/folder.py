"""A model folder while a run writes it: the best weights, what they are, and one resumable state.

model.safetensors   weights of the best epoch
config.json         kind of model, settings, sizes, classes, the data it was trained on
tokenizer.json      the vocabulary
metrics.jsonl       a line an epoch
state.safetensors   while training: weights, optimizer, position; nothing in it is pickled
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor

from glassgate.errors import BadInput
from glassgate.train.corpus import read_bytes
from glassgate.train.files import sync_folder, write_whole
from glassgate.train.snapshot import Snapshot

MODEL, CONFIG, TOKENIZER = "model.safetensors", "config.json", "tokenizer.json"
METRICS, STATE = "metrics.jsonl", "state.safetensors"
SAVE_SECONDS = 30.0  # between two states within an epoch


class ModelFolder:
    """The store of one run.

    `config` and `tokenizer` (the text of tokenizer.json) are what the folder will say of the run.
    `overwrite` permits to replace what is there, `resume` to go on with it; both do nothing until
    the loop asks. Raises `BadInput` when the folder holds a model or a state and neither is given,
    or when there is nothing of the same run to resume.
    """

    def __init__(
        self,
        path: Path,
        config: Mapping[str, Any],
        tokenizer: str,
        *,
        overwrite: bool = False,
        resume: bool = False,
        save_seconds: float = SAVE_SECONDS,
    ) -> None:
        self.path, self._config, self._tokenizer = path, dict(config), tokenizer
        self._resume, self._save_seconds = resume, save_seconds
        self._saved = time.monotonic()
        if path.exists() and not path.is_dir():
            raise BadInput(f"{path} is a file, expected a folder to write the model to")
        if resume:
            self._check_same_run()
        elif not overwrite:
            self._check_free()

    # What the loop asks for -------------------------------------------------------------------

    def restore(self) -> Snapshot | None:
        """Return the stored state if the run goes on from one."""
        if not self._resume:
            return None
        path = self.path / STATE
        try:
            with safe_open(path, framework="pt") as file:
                position = json.loads((file.metadata() or {})["position"])
            return Snapshot(position, load_file(path))
        except (SafetensorError, KeyError, ValueError) as error:
            raise BadInput(f"{path} is not a state to resume from: {error}") from None

    def begin(self) -> None:
        """Make the folder and say in it what the run is; a model that was there is gone."""
        self.path.mkdir(parents=True, exist_ok=True)
        self._remove(STATE, MODEL, METRICS)
        self._write(TOKENIZER, self._tokenizer.encode())
        self._write(CONFIG, (json.dumps(self._config, indent=2) + "\n").encode())

    def due(self) -> bool:
        """Whether the last state is older than the seconds between two."""
        return time.monotonic() - self._saved >= self._save_seconds

    def save_state(self, snapshot: Snapshot) -> None:
        """Replace the resumable state."""
        metadata = {"position": json.dumps(snapshot.position)}
        self._write(STATE, save(snapshot.tensors, metadata))
        self._saved = time.monotonic()

    def save_best(self, weights: Mapping[str, Tensor]) -> None:
        """Replace the weights of the model."""
        self._write(MODEL, save(dict(weights)))

    def best(self) -> dict[str, Tensor]:
        """Return the weights of the model."""
        path = self.path / MODEL
        try:
            return load_file(path)
        except (SafetensorError, OSError) as error:
            raise BadInput(f"{path} cannot be read: {error}") from None

    def save_metrics(self, lines: list[dict[str, Any]]) -> None:
        """Replace metrics.jsonl by these lines."""
        self._write(METRICS, "".join(json.dumps(line) + "\n" for line in lines).encode())

    def finish(self) -> None:
        """Drop the resumable state: the model is complete."""
        self._remove(STATE)

    def abandon(self) -> None:
        """Drop the resumable state, and the whole model where no epoch is worth keeping."""
        self._remove(STATE)
        if not (self.path / MODEL).exists():
            self._remove(METRICS, CONFIG, TOKENIZER)

    # Checks and single files ------------------------------------------------------------------

    def _check_free(self) -> None:
        kinds = (
            (STATE, "a run that has not ended", "--resume or --overwrite"),
            (MODEL, "a model", "--overwrite"),
        )
        for name, what, ways in kinds:
            if (self.path / name).exists():
                raise BadInput(
                    f"{self.path} already holds {what} ({name}): name a new folder, or say {ways}"
                )

    def _check_same_run(self) -> None:
        """Refuse to go on with a state that other settings or other data made."""
        if not (self.path / STATE).exists():
            raise BadInput(f"{self.path} holds no {STATE}: there is nothing to resume")
        found = read_config(self.path)
        for name, new in _flat(self._config).items():
            old = _flat(found).get(name)
            if old != new and name == "data_sha256":
                raise BadInput(f"the data has changed since the run in {self.path} began")
            if old != new and name != "version":
                raise BadInput(
                    f"{self.path} was begun with {name} {old!r}, cannot go on with {new!r}"
                )

    def _write(self, name: str, data: bytes) -> None:
        write_whole(self.path / name, data)

    def _remove(self, *names: str) -> None:
        if not self.path.is_dir():
            return
        for name in names:
            (self.path / name).unlink(missing_ok=True)
        sync_folder(self.path)


def read_config(folder: Path) -> dict[str, Any]:
    """Return config.json; `BadInput` where it is missing or no JSON object."""
    path = folder / CONFIG
    try:
        config = json.loads(read_bytes(path))
    except ValueError as error:
        raise BadInput(f"{path} is not JSON: {error}") from None
    if not isinstance(config, dict):
        raise BadInput(f"{path} must hold a JSON object, got {type(config).__name__}")
    return config


def _flat(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a config with the settings beside the rest, to compare value by value."""
    settings = config.get("settings")
    return {**config, **(settings if isinstance(settings, dict) else {}), "settings": None}
