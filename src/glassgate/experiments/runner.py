"""How an experiment runs: as independent pieces of work, on some threads, perhaps watched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from glassgate.train.threads import on_threads
from glassgate.train.watch import Watcher, Watching

T = TypeVar("T")


@dataclass(frozen=True)
class Piece(Generic[T]):
    """A piece of work that needs none of the others."""

    name: str
    function: Callable[..., T]
    arguments: tuple[Any, ...] = ()
    work: float = 1.0


def _unwatched(_work: float) -> AbstractContextManager[None]:
    return nullcontext()


def _uncounted(_label: str, _work: float) -> AbstractContextManager[None]:
    return nullcontext()


def _silently(_label: str) -> AbstractContextManager[None]:
    return nullcontext()


@dataclass(frozen=True)
class Runner:
    """Does the work of an experiment.

    Attributes
    ----------
    threads
        That compute, 1..256.
    watching
        From how much work all trainings are, a context of their `Watching`.
    counting
        From a label and the number of measurements, a context of the `Watching` of those who make
        them; it hears `Watcher.on_evaluation` alone.
    waiting
        From a label, a context in which work of unknown length is done.
    """

    threads: int = 1
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

        def watchers(piece: Piece[T]) -> list[Watcher]:
            return [watching(piece.name, piece.work)] if watching else []

        with on_threads(self.threads):
            return [piece.function(*piece.arguments, watchers(piece)) for piece in pieces]


ONE_BY_ONE = Runner()
"""One piece after the other on one thread, with nobody watching."""
