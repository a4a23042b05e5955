"""What a command shows while it works: bars on a terminal, a line an epoch of training elsewhere.

All of it goes to stderr, so that stdout holds results and nothing else.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress
from torch import distributed

from glassgate.train.progress import Bars
from glassgate.train.watch import Epoch, Watcher


def is_main() -> bool:
    """Whether this is the one process, or the first of several, that speaks to the user."""
    return os.environ.get("RANK", "0") == "0"


@contextmanager
def watching() -> Iterator[Callable[[str], Watcher]]:
    """Give a function that makes the watcher of a network from its label.

    Several processes part on the way out; left to the interpreter's end, their threads abort it.
    """
    console = Console(stderr=True, quiet=not is_main(), highlight=False)
    try:
        if console.is_terminal:
            with Bars(console) as bars:
                yield bars.watcher
        else:
            yield lambda label: Lines(label, console)
        if distributed.is_available() and distributed.is_initialized():
            distributed.barrier()  # nobody hangs up on one who is still talking
    finally:
        if distributed.is_available() and distributed.is_initialized():
            distributed.destroy_process_group()


@contextmanager
def bar(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """Draw a bar on a terminal; give a function that says how much of `total` is done."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(label, total=total)
        yield lambda done: progress.update(task, completed=done)


def figures(epoch: Epoch) -> str:
    """Say what an epoch reached on held-out data."""
    value = epoch.valid_measure
    said = f"accuracy {value:.1%}" if epoch.measure == "accuracy" else f"perplexity {value:.1f}"
    return f"held-out loss {epoch.valid_loss:.3f}, {said}"


class Lines(Watcher):
    """A line an epoch, for a log file."""

    def __init__(self, label: str, console: Console) -> None:
        self._label, self._console = label, console
        self._epochs = 0

    def on_start(self, epochs: int, notes: Sequence[str]) -> None:
        """Say the notes on the data."""
        self._epochs = epochs
        for note in notes:
            self._say(note)

    def on_epoch_end(self, epoch: Epoch) -> None:
        """Say what the epoch reached."""
        self._say(
            f"{self._label}: epoch {epoch.epoch}/{self._epochs}, "
            f"loss {epoch.train_loss:.3f}, {figures(epoch)}, {epoch.seconds:.1f} s"
        )

    def _say(self, line: str) -> None:
        self._console.print(line, markup=False, soft_wrap=True)
