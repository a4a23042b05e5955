"""What a command shows over many trainings: bars on a terminal, lines of text elsewhere.

All of it goes to stderr, as in `glassgate.cli.screen`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from glassgate.cli.lines import SeriesLines
from glassgate.cli.screen import line_printer
from glassgate.train.watch import Step, Watcher, Watching

SPEED_WINDOW = 600  # seconds of progress used to estimate the time left: trainings differ in speed
BAR_WIDTH = 20  # characters


@contextmanager
def watching_series(work: float, workers: int = 1) -> Iterator[Watching]:
    """Give a function that makes the watcher of a training from its label and its share of `work`.

    On a terminal one bar shows how much of all work is done. With several workers each training
    that runs has a bar of its own below it.
    """
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield SeriesLines(work, line_printer(console)).watcher
        return
    progress = Progress(
        BarColumn(bar_width=BAR_WIDTH),
        TextColumn("{task.percentage:3.0f}%"),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.description}", markup=False),
        console=console,
        speed_estimate_period=SPEED_WINDOW,
    )
    every = progress.add_task("" if workers == 1 else "all trainings", total=work)
    with progress:
        if workers == 1:
            yield lambda label, share: _Bar(progress, every, label, share)
        else:
            yield lambda label, share: _WorkerBar(progress, every, label, share)


class _Bar(Watcher):
    """Moves the bar of all work on by a training's share, and names the training beside it."""

    def __init__(self, progress: Progress, every: TaskID, label: str, share: float) -> None:
        self._progress, self._every = progress, every
        self._label, self._share = label, share
        self._epochs = 1

    def on_start(self, epochs: int, notes: Sequence[str]) -> None:  # noqa: ARG002 - no notes here
        """Share the work among the epochs."""
        self._epochs = epochs

    def on_step(self, step: Step) -> None:
        """Advance."""
        self._advance(self._every, step, self._share, f"{self._label} (loss {step.mean_loss:.3g})")

    def _advance(self, bar: TaskID, step: Step, work: float, text: str | None = None) -> None:
        """Move a bar on by one step of a training that is so much work."""
        done = work / (self._epochs * step.steps)
        self._progress.update(bar, advance=done, description=text)


class _WorkerBar(_Bar):
    """Moves the bar of all work on, and has a bar of its own while the training runs."""

    def __init__(self, progress: Progress, every: TaskID, label: str, share: float) -> None:
        super().__init__(progress, every, label, share)
        self._own = progress.add_task(label, total=1.0)

    def on_step(self, step: Step) -> None:
        """Advance both."""
        self._advance(self._every, step, self._share)
        self._advance(self._own, step, 1.0, f"{self._label} (loss {step.mean_loss:.3g})")

    def on_end(self) -> None:
        """Make room for the next training."""
        self._progress.remove_task(self._own)
