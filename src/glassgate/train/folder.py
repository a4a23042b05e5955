"""A model folder, as a training run writes it.

model.safetensors   the weights of the best epoch
config.json         kind of model, settings, sizes, classes, the training data
tokenizer.json      the vocabulary
metrics.jsonl       one line per epoch
state.safetensors   during training only: weights, optimizer, position, config; nothing is pickled

Until a run has finished its first epoch it writes the state only, and an earlier model in the
folder stays complete. Then the other four files are replaced together.
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
SAVE_SECONDS = 30.0  # between two saved states within an epoch


class ModelFolder:
    """The store of one run: the files in its model folder.

    `config` and `tokenizer` are the contents of config.json and tokenizer.json. With `overwrite`
    the run may replace the model in the folder, with `resume` it continues from the state in it;
    nothing is written until the loop calls. Raises `BadInput` when the folder holds a model or a
    state and neither is given, or when it holds no state of the same run to resume.
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
        self._has_state = resume  # the state in the folder belongs to this run
        self._has_model = False  # the model in the folder belongs to this run
        check_free(path, overwrite or resume)
        if resume:
            self._check_same_run()

    # What the loop calls -----------------------------------------------------------------------

    def restore(self) -> Snapshot | None:
        """Return the stored state if the run resumes, otherwise None."""
        if not self._resume:
            return None
        path = self.path / STATE
        position = self._read_from_state("position")
        try:
            tensors = load_file(path)
        except SafetensorError as error:
            raise BadInput(f"{path} is not a state to resume from: {error}") from None
        self._has_model = bool(position.get("best_epoch"))
        return Snapshot(position, tensors, str(path))

    def begin(self) -> None:
        """Create the folder; files that are in it stay."""
        self.path.mkdir(parents=True, exist_ok=True)

    def record_threads(self, threads: int) -> None:
        """Record in config.json the number of threads that the run trains on."""
        self._config["threads"] = threads
        if self._has_model:
            self._write(CONFIG, self._config_file())

    def due(self) -> bool:
        """Whether it is time to save another state."""
        return time.monotonic() - self._saved >= self._save_seconds

    def save_state(self, snapshot: Snapshot) -> None:
        """Replace the resumable state."""
        metadata = {"position": snapshot.position, "config": self._config}
        texts = {name: json.dumps(value) for name, value in metadata.items()}
        self._write(STATE, save(snapshot.tensors, texts))
        self._has_state = True
        self._saved = time.monotonic()

    def save_epochs(
        self, lines: list[dict[str, Any]], best: Mapping[str, Tensor] | None = None
    ) -> None:
        """Write metrics.jsonl, and the weights of the model if `best` is given.

        The first weights of a run replace an earlier model with all its files.
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
        """Remove the resumable state: the model is complete."""
        self._remove(STATE)

    def abandon(self) -> None:
        """Remove this run's state.

        The model stays: the best one of this run, or of an earlier run if this one has none yet.
        """
        if self._has_state:
            self._remove(STATE)

    # Checks and single files ------------------------------------------------------------------

    def _check_same_run(self) -> None:
        """Refuse to continue from a state of a run with other settings or other data."""
        if not (self.path / STATE).exists():
            raise BadInput(f"{self.path} holds no {STATE}: there is no run to resume")
        stored = _flatten(self._read_from_state("config"))
        for name, new in _flatten(self._config).items():
            old = stored.get(name)
            if old != new and name == "data_sha256":
                raise BadInput(f"the data has changed since the run in {self.path} began")
            if old != new and name != "version":
                raise BadInput(
                    f"the run in {self.path} began with {name} {old!r}, "
                    f"and cannot be resumed with {new!r}"
                )

    def _read_from_state(self, name: str) -> dict[str, Any]:
        """Return the position or the config stored with the state."""
        path = self.path / STATE
        try:
            with safe_open(path, framework="pt") as file:
                value = json.loads((file.metadata() or {})[name])
        except KeyError:
            raise BadInput(f"{path} is not a state to resume from: it has no {name}") from None
        except (SafetensorError, ValueError) as error:
            raise BadInput(f"{path} is not a state to resume from: {error}") from None
        if not isinstance(value, dict):
            raise BadInput(f"{path} is not a state to resume from: its {name} is not a JSON object")
        return value

    def _replace_model(self, metrics: bytes, weights: bytes) -> None:
        """Replace an earlier model by this run's four files.

        All files are on disk under temporary names before the first is renamed, so that a full disk
        leaves the old model. The old weights are removed first and the new weights come last: a
        kill between two renames leaves no model instead of a mixed one, and resuming from the state
        repeats the exchange.
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


def check_free(path: Path, overwrite: bool) -> None:
    """Refuse a path that cannot be a folder, and a folder whose model or run may not be replaced.

    Raises `BadInput`. Nothing is written.
    """
    standing = next(part for part in (path, *path.absolute().parents) if part.exists())
    if not standing.is_dir():
        raise BadInput(f"{standing} is a file, expected a folder to write the model to")
    obstacles = (
        (STATE, "an unfinished run", "--resume or --overwrite"),
        (MODEL, "a model", "--overwrite"),
    )
    for name, content, options in obstacles:
        if (path / name).exists() and not overwrite:
            raise BadInput(
                f"{path} already holds {content} ({name}): choose another folder or pass {options}"
            )


def read_config(folder: Path) -> dict[str, Any]:
    """Return the contents of config.json; `BadInput` if it is missing or not a JSON object."""
    path = folder / CONFIG
    try:
        config = json.loads(read_bytes(path))
    except ValueError as error:
        raise BadInput(f"{path} is not JSON: {error}") from None
    if not isinstance(config, dict):
        raise BadInput(f"{path} must hold a JSON object, got {type(config).__name__}")
    return config


def read_history(folder: Path, measure: str) -> tuple[Epoch, ...]:
    """Return the epochs of metrics.jsonl; `measure` is "perplexity" or "accuracy".

    `BadInput` if it is missing or empty, or a line holds anything but the numbers of an epoch.
    """
    path = folder / METRICS
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        history = tuple(Epoch.from_json(json.loads(line), measure) for line in lines)
        for number in (value for epoch in history for value in epoch.to_json().values()):
            if isinstance(number, bool) or not isinstance(number, int | float):
                raise ValueError(f"{number!r} is not a number")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{path} cannot be read: {error}") from None
    if not history:
        raise BadInput(f"{path} is empty, expected one line per epoch")
    return history


def _flatten(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a config with its settings at the top level, to compare value by value."""
    settings = config.get("settings")
    return {**config, **(settings if isinstance(settings, dict) else {}), "settings": None}
