"""What the training loop reports to its watchers, such as progress bars."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Step:
    """One training step, over all processes."""

    epoch: int  # from 1
    step: int  # from 1, within the epoch
    steps: int  # in the epoch
    loss: float  # of this step, nats per target
    mean_loss: float  # since the start of the epoch, nats per target
    measure: str  # on held-out data: "perplexity" or "accuracy"
    tokens_per_second: float  # in training steps, since the start of training


@dataclass(frozen=True)
class Epoch:
    """One finished epoch: a line of metrics.jsonl."""

    epoch: int  # from 1
    train_loss: float  # nats per target
    valid_loss: float  # on held-out data, nats per target
    measure: str  # "perplexity" or "accuracy"
    valid_measure: float  # on held-out data
    seconds: float  # spent on training steps, without evaluation

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
        """Make an epoch from a line of metrics.jsonl."""
        return cls(
            line["epoch"],
            line["train_loss"],
            line["valid_loss"],
            measure,
            line[f"valid_{measure}"],
            line["seconds"],
        )


class Watcher:
    """Receives the progress of a training; override the methods that you need.

    Only the main process calls them.
    """

    def on_start(self, epochs: int, notes: Sequence[str]) -> None:
        """Training starts, with at most `epochs`; `notes` on the data are for the user to read."""

    def on_epoch_start(self, epoch: int, steps: int, done: int) -> None:
        """Epoch `epoch` of `steps` steps starts; `done` of them were completed before a resume."""

    def on_step(self, step: Step) -> None:
        """A step is done."""

    def on_note(self, note: str) -> None:
        """Something happened that the user should know."""

    def on_evaluation(self, done: int, batches: int) -> None:
        """At the end of an epoch, `done` of the held-out `batches` have been evaluated."""

    def on_epoch_end(self, epoch: Epoch) -> None:
        """An epoch is finished and evaluated."""

    def on_end(self) -> None:
        """Training has ended, with or without success."""


Watching = Callable[[str, float], Watcher]
"""Makes the watcher of one training of several, from its name and its share of the work."""
