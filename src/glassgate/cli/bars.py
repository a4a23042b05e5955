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
    """Bars below one another, one a network; a context that ends the drawing on its way out.

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
        """Begin to draw."""
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the last picture on the screen."""
        self._progress.stop()

    def watcher(self, label: str) -> Watcher:
        """Return a new bar, as a watcher for the loop."""
        bar = self._progress.add_task(label, total=None, figures="")
        return _Bar(self._progress, bar, label)


class _Bar(Watcher):
    """One network's bar."""

    def __init__(self, progress: Progress, bar: TaskID, label: str) -> None:
        self._progress, self._bar, self._label = progress, bar, label
        self._epochs = 1
        self._where = self._loss = self._held_out = self._speed = ""

    def on_start(self, epochs: int, notes: Sequence[str]) -> None:
        """Say the notes above the bars."""
        self._epochs = epochs
        for note in notes:
            self._progress.console.print(note)

    def on_note(self, note: str) -> None:
        """Say it above the bars."""
        self._progress.console.print(f"{self._label}: {note}", markup=False)

    def on_epoch_start(self, epoch: int, steps: int, done: int) -> None:
        """Make the bar as long as all epochs; early stopping may end it sooner."""
        self._progress.update(
            self._bar,
            total=self._epochs * steps,
            completed=(epoch - 1) * steps + done,
        )
        self._where = f"{epoch}/{self._epochs}"

    def on_step(self, step: Step) -> None:
        """Advance."""
        self._loss = f"loss {step.mean_loss:.3f}"
        if step.measure == "perplexity":
            self._loss += f" ppl {math.exp(min(step.mean_loss, 700.0)):.3g}"
        self._speed = f"{step.tokens_per_second:,.0f} tok/s"
        self._draw(advance=1)

    def on_epoch_end(self, epoch: Epoch) -> None:
        """Show what held-out data says, until the next epoch's end."""
        value = epoch.valid_measure
        form = f"{value:.1%}" if epoch.measure == "accuracy" else f"{value:.3g}"
        self._held_out = f"(valid {form})"
        self._draw(advance=0)

    def on_end(self) -> None:
        """Fill the bar: nothing more comes."""
        task = self._progress.tasks[self._progress.task_ids.index(self._bar)]
        self._progress.update(self._bar, total=task.completed)

    def _draw(self, advance: int) -> None:
        figures = filter(None, (self._where, self._loss, self._held_out, self._speed))
        self._progress.update(self._bar, advance=advance, figures=" ".join(figures))
