"""Where a run stands: its position as plain numbers, everything else as named tensors.

No random state is kept: what is random in a step is a function of the seed and the position.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Protocol

import torch
from torch import Tensor

from glassgate.engine.settings import MAX_THREADS
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
    threads: int = 0  # that the run trains on; 0: not chosen yet
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
        """Read what `to_json` returned; `ValueError` when it could not have."""
        names = {field.name for field in fields(cls)}
        if not isinstance(values, Mapping) or set(values) != names:
            raise ValueError(f"its position must name {', '.join(sorted(names))} and nothing else")
        given = {**values, "best_loss": 0.0 if values["best_loss"] is None else values["best_loss"]}
        for name, example in vars(cls()).items():
            kinds = (int, float) if isinstance(example, float) else type(example)
            if not isinstance(given[name], kinds):
                raise ValueError(f"{name} of its position cannot be {given[name]!r}")
        position = cls(**values)
        try:
            position.history = [Epoch.from_json(line, measure) for line in values["history"]]
        except (KeyError, TypeError):
            raise ValueError("the history of its position is not a list of epochs") from None
        position.best_loss = math.inf if values["best_loss"] is None else values["best_loss"]
        finished = len(position.history)
        begun = min(1, finished)
        if position.epoch != finished + 1 or not begun <= position.best_epoch <= finished:
            raise ValueError("the epochs of its position do not agree")
        if not 0 <= position.threads <= MAX_THREADS:
            raise ValueError(f"threads of its position cannot be {position.threads}")
        if position.step < 0 or (values["best_loss"] is None) != (finished == 0):
            raise ValueError("the step or the best loss of its position makes no sense")
        return position


@dataclass
class Snapshot:
    """A position and the tensors that belong to it, by name."""

    position: dict[str, Any]
    tensors: dict[str, Tensor]
    source: str = "the state"  # what a message calls it


class Store(Protocol):
    """Where a run leaves what must outlive it. Only the main process writes."""

    def restore(self) -> Snapshot | None:
        """Return the state to go on from; None to begin. Writes nothing."""

    def begin(self) -> None:
        """Make ready for a new run; what a run before left stays until an epoch is saved."""

    def record_threads(self, threads: int) -> None:
        """Say on how many threads the run trains."""

    def save_state(self, snapshot: Snapshot) -> None:
        """Replace the resumable state."""

    def save_epochs(
        self, lines: list[dict[str, Any]], best: Mapping[str, Tensor] | None = None
    ) -> None:
        """Replace the lines, one an epoch, and the best weights where they are new.

        The first best weights of a run replace all that a run before left.
        """

    def best(self) -> dict[str, Tensor]:
        """Return the best weights so far."""

    def due(self) -> bool:
        """Whether the last state is old enough to be replaced in mid-epoch."""

    def finish(self) -> None:
        """Drop the resumable state: the run is complete."""

    def abandon(self) -> None:
        """Drop the resumable state; what an epoch left stays, of this run or the one before."""


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return the optimizer's tensors by the index of their parameter and their name."""
    slots = optimizer.state_dict()["state"]
    return {
        f"{OPTIMIZER}{index}.{name}": value
        for index, slot in slots.items()
        for name, value in slot.items()
        if isinstance(value, Tensor)
    }


def adam_shapes(index: int, parameter: Tensor) -> dict[str, torch.Size]:
    """Return what `optimizer_tensors` holds of a parameter that AdamW has moved."""
    like = parameter.shape
    slots = {"step": torch.Size(), "exp_avg": like, "exp_avg_sq": like}
    return {f"{OPTIMIZER}{index}.{slot}": shape for slot, shape in slots.items()}


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
