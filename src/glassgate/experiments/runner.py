"""Runs the trainings and measurements of an experiment on workers, with progress reports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TypeVar

from glassgate.train.backends import LOKY, Workers
from glassgate.train.parallel import Piece, run_pieces
from glassgate.train.watch import Watching

T = TypeVar("T")


def _watch_nothing(_work: float) -> AbstractContextManager[None]:
    return nullcontext()


def _count_nothing(_label: str, _work: float) -> AbstractContextManager[None]:
    return nullcontext()


def _wait_silently(_label: str) -> AbstractContextManager[None]:
    return nullcontext()


@dataclass(frozen=True)
class Runner:
    """Runs independent pieces of work, as many side by side as there are workers.

    A piece is a training or a series of measurements, `glassgate.train.parallel.Piece`.

    Attributes
    ----------
    workers
        Processes that run the pieces.
    watching
        Takes the total work of all trainings and returns a context that gives their `Watching`.
    counting
        Takes a label and the number of measurements, and returns a context that gives their
        `Watching`; its watchers receive only `Watcher.on_evaluation`.
    waiting
        Takes a label and returns a context for work of unknown length.
    """

    workers: Workers
    watching: Callable[[float], AbstractContextManager[Watching | None]] = _watch_nothing
    counting: Callable[[str, float], AbstractContextManager[Watching | None]] = _count_nothing
    waiting: Callable[[str], AbstractContextManager[None]] = _wait_silently

    def train(self, pieces: Sequence[Piece[T]]) -> list[T]:
        """Run trainings and return their results in the order of the pieces."""
        with self.watching(sum(piece.work for piece in pieces)) as watching:
            return self.run(pieces, watching)

    def measure(self, label: str, pieces: Sequence[Piece[T]]) -> list[T]:
        """Run measurements and return their results in the order of the pieces."""
        with self.counting(label, sum(piece.work for piece in pieces)) as watching:
            return self.run(pieces, watching)

    def run(self, pieces: Sequence[Piece[T]], watching: Watching | None = None) -> list[T]:
        """Run pieces of work and return their results in the order of the pieces."""
        return run_pieces(pieces, self.workers, watching)


ONE_BY_ONE = Runner(Workers(count=1, backend=LOKY, threads=1))
"""One piece after the other on one thread, without progress reports."""
