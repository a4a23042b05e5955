"""Where a run stands: its position as plain numbers, everything else as named tensors.

No random state is kept: what is random in a step is a function of the seed and the position.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor

from glassgate.nn.models import State
from glassgate.train.batches import Batch
from glassgate.train.watch import Epoch

OPTIMIZER, STREAM, WEIGHTS = "optimizer.", "stream.", "weights."


@dataclass
class Position:
    """How far a run has come."""

    epoch: int = 1  # the epoch under way, from 1
    step: int = 0  # steps done in it
    nats: float = 0.0  # summed loss of this epoch's steps
    count: int = 0  # targets scored in this epoch
    seconds: float = 0.0  # of this epoch's steps
    total_seconds: float = 0.0  # of all steps
    total_tokens: int = 0  # read in all steps
    learning_rate: float = 0.0
    scheduler: dict[str, Any] = field(default_factory=dict)  # of the plateau rule
    best_epoch: int = 0  # 0: none yet
    best_loss: float = math.inf  # held-out nats a target
    history: list[Epoch] = field(default_factory=list)  # finished epochs

    @property
    def tokens_per_second(self) -> float:
        """Tokens read a second of training steps, over the whole run."""
        return self.total_tokens / max(self.total_seconds, 1e-9)

    def add(self, nats: float, batch: Batch, seconds: float) -> None:
        """Count a step that took `seconds` and cost `nats`, summed over the batch's targets."""
        self.step += 1
        self.nats += nats
        self.count += batch.count
        self.seconds += seconds
        self.total_seconds += seconds
        self.total_tokens += int(batch.lengths.sum())

    def finish_epoch(self, epoch: Epoch, improved: bool) -> None:
        """Enter a finished epoch and stand at the beginning of the next."""
        self.history.append(epoch)
        if improved:
            self.best_epoch, self.best_loss = epoch.epoch, epoch.valid_loss
        self.epoch, self.step = epoch.epoch + 1, 0
        self.nats, self.count, self.seconds = 0.0, 0, 0.0

    def to_json(self) -> dict[str, Any]:
        """Return a dictionary that JSON can hold; None stands for no best loss yet."""
        values = dict(vars(self))
        values["history"] = [epoch.to_json() for epoch in self.history]
        values["best_loss"] = self.best_loss if self.best_epoch else None
        return values

    @classmethod
    def from_json(cls, values: Mapping[str, Any], measure: str) -> Position:
        """Read what `to_json` returned."""
        position = cls(**values)
        position.history = [Epoch.from_json(line, measure) for line in values["history"]]
        position.best_loss = math.inf if values["best_loss"] is None else values["best_loss"]
        return position


@dataclass
class Snapshot:
    """A position and the tensors that belong to it, by name."""

    position: dict[str, Any]
    tensors: dict[str, Tensor]


class Store(Protocol):
    """Where a run leaves what must outlive it. Only the main process writes."""

    def restore(self) -> Snapshot | None:
        """Return the state to go on from; None to begin. Writes nothing."""

    def begin(self) -> None:
        """Make ready for a new run; what a run before left is gone after this."""

    def save_state(self, snapshot: Snapshot) -> None:
        """Replace the resumable state."""

    def save_best(self, weights: Mapping[str, Tensor]) -> None:
        """Replace the best weights."""

    def save_metrics(self, lines: list[dict[str, Any]]) -> None:
        """Replace the lines, one an epoch."""

    def best(self) -> dict[str, Tensor]:
        """Return the best weights so far."""

    def due(self) -> bool:
        """Whether the last state is old enough to be replaced in mid-epoch."""

    def finish(self) -> None:
        """Drop the resumable state: the run is complete."""

    def abandon(self) -> None:
        """Drop the resumable state, and everything where no epoch is worth keeping."""


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return the optimizer's tensors by the index of their parameter and their name."""
    slots = optimizer.state_dict()["state"]
    return {
        f"{OPTIMIZER}{index}.{name}": value
        for index, slot in slots.items()
        for name, value in slot.items()
        if isinstance(value, Tensor)
    }


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Give an optimizer of the same parameters its tensors back."""
    slots: dict[int, dict[str, Tensor]] = {}
    for name, value in part(tensors, OPTIMIZER).items():
        index, slot = name.split(".", 1)
        slots.setdefault(int(index), {})[slot] = value
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": slots, "param_groups": groups})


def part(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Return the tensors whose names start with `prefix`, without it."""
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def state_tensors(state: State | None) -> dict[str, Tensor]:
    """Return a carried state as named tensors: one, several in order, or none."""
    if state is None:
        return {}
    if isinstance(state, Tensor):
        return {f"{STREAM}only": state}
    return {f"{STREAM}{index}": value for index, value in enumerate(state)}


def restore_state(tensors: Mapping[str, Tensor]) -> State | None:
    """Read what `state_tensors` returned."""
    found = part(tensors, STREAM)
    if "only" in found:
        return found["only"]
    return tuple(found[str(index)] for index in range(len(found))) or None
