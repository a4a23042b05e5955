"""Who does the work of an experiment, and who watches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TypeVar

from glassgate.train.backends import LOKY, Workers
from glassgate.train.parallel import Piece, run_pieces
from glassgate.train.watch import Watching

T = TypeVar("T")


def _unwatched(_work: float) -> AbstractContextManager[None]:
    return nullcontext()


def _uncounted(_label: str, _work: float) -> AbstractContextManager[None]:
    return nullcontext()


def _silently(_label: str) -> AbstractContextManager[None]:
    return nullcontext()


@dataclass(frozen=True)
class Runner:
    """Does independent pieces of work, as many side by side as there are workers.

    A piece is a training or a series of measurements, `glassgate.train.parallel.Piece`.

    Attributes
    ----------
    workers
        That do the pieces.
    watching
        From how much work all trainings are, a context of their `Watching`.
    counting
        From a label and the number of measurements, a context of their `Watching`, whose watchers
        hear `Watcher.on_evaluation` alone.
    waiting
        From a label, a context in which work of unknown length is done.
    """

    workers: Workers
    watching: Callable[[float], AbstractContextManager[Watching | None]] = _unwatched
    counting: Callable[[str, float], AbstractContextManager[Watching | None]] = _uncounted
    waiting: Callable[[str], AbstractContextManager[None]] = _silently

    def train(self, pieces: Sequence[Piece[T]]) -> list[T]:
        """Do trainings and return their results in the order of the pieces."""
        with self.watching(sum(piece.work for piece in pieces)) as watching:
            return self.run(pieces, watching)

    def measure(self, label: str, pieces: Sequence[Piece[T]]) -> list[T]:
        """Do measurements and return their results in the order of the pieces."""
        with self.counting(label, sum(piece.work for piece in pieces)) as watching:
            return self.run(pieces, watching)

    def run(self, pieces: Sequence[Piece[T]], watching: Watching | None = None) -> list[T]:
        """Do pieces of work and return their results in the order of the pieces."""
        return run_pieces(pieces, self.workers, watching)


ONE_BY_ONE = Runner(Workers(count=1, backend=LOKY, threads=1))
"""One piece after the other on one thread, with nobody watching."""
