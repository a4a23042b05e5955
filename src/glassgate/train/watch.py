"""What the training loop tells to those who look on: bars, trackers, tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Step:
    """One step, over all processes."""

    epoch: int  # from 1
    step: int  # from 1, within the epoch
    steps: int  # in an epoch
    loss: float  # nats a target in this step
    mean_loss: float  # nats a target since the epoch began
    measure: str  # of held-out data: "perplexity" or "accuracy"
    tokens_per_second: float  # since training began, in training steps only


@dataclass(frozen=True)
class Epoch:
    """One finished epoch: a line of metrics.jsonl."""

    epoch: int  # from 1
    train_loss: float  # nats a target
    valid_loss: float  # nats a target
    measure: str  # "perplexity" or "accuracy"
    valid_measure: float  # on held-out data
    seconds: float  # of training steps in this epoch, evaluation excluded

    def to_json(self) -> dict[str, Any]:
        """Return the line of metrics.jsonl."""
        return {
            "epoch": self.epoch,
            "train_loss": self.train_loss,
            "valid_loss": self.valid_loss,
            f"valid_{self.measure}": self.valid_measure,
            "seconds": self.seconds,
        }

    @classmethod
    def from_json(cls, line: dict[str, Any], measure: str) -> Epoch:
        """Read what `to_json` returned."""
        return cls(
            line["epoch"],
            line["train_loss"],
            line["valid_loss"],
            measure,
            line[f"valid_{measure}"],
            line["seconds"],
        )


class Watcher:
    """Somebody who looks on; override what you want to hear. Only the main process calls it."""

    def on_start(self, epochs: int, notes: Sequence[str]) -> None:
        """Training begins, of at most `epochs`; a person should read the `notes` on the data."""

    def on_epoch_start(self, epoch: int, steps: int, done: int) -> None:
        """Epoch `epoch` of `steps` steps begins; `done` of them were done before a resume."""

    def on_step(self, step: Step) -> None:
        """A step is done."""

    def on_note(self, note: str) -> None:
        """Something came up that a person should read."""

    def on_evaluation(self, done: int, batches: int) -> None:
        """At the end of an epoch `done` of the held-out `batches` are evaluated."""

    def on_epoch_end(self, epoch: Epoch) -> None:
        """An epoch is done and evaluated."""

    def on_end(self) -> None:
        """Training has ended, well or not."""


Watching = Callable[[str, float], Watcher]
"""Gives somebody to look on at one training of several, from its name and how much work it is."""
