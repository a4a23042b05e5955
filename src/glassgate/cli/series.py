"""What a command shows over many trainings: one bar on a terminal, lines of text elsewhere.

All of it goes to stderr, as in `glassgate.cli.screen`.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from glassgate.cli.lines import SeriesLines
from glassgate.cli.screen import say_on
from glassgate.train.watch import Step, Watcher

AHEAD = 600  # seconds of work that the time left is told from: trainings are of unlike speed


@contextmanager
def watching_series(work: float) -> Iterator[Callable[[str, float], Watcher]]:
    """Give a function that makes the watcher of a training from its label and its share of `work`.

    The trainings run one after the other.
    """
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield SeriesLines(work, say_on(console)).watcher
        return
    progress = Progress(
        BarColumn(bar_width=20),
        TextColumn("{task.percentage:3.0f}%"),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.description}", markup=False),
        console=console,
        speed_estimate_period=AHEAD,
    )
    bar = progress.add_task("", total=work)
    with progress:
        move = partial(progress.update, bar)
        yield lambda label, share: _Bar(move, label, share)


class _Bar(Watcher):
    """Moves the bar on by a training's share."""

    def __init__(self, move: Callable[..., None], label: str, share: float) -> None:
        self._move, self._label, self._share = move, label, share

    def on_start(self, epochs: int, notes: Sequence[str]) -> None:  # noqa: ARG002 - one bar for all
        """Share the work among the epochs."""
        self._share /= epochs

    def on_step(self, step: Step) -> None:
        """Advance."""
        said = f"{self._label} (loss {step.mean_loss:.3g})"
        self._move(advance=self._share / step.steps, description=said)
