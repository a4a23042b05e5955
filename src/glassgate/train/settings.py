"""The settings of a training run: a frozen dataclass, checked, to and from JSON."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from glassgate.errors import BadInput

NETWORKS = ("feedforward", "srn", "gru", "lstm")
OPTIMIZERS = ("adamw", "sgd")
SCHEDULES = ("plateau", "linear")
PRECISIONS = ("no", "bf16")


@dataclass(frozen=True)
class Settings:
    """The settings of one training run; the defaults suit a language model of a novel.

    Raises
    ------
    BadInput
        When a value is outside its range.
    """

    network: str = "gru"  # feedforward, srn, gru or lstm
    hidden_size: int = 128  # units per layer
    embedding_size: int = 128  # numbers that represent a token
    layers: int = 1
    dropout: float = 0.3  # share of embeddings and outputs set to 0 in training, 0 <= dropout < 1
    epochs: int = 20  # maximum; early stopping may end the run sooner
    batch_size: int = 32  # sequences (or columns of a stream) per step, over all processes
    bptt: int = 35  # steps of a stream that the gradient reaches back, at most
    learning_rate: float = 2e-3
    optimizer: str = "adamw"  # adamw or sgd
    weight_decay: float = 0.01
    clip: float = 1.0  # maximum norm of the gradient; larger ones are scaled down
    schedule: str = "plateau"  # plateau, or linear: up for 1/20 of all steps, then down to 0
    plateau_factor: float = 0.5  # by which a plateau multiplies the learning rate
    plateau_patience: int = 0  # epochs without improvement that do not count as a plateau
    patience: int = 4  # epochs without improvement after which training stops
    seed: int = 0
    mixed_precision: str = "no"  # no or bf16

    def __post_init__(self) -> None:
        """Check every value."""
        _check_choice("network", self.network, NETWORKS)
        _check_choice("optimizer", self.optimizer, OPTIMIZERS)
        _check_choice("schedule", self.schedule, SCHEDULES)
        _check_choice("mixed_precision", self.mixed_precision, PRECISIONS)
        for name in ("hidden_size", "embedding_size", "epochs", "batch_size", "bptt", "patience"):
            _check_whole(name, getattr(self, name), 1, 1_000_000)
        _check_whole("layers", self.layers, 1, 100)
        _check_whole("plateau_patience", self.plateau_patience, 0, 1_000_000)
        _check_whole("seed", self.seed, 0, 2**63 - 1)
        _check_number("dropout", self.dropout, "from 0 to below 1", lambda x: 0 <= x < 1)
        _check_number("weight_decay", self.weight_decay, "of at least 0", lambda x: x >= 0)
        _check_number("learning_rate", self.learning_rate, "above 0", lambda x: x > 0)
        _check_number("clip", self.clip, "above 0", lambda x: x > 0)
        _check_number("plateau_factor", self.plateau_factor, "between 0 and 1", _is_factor)

    def to_json(self) -> dict[str, Any]:
        """Return the settings as a dictionary for JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Settings:
        """Make settings from the dictionary that `to_json` returns; `BadInput` for other names."""
        names = {field.name for field in fields(cls)}
        if not isinstance(values, Mapping) or set(values) != names:
            raise BadInput(f"settings must name {', '.join(sorted(names))}, got {values!r:.200}")
        return cls(**values)


def _is_factor(value: float) -> bool:
    return 0 < value < 1


def _check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise BadInput(f"{name} must be one of {', '.join(choices)}, got {value!r}")


def _check_whole(name: str, value: object, low: int, high: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise BadInput(f"{name} must be a whole number from {low} to {high}, got {value!r}")


def _check_number(name: str, value: object, range: str, allows: Callable[[float], bool]) -> None:
    finite = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not finite or not allows(float(str(value))):
        raise BadInput(f"{name} must be a number {range}, got {value!r}")


LANGUAGE = Settings()
CLASSIFIER = Settings(dropout=0.5)
GRAMMAR = Settings(
    hidden_size=64,
    embedding_size=32,
    dropout=0.0,
    epochs=5,
    batch_size=64,
    learning_rate=0.02,
    weight_decay=0.0,
    schedule="linear",
    patience=5,
)
"""For sentences of a small grammar, each a line of its own. They are plentiful: no dropout.

docs/training.md has the measurements by which these values were chosen."""

RECIPES: Mapping[str, Settings] = {"grammar": GRAMMAR}
"""Settings by name, for texts that the defaults do not suit."""

MINIMUM_FREQUENCY = 2  # occurrences in the training data that a token needs to be in the vocabulary
