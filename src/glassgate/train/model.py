"""Read a model folder back: the model, its vocabulary, and what the folder says of them."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import SafetensorError, safe_open
from torch import nn

from glassgate.errors import BadInput
from glassgate.nn.models import Classifier, LanguageModel
from glassgate.train.folder import CONFIG, MODEL, TOKENIZER, read_config
from glassgate.train.settings import Settings
from glassgate.train.tokens import Vocabulary


@dataclass(frozen=True)
class Loaded:
    """A model folder, read."""

    model: LanguageModel | Classifier  # in evaluation mode, on the CPU
    vocabulary: Vocabulary
    settings: Settings
    config: dict[str, Any]

    @property
    def kind(self) -> Literal["language", "classifier"]:
        """What the model predicts: the next token, or a class."""
        return "classifier" if isinstance(self.model, Classifier) else "language"

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes in the order of the logits; none for a language model."""
        return tuple(self.config.get("classes", ()))


def build(kind: str, vocabulary_size: int, classes: int, settings: Settings) -> nn.Module:
    """Return the untrained model of these sizes; `kind` is "language" or "classifier"."""
    sizes = (settings.embedding_size, settings.hidden_size, settings.layers, settings.dropout)
    if kind == "language":
        return LanguageModel(vocabulary_size, settings.network, *sizes)
    return Classifier(vocabulary_size, classes, settings.network, *sizes)


def load(folder: str | PathLike[str]) -> Loaded:
    """Read a model folder that `glassgate train` wrote.

    `BadInput` names the file that is missing, is malformed, or does not fit the others. Weights
    are compared with the config before memory is taken for them.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise BadInput(f"{folder} is not a folder, expected one that holds a model")
    for name in (CONFIG, TOKENIZER, MODEL):
        if not (folder / name).is_file():
            raise BadInput(f"{folder} is missing {name}: expected {CONFIG}, {TOKENIZER}, {MODEL}")
    config = read_config(folder)
    settings, kind, classes = _checked(folder, config)
    vocabulary = Vocabulary.load(folder / TOKENIZER)
    if config.get("vocabulary_size") != len(vocabulary):
        size = config.get("vocabulary_size")
        raise BadInput(f"{folder / TOKENIZER} holds {len(vocabulary)} tokens, {CONFIG} says {size}")
    with torch.device("meta"):
        model = build(kind, len(vocabulary), len(classes), settings)
    _fill(model, folder / MODEL)
    assert isinstance(model, LanguageModel | Classifier)
    return Loaded(model.eval(), vocabulary, settings, config)


def _checked(folder: Path, config: dict[str, Any]) -> tuple[Settings, str, list[str]]:
    """Return settings, kind and classes of a config that says all three."""
    path = folder / CONFIG
    kind, classes = config.get("kind"), config.get("classes", [])
    if kind not in ("language", "classifier"):
        raise BadInput(f"{path} must say kind language or classifier, got {kind!r}")
    names = isinstance(classes, list) and all(isinstance(name, str) for name in classes)
    if not names or (kind == "classifier") != (len(classes) >= 2):
        raise BadInput(f"{path} must list two classes or more for a classifier, got {classes!r}")
    try:
        return Settings.from_json(config.get("settings", {})), kind, classes
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from None


def _fill(model: nn.Module, path: Path) -> None:
    """Give a model without memory the weights of a file, once every name and shape agrees."""
    wanted = {name: list(value.shape) for name, value in model.state_dict().items()}
    try:
        with safe_open(path, framework="pt") as file:
            found = {name: file.get_slice(name).get_shape() for name in file.keys()}  # noqa: SIM118
            _check_shapes(path, wanted, found)
            weights = {name: file.get_tensor(name) for name in wanted}
    except SafetensorError as error:
        raise BadInput(f"{path} is not a file of weights: {error}") from None
    for name, value in weights.items():
        if value.dtype != torch.float32:
            raise BadInput(f"{path}: {name} must be float32, got {value.dtype}")
    model.load_state_dict(weights, assign=True)


def _check_shapes(path: Path, wanted: dict[str, list[int]], found: dict[str, list[int]]) -> None:
    for name in sorted(wanted.keys() | found.keys()):
        if name not in found:
            raise BadInput(f"{path} does not fit {CONFIG}: {name} {wanted[name]} is missing")
        if name not in wanted:
            raise BadInput(f"{path} does not fit {CONFIG}: {name} {found[name]} is not expected")
        if wanted[name] != found[name]:
            raise BadInput(
                f"{path} does not fit {CONFIG}: {name} must have shape {wanted[name]}, "
                f"got {found[name]}"
            )
