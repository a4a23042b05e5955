"""Progress of many trainings: one bar on a terminal, lines of text elsewhere.

It goes to stderr, as in `glassgate.cli.screen`.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from glassgate.cli.lines import SeriesLines
from glassgate.cli.screen import line_printer
from glassgate.train.watch import Step, Watcher

SPEED_WINDOW = 600  # seconds of progress used to estimate the time left


@contextmanager
def watching_series(work: float) -> Iterator[Callable[[str, float], Watcher]]:
    """Yield a function that makes the watcher of a training from its label and share of `work`.

    The trainings run one after another.
    """
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield SeriesLines(work, line_printer(console)).watcher
        return
    progress = Progress(
        BarColumn(bar_width=20),
        TextColumn("{task.percentage:3.0f}%"),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.description}", markup=False),
        console=console,
        speed_estimate_period=SPEED_WINDOW,
    )
    bar = progress.add_task("", total=work)
    with progress:
        update = partial(progress.update, bar)
        yield lambda label, share: _Bar(update, label, share)


class _Bar(Watcher):
    """Advances the bar by a training's share of the work."""

    def __init__(self, update: Callable[..., None], label: str, share: float) -> None:
        self._update, self._label, self._share = update, label, share

    def on_start(self, epochs: int, notes: Sequence[str]) -> None:  # noqa: ARG002 - such trainings have none
        """Divide the training's share of the work among its epochs."""
        self._share /= epochs

    def on_step(self, step: Step) -> None:
        """Advance the bar."""
        description = f"{self._label} (loss {step.mean_loss:.3g})"
        self._update(advance=self._share / step.steps, description=description)
