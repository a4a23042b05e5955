"""The resumable state of a run: its position as plain numbers, the rest as named tensors.

No random state is stored: the random numbers of a step are a function of seed and position.
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
    """How far a run has got."""

    epoch: int = 1  # the current epoch, from 1
    step: int = 0  # steps completed in this epoch
    nats: float = 0.0  # summed loss over this epoch's steps
    count: int = 0  # targets scored in this epoch
    seconds: float = 0.0  # spent on this epoch's steps
    total_seconds: float = 0.0  # spent on all steps
    total_tokens: int = 0  # read in all steps
    threads: int = 0  # that the run trains on; 0 before they are chosen
    learning_rate: float = 0.0
    scheduler: dict[str, Any] = field(default_factory=dict)  # state of the plateau schedule
    best_epoch: int = 0  # 0 before the first is finished
    best_loss: float = math.inf  # on held-out data, nats per target
    history: list[Epoch] = field(default_factory=list)  # finished epochs

    @property
    def tokens_per_second(self) -> float:
        """Tokens read per second of training steps, over the whole run."""
        return self.total_tokens / max(self.total_seconds, 1e-9)

    def add(self, nats: float, batch: Batch, seconds: float) -> None:
        """Add a step that took `seconds`; `nats` is its loss summed over the batch's targets."""
        self.step += 1
        self.nats += nats
        self.count += batch.count
        self.seconds += seconds
        self.total_seconds += seconds
        self.total_tokens += int(batch.lengths.sum())

    def finish_epoch(self, epoch: Epoch, improved: bool) -> None:
        """Add a finished epoch and move to the beginning of the next."""
        self.history.append(epoch)
        if improved:
            self.best_epoch, self.best_loss = epoch.epoch, epoch.valid_loss
        self.epoch, self.step = epoch.epoch + 1, 0
        self.nats, self.count, self.seconds = 0.0, 0, 0.0

    def to_json(self) -> dict[str, Any]:
        """Return a dictionary for JSON, in which None means that there is no best loss yet."""
        values = dict(vars(self))
        values["history"] = [epoch.to_json() for epoch in self.history]
        values["best_loss"] = self.best_loss if self.best_epoch else None
        return values

    @classmethod
    def from_json(cls, values: Mapping[str, Any], measure: str) -> Position:
        """Make a position from what `to_json` returned; `ValueError` for anything else."""
        names = {field.name for field in fields(cls)}
        if not isinstance(values, Mapping) or set(values) != names:
            raise ValueError(f"its position must have exactly the keys {', '.join(sorted(names))}")
        typed = {**values, "best_loss": 0.0 if values["best_loss"] is None else values["best_loss"]}
        for name, example in vars(cls()).items():
            types = (int, float) if isinstance(example, float) else type(example)
            if not isinstance(typed[name], types):
                raise ValueError(f"{name} of its position cannot be {typed[name]!r}")
        position = cls(**values)
        try:
            position.history = [Epoch.from_json(line, measure) for line in values["history"]]
        except (KeyError, TypeError):
            raise ValueError("the history of its position is not a list of epochs") from None
        position.best_loss = math.inf if values["best_loss"] is None else values["best_loss"]
        finished = len(position.history)
        first = min(1, finished)
        if position.epoch != finished + 1 or not first <= position.best_epoch <= finished:
            raise ValueError("the epochs of its position are inconsistent")
        if not 0 <= position.threads <= MAX_THREADS:
            raise ValueError(f"threads of its position cannot be {position.threads}")
        if position.step < 0 or (values["best_loss"] is None) != (finished == 0):
            raise ValueError("the step or the best loss of its position is impossible")
        return position


@dataclass
class Snapshot:
    """A position and the tensors that belong to it, by name."""

    position: dict[str, Any]
    tensors: dict[str, Tensor]
    source: str = "the state"  # its name in error messages


class Store(Protocol):
    """Where a run keeps its state and its results. Only the main process writes."""

    def restore(self) -> Snapshot | None:
        """Return the state to resume from, or None to start anew. Writes nothing."""

    def begin(self) -> None:
        """Prepare for a new run; results of an earlier run stay until an epoch is saved."""

    def record_threads(self, threads: int) -> None:
        """Record the number of threads that the run trains on."""

    def save_state(self, snapshot: Snapshot) -> None:
        """Replace the resumable state."""

    def save_epochs(
        self, lines: list[dict[str, Any]], best: Mapping[str, Tensor] | None = None
    ) -> None:
        """Write one line per epoch, and the best weights if they are new.

        The first weights of a run replace all results of an earlier run.
        """

    def best(self) -> dict[str, Tensor]:
        """Return the best weights so far."""

    def due(self) -> bool:
        """Whether it is time to save another state within the epoch."""

    def finish(self) -> None:
        """Remove the resumable state: the run is complete."""

    def abandon(self) -> None:
        """Remove the resumable state; saved epochs stay, of this run or an earlier one."""


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return the optimizer's tensors, named by the index of their parameter and their slot."""
    slots = optimizer.state_dict()["state"]
    return {
        f"{OPTIMIZER}{index}.{name}": value
        for index, slot in slots.items()
        for name, value in slot.items()
        if isinstance(value, Tensor)
    }


def adam_shapes(index: int, parameter: Tensor) -> dict[str, torch.Size]:
    """Return the shapes of AdamW's tensors for a parameter, named as in `optimizer_tensors`."""
    slots = {"step": torch.Size(), "exp_avg": parameter.shape, "exp_avg_sq": parameter.shape}
    return {f"{OPTIMIZER}{index}.{slot}": shape for slot, shape in slots.items()}


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Restore the tensors of an optimizer of the same parameters."""
    slots: dict[int, dict[str, Tensor]] = {}
    for name, value in part(tensors, OPTIMIZER).items():
        index, slot = name.split(".", 1)
        slots.setdefault(int(index), {})[slot] = value
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": slots, "param_groups": groups})


def part(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Return the tensors whose names start with `prefix`, named without it."""
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def state_tensors(state: State | None) -> dict[str, Tensor]:
    """Return a carried state as named tensors: one, several in order, or none."""
    if state is None:
        return {}
    if isinstance(state, Tensor):
        return {f"{STREAM}only": state}
    return {f"{STREAM}{index}": value for index, value in enumerate(state)}


def restore_state(tensors: Mapping[str, Tensor]) -> State | None:
    """Return the carried state that `state_tensors` named."""
    parts = part(tensors, STREAM)
    if "only" in parts:
        return parts["only"]
    return tuple(parts[str(index)] for index in range(len(parts))) or None
