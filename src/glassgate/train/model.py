"""Build a model from its settings, and read a trained one from its folder."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import SafetensorError, safe_open
from torch import nn
from torch.overrides import TorchFunctionMode

from glassgate.errors import BadInput
from glassgate.nn.models import Classifier, LanguageModel
from glassgate.train.folder import CONFIG, MODEL, TOKENIZER, read_config
from glassgate.train.settings import Settings
from glassgate.train.tokens import Vocabulary


@dataclass(frozen=True)
class Loaded:
    """A trained model with its vocabulary, settings and config."""

    model: LanguageModel | Classifier  # in evaluation mode, on the CPU
    vocabulary: Vocabulary
    settings: Settings
    config: dict[str, Any]

    @property
    def kind(self) -> Literal["language", "classifier"]:
        """What the model predicts, the next token or a class."""
        return "classifier" if isinstance(self.model, Classifier) else "language"

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes in the order of the logits; empty for a language model."""
        return tuple(self.config.get("classes", ()))


def build(kind: str, vocabulary_size: int, classes: int, settings: Settings) -> nn.Module:
    """Return an untrained model of these sizes; `kind` is "language" or "classifier"."""
    sizes = (settings.embedding_size, settings.hidden_size, settings.layers, settings.dropout)
    if kind == "language":
        return LanguageModel(vocabulary_size, settings.network, *sizes)
    return Classifier(vocabulary_size, classes, settings.network, *sizes)


class _Uninitialised(TorchFunctionMode):
    """Leaves weights without values: to draw them on the meta device imports torch's compiler."""

    def __torch_function__(
        self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Call a function of torch, unless it is one of torch.nn.init."""
        if getattr(function, "__module__", None) == nn.init.__name__:
            return args[0] if args else kwargs["tensor"]
        return function(*args, **(kwargs or {}))


def load(folder: str | PathLike[str]) -> Loaded:
    """Read a model folder that `glassgate train` wrote.

    `BadInput` names a file that is missing, malformed, or inconsistent with the others. The shapes
    of the weights are compared with the config before memory is allocated for them.
    """
    folder = Path(folder)
    if not folder.exists():
        raise BadInput(f"there is no model folder {folder}")
    if not folder.is_dir():
        raise BadInput(f"{folder} is not a folder, expected a folder with a model")
    for name in (CONFIG, TOKENIZER, MODEL):
        if not (folder / name).is_file():
            raise BadInput(f"{folder} has no {name}, expected {CONFIG}, {TOKENIZER} and {MODEL}")
    config = read_config(folder)
    settings, kind, classes = _check_config(folder, config)
    vocabulary = Vocabulary.load(folder / TOKENIZER)
    if config.get("vocabulary_size") != len(vocabulary):
        size = config.get("vocabulary_size")
        raise BadInput(
            f"{folder / TOKENIZER} holds {len(vocabulary)} tokens, but {CONFIG} says {size}"
        )
    with torch.device("meta"), _Uninitialised():
        model = build(kind, len(vocabulary), len(classes), settings)
    _fill(model, folder / MODEL)
    assert isinstance(model, LanguageModel | Classifier)
    return Loaded(model.eval(), vocabulary, settings, config)


def _check_config(folder: Path, config: dict[str, Any]) -> tuple[Settings, str, list[str]]:
    """Return the settings, kind and classes of a config, once all three are valid."""
    path = folder / CONFIG
    kind, classes = config.get("kind"), config.get("classes", [])
    if kind not in ("language", "classifier"):
        raise BadInput(f"{path} must have kind language or classifier, got {kind!r}")
    are_names = isinstance(classes, list) and all(isinstance(name, str) for name in classes)
    if not are_names or (kind == "classifier") != (len(classes) >= 2):
        raise BadInput(
            f"{path} must list at least two classes for a classifier and none for a language "
            f"model, got {classes!r}"
        )
    try:
        return Settings.from_json(config.get("settings", {})), kind, classes
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from None


def _fill(model: nn.Module, path: Path) -> None:
    """Load a file of weights into a model on the meta device, if all names and shapes agree."""
    expected = {name: list(value.shape) for name, value in model.state_dict().items()}
    try:
        with safe_open(path, framework="pt") as file:
            shapes = {name: file.get_slice(name).get_shape() for name in file.keys()}  # noqa: SIM118
            _check_shapes(path, expected, shapes)
            weights = {name: file.get_tensor(name) for name in expected}
    except SafetensorError as error:
        raise BadInput(f"{path} is not a file of weights: {error}") from None
    for name, value in weights.items():
        if value.dtype != torch.float32:
            raise BadInput(f"{path}: {name} must be float32, got {value.dtype}")
    model.load_state_dict(weights, assign=True)


def _check_shapes(path: Path, expected: dict[str, list[int]], shapes: dict[str, list[int]]) -> None:
    for name in sorted(expected.keys() | shapes.keys()):
        if name not in shapes:
            raise BadInput(f"{path} does not fit {CONFIG}: {name} {expected[name]} is missing")
        if name not in expected:
            raise BadInput(f"{path} does not fit {CONFIG}: {name} {shapes[name]} is not expected")
        if expected[name] != shapes[name]:
            raise BadInput(
                f"{path} does not fit {CONFIG}: {name} must have shape {expected[name]}, "
                f"got {shapes[name]}"
            )
