"""Runs the trainings and measurements of an experiment on workers, with progress reports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TypeVar

from glassgate.errors import BadInput
from glassgate.experiments.finished import Finished
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
    finished
        Where the results of trainings and measurements are kept, and read from if they are there;
        None keeps nothing.
    """

    workers: Workers
    watching: Callable[[float], AbstractContextManager[Watching | None]] = _watch_nothing
    counting: Callable[[str, float], AbstractContextManager[Watching | None]] = _count_nothing
    waiting: Callable[[str], AbstractContextManager[None]] = _wait_silently

    finished: Finished | None = None

    def train(self, pieces: Sequence[Piece[T]]) -> list[T]:
        """Run trainings that return JSON, and return their results in the order of the pieces."""
        with self.watching(self.work_left(pieces)) as watching:
            return self.run(pieces, watching, keep=True)

    def measure(self, label: str, pieces: Sequence[Piece[T]]) -> list[T]:
        """Run measurements that return JSON, and return results in the order of the pieces."""
        with self.counting(label, self.work_left(pieces)) as watching:
            return self.run(pieces, watching, keep=True)

    def run(
        self, pieces: Sequence[Piece[T]], watching: Watching | None = None, *, keep: bool = False
    ) -> list[T]:
        """Run pieces of work and return their results in the order of the pieces.

        With `keep`, finished pieces are not run again; the others are kept when they end. Their
        names must differ, and they return what JSON can hold.
        """
        if not keep or self.finished is None:
            return run_pieces(pieces, self.workers, watching)
        names = [piece.name for piece in pieces]
        assert len(set(names)) == len(names), f"pieces of one name: {names}"
        left = self._left(pieces)
        kept = [piece for piece in pieces if self.finished.has(piece)]
        results = {piece.name: self.finished.read(piece) for piece in kept}
        self.finished.begin()
        try:
            keeping = [self.finished.keeping(piece) for piece in left]
            ran = run_pieces(keeping, self.workers, watching)
        except BadInput:  # a refused run leaves nothing
            self.finished.discard_if_empty()
            raise
        results |= {piece.name: result for piece, result in zip(left, ran, strict=True)}
        return [results[name] for name in names]

    def work_left(self, pieces: Sequence[Piece[T]]) -> float:
        """Return the work of those pieces that are not finished."""
        return sum(piece.work for piece in self._left(pieces))

    def _left(self, pieces: Sequence[Piece[T]]) -> list[Piece[T]]:
        finished = self.finished
        return [piece for piece in pieces if finished is None or not finished.has(piece)]


ONE_BY_ONE = Runner(Workers(count=1, backend=LOKY, threads=1))
"""One piece after the other on one thread, without progress reports."""
