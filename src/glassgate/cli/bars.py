"""A progress bar for each network: epoch, loss, perplexity or accuracy, tokens/s, time left."""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from glassgate.train.watch import Epoch, Step, Watcher


class Bars:
    """Progress bars, one below the other, one for each network; use it as a context manager.

    >>> with Bars(Console(quiet=True)) as bars:
    ...     watcher = bars.watcher("gru")
    """

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description:11}"),
            BarColumn(bar_width=8),
            TextColumn("{task.fields[figures]}"),
            TimeRemainingColumn(compact=True),
            console=console,
        )

    def __enter__(self) -> Self:
        """Start drawing."""
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop drawing; the bars stay on the screen."""
        self._progress.stop()

    def watcher(self, label: str) -> Watcher:
        """Add a bar, and return it as a watcher for the training loop."""
        bar = self._progress.add_task(label, total=None, figures="")
        return _Bar(self._progress, bar, label)


class _Bar(Watcher):
    """The bar of one network."""

    def __init__(self, progress: Progress, bar: TaskID, label: str) -> None:
        self._progress, self._bar, self._label = progress, bar, label
        self._epochs = 1
        self._epoch = self._loss = self._held_out = self._speed = ""

    def on_start(self, epochs: int, notes: Sequence[str]) -> None:
        """Print the notes above the bars."""
        self._epochs = epochs
        for note in notes:
            self._progress.console.print(note)

    def on_note(self, note: str) -> None:
        """Print the note above the bars."""
        self._progress.console.print(f"{self._label}: {note}", markup=False)

    def on_epoch_start(self, epoch: int, steps: int, done: int) -> None:
        """Set the length of the bar to that of all epochs; early stopping may end it sooner."""
        self._progress.update(
            self._bar,
            total=self._epochs * steps,
            completed=(epoch - 1) * steps + done,
        )
        self._epoch = f"{epoch}/{self._epochs}"

    def on_step(self, step: Step) -> None:
        """Advance the bar."""
        self._loss = f"loss {step.mean_loss:.3f}"
        if step.measure == "perplexity":
            self._loss += f" ppl {math.exp(min(step.mean_loss, 700.0)):.3g}"
        self._speed = f"{step.tokens_per_second:,.0f} tok/s"
        self._draw(advance=1)

    def on_epoch_end(self, epoch: Epoch) -> None:
        """Show the result on held-out data until the end of the next epoch."""
        value = epoch.valid_measure
        text = f"{value:.1%}" if epoch.measure == "accuracy" else f"{value:.3g}"
        self._held_out = f"(valid {text})"
        self._draw(advance=0)

    def on_end(self) -> None:
        """Fill the bar."""
        task = self._progress.tasks[self._progress.task_ids.index(self._bar)]
        self._progress.update(self._bar, total=task.completed)

    def _draw(self, advance: int) -> None:
        figures = filter(None, (self._epoch, self._loss, self._held_out, self._speed))
        self._progress.update(self._bar, advance=advance, figures=" ".join(figures))
