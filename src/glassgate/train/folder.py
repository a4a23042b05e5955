"""A model folder while a run writes it: the best weights, what they are, and one resumable state.

model.safetensors   weights of the best epoch
config.json         kind of model, settings, sizes, classes, the data it was trained on
tokenizer.json      the vocabulary
metrics.jsonl       a line an epoch
state.safetensors   while training: weights, optimizer, position, config; nothing is pickled

Until the first epoch of a run is saved the state is its only file, and a model that was there
before stays whole; then all the others are replaced together.
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
from glassgate.files import sync_folder, write_whole
from glassgate.train.corpus import read_bytes
from glassgate.train.snapshot import Snapshot
from glassgate.train.watch import Epoch

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
        self._made = not path.exists()  # the folder is this run's own
        self._has_state = resume  # the state in the folder is this run's
        self._has_model = False  # the model in the folder is this run's
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
        position = self._state_says("position")
        try:
            tensors = load_file(path)
        except SafetensorError as error:
            raise BadInput(f"{path} is not a state to resume from: {error}") from None
        self._has_model = bool(position.get("best_epoch"))
        return Snapshot(position, tensors, str(path))

    def begin(self) -> None:
        """Make the folder; what is in it stays."""
        self.path.mkdir(parents=True, exist_ok=True)

    def record_threads(self, threads: int) -> None:
        """Say in the config on how many threads the run trains."""
        self._config["threads"] = threads
        if self._has_model:
            self._write(CONFIG, self._config_file())

    def due(self) -> bool:
        """Whether the last state is older than the seconds between two."""
        return time.monotonic() - self._saved >= self._save_seconds

    def save_state(self, snapshot: Snapshot) -> None:
        """Replace the resumable state."""
        metadata = {"position": snapshot.position, "config": self._config}
        told = {name: json.dumps(value) for name, value in metadata.items()}
        self._write(STATE, save(snapshot.tensors, told))
        self._has_state = True
        self._saved = time.monotonic()

    def save_epochs(
        self, lines: list[dict[str, Any]], best: Mapping[str, Tensor] | None = None
    ) -> None:
        """Replace metrics.jsonl by these lines, and the weights of the model if `best` is given.

        The first best weights of the run take the place of the whole model that was there.
        """
        metrics = "".join(json.dumps(line) + "\n" for line in lines).encode()
        if best is not None and not self._has_model:
            self._replace_model(metrics, save(dict(best)))
            return
        if best is not None:
            self._write(MODEL, save(dict(best)))
        if self._has_model:
            self._write(METRICS, metrics)

    def best(self) -> dict[str, Tensor]:
        """Return the weights of the model."""
        path = self.path / MODEL
        try:
            return load_file(path)
        except (SafetensorError, OSError) as error:
            raise BadInput(f"{path} cannot be read: {error}") from None

    def finish(self) -> None:
        """Drop the resumable state: the model is complete."""
        self._remove(STATE)

    def abandon(self) -> None:
        """Drop this run's state, and the folder if the run made it and nothing is in it.

        The model stays: this run's best one, or until it has one, that of the run before.
        """
        if self._has_state:
            self._remove(STATE)
        if self._made and self.path.is_dir() and not any(self.path.iterdir()):
            self.path.rmdir()

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
        found = self._state_says("config")
        for name, new in _flat(self._config).items():
            old = _flat(found).get(name)
            if old != new and name == "data_sha256":
                raise BadInput(f"the data has changed since the run in {self.path} began")
            if old != new and name != "version":
                raise BadInput(
                    f"{self.path} was begun with {name} {old!r}, cannot go on with {new!r}"
                )

    def _state_says(self, name: str) -> dict[str, Any]:
        """Return the position or the config that the state holds."""
        path = self.path / STATE
        try:
            with safe_open(path, framework="pt") as file:
                found = json.loads((file.metadata() or {})[name])
        except KeyError:
            raise BadInput(f"{path} is not a state to resume from: it has no {name}") from None
        except (SafetensorError, ValueError) as error:
            raise BadInput(f"{path} is not a state to resume from: {error}") from None
        if not isinstance(found, dict):
            raise BadInput(f"{path} is not a state to resume from: its {name} is no JSON object")
        return found

    def _replace_model(self, metrics: bytes, weights: bytes) -> None:
        """Put this run's four files in the place of what was there.

        All are on the disk under other names before the first is renamed, so that a full disk
        leaves the old model. The old weights go first and the new ones come last: a kill between
        two renames leaves no model, never a mixed one, and the state begins the exchange anew.
        """
        files = {
            CONFIG: self._config_file(),
            TOKENIZER: self._tokenizer.encode(),
            METRICS: metrics,
            MODEL: weights,
        }
        staged = {name: f".{name}.new" for name in files}
        try:
            for name, data in files.items():
                self._write(staged[name], data)
        except OSError:
            self._remove(*staged.values())
            raise
        self._remove(MODEL)
        for name in files:
            (self.path / staged[name]).replace(self.path / name)
        sync_folder(self.path)
        self._has_model = True

    def _config_file(self) -> bytes:
        return (json.dumps(self._config, indent=2) + "\n").encode()

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


def read_history(folder: Path, measure: str) -> tuple[Epoch, ...]:
    """Return metrics.jsonl, an epoch a line; `measure` is "perplexity" or "accuracy".

    `BadInput` where it is missing or empty, or a line holds anything but the numbers of an epoch.
    """
    path = folder / METRICS
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        history = tuple(Epoch.from_json(json.loads(line), measure) for line in lines)
        for number in (value for epoch in history for value in epoch.to_json().values()):
            if isinstance(number, bool) or not isinstance(number, int | float):
                raise ValueError(f"{number!r} is no number")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{path} cannot be read: {error}") from None
    if not history:
        raise BadInput(f"{path} is empty, expected a line an epoch")
    return history


def _flat(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a config with the settings beside the rest, to compare value by value."""
    settings = config.get("settings")
    return {**config, **(settings if isinstance(settings, dict) else {}), "settings": None}
