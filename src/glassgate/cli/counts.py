"""What a command shows over many measurements: one bar on a terminal, lines of text elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from glassgate.cli.screen import bar
from glassgate.train.watch import Watcher, Watching


@contextmanager
def counting(label: str, total: float) -> Iterator[Watching]:
    """Give a function that makes the watcher of a series of measurements from its name and size.

    `total` is how many measurements all series have. The watchers hear `Watcher.on_evaluation`.
    """
    with bar(label, round(total)) as show:
        done: dict[str, int] = {}  # of each series

        def count(name: str, measured: int) -> None:
            done[name] = measured
            show(sum(done.values()))

        yield lambda name, _size: _Counter(name, count)


class _Counter(Watcher):
    """Counts one series of measurements."""

    def __init__(self, name: str, count: Callable[[str, int], None]) -> None:
        self._name, self._count = name, count

    def on_evaluation(self, done: int, batches: int) -> None:  # noqa: ARG002 - the bar knows
        """Count."""
        self._count(self._name, done)
