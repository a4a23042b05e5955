"""Independent trainings side by side, with the results of one after the other, to the bit.

Say what there is to do, and on how many workers; the results come in the order of the pieces:

    def train_one(seed, watchers):          # at the top of a module, so that it can be pickled
        return fit(task(seed), settings(seed), watchers=watchers).best

    pieces = [Piece(f"gru, seed {seed}", train_one, (seed,)) for seed in range(5)]
    best = run_pieces(pieces, choose_workers(), watching)

`watching` makes the watcher of a piece from its name and its share of the work, as that of
`glassgate.cli.series` does. A piece sets its random state itself, from its seed; what it draws and
sets is undone after it. Nothing else may be shared between pieces.

A command takes the options `WorkerCount`, `Backend` and `Threads` of `glassgate.cli.options` and
gives what they say to `glassgate.train.backends.choose_workers`.
"""

from __future__ import annotations

import os
import signal
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from multiprocessing import resource_tracker
from typing import Any, Generic, TypeVar

import torch
from joblib import Parallel, delayed, parallel_config
from joblib.externals.loky import get_reusable_executor
from joblib.externals.loky.process_executor import TerminatedWorkerError
from threadpoolctl import threadpool_limits

from glassgate.errors import BadInput
from glassgate.train.backends import LOKY, Workers
from glassgate.train.interrupt import Interrupted
from glassgate.train.relay import Address, Relay, telling
from glassgate.train.threads import on_threads
from glassgate.train.watch import Watcher, Watching

Result = TypeVar("Result")
ADVICE = "if memory ran out, ask for fewer workers"
_ONE_AT_A_TIME = threading.RLock()  # torch's random state and threads are those of the process


class WorkerDied(BadInput):
    """A process that trained was ended from outside; the message says during what."""


@dataclass(frozen=True)
class Piece(Generic[Result]):
    """A piece of work that needs none of the others.

    Attributes
    ----------
    name
        What watchers call it: "gru, seed 3".
    function
        What does it, called with `arguments` and, behind them, a list of watchers for
        `glassgate.train.fit`. Function, arguments and result can be pickled.
    arguments
        What the function is called with.
    work
        How much of the work of all pieces it is, in any unit.
    """

    name: str
    function: Callable[..., Result]
    arguments: tuple[Any, ...] = ()
    work: float = 1.0


def run_pieces(
    pieces: Sequence[Piece[Result]], workers: Workers, watching: Watching | None = None
) -> list[Result]:
    """Do all pieces, as many side by side as there are workers; return their results in order.

    What a piece raises comes back as it is and ends all others at once; so does Ctrl-C, as
    `Interrupted`. `WorkerDied` when the system ended a process. With one worker, or one piece, all
    is done in this process. On a cluster's back end watchers hear only that pieces have ended.
    """
    count = min(workers.count, len(pieces))
    if count > 1 and workers.backend == LOKY:
        return _run_on_processes(pieces, count, workers.threads, watching)
    if count > 1:
        return _run_on_cluster(pieces, workers, watching)
    return [
        _run(piece, workers.threads, [watching(piece.name, piece.work)] if watching else [])
        for piece in pieces
    ]


def _run(piece: Piece[Result], threads: int | None, watchers: Sequence[Watcher]) -> Result:
    """Do a piece on so many threads; leave threads and random state as they were."""
    blas = nullcontext() if threads is None else threadpool_limits(threads, user_api="blas")
    with _ONE_AT_A_TIME, torch.random.fork_rng(devices=[]), on_threads(threads), blas:
        return piece.function(*piece.arguments, watchers)


# Processes on this machine ------------------------------------------------------------------------


def _run_on_processes(
    pieces: Sequence[Piece[Result]],
    count: int,
    threads: int | None,
    watching: Watching | None,
) -> list[Result]:
    relay = Relay([(piece.name, piece.work) for piece in pieces], watching)
    try:
        with relay, parallel_config(LOKY, n_jobs=count, inner_max_num_threads=threads):
            return _share_out(pieces, threads, relay)
    except TerminatedWorkerError:
        during = _listed(relay.running) or "its start"
        raise WorkerDied(f"a worker process died during {during}: {ADVICE}") from None
    except KeyboardInterrupt:
        during = f" during {_listed(relay.running)}" if relay.running else ""
        raise relay.failure or Interrupted(f"stopped{during}") from None


def _share_out(pieces: Sequence[Piece[Result]], threads: int | None, relay: Relay) -> list[Result]:
    """Do pieces in new processes of the configured back end."""
    with (
        _quiet(),
        _ended_afterwards(),
        Parallel(batch_size=1, pre_dispatch="n_jobs", max_nbytes=None) as parallel,
    ):
        with _deaf_to_ctrl_c():
            parallel([delayed(int)()])  # starts all processes
        results: list[Result] = parallel(
            delayed(_run_and_tell)(piece, threads, relay.address, place)
            for place, piece in enumerate(pieces)
        )
    return results


def _run_and_tell(
    piece: Piece[Result], threads: int | None, address: Address, place: int
) -> Result:
    with telling(address, place) as watcher:
        return _run(piece, threads, [watcher])


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """Let processes that are started within never hear Ctrl-C, which is this one's to obey."""
    resource_tracker.ensure_running()  # whose start, which that of a process asks for, unblocks it
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _ended_afterwards() -> Iterator[None]:
    """End the processes that joblib would keep, with their memory and their working directory."""
    try:
        yield
    finally:
        get_reusable_executor().shutdown()


@contextmanager
def _quiet() -> Iterator[None]:
    """Hide that joblib replaces a process that has grown: pieces are of unlike size."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "A worker stopped while some jobs were given")
        yield


def _listed(names: Sequence[str]) -> str:
    return " and ".join(names)


# A cluster ----------------------------------------------------------------------------------------


class _Counting(Parallel):  # type: ignore[misc] # joblib has no types
    """Tells watchers how many pieces have ended."""

    def __init__(self, pieces: Sequence[Piece[Any]], watching: Watching | None) -> None:
        super().__init__(batch_size=1, pre_dispatch="all")
        self._pieces, self._watching = pieces, watching
        self._ended = 0

    def print_progress(self) -> None:
        """Count one more: joblib calls this after each."""
        piece = self._pieces[self._ended]
        self._ended += 1
        if self._watching:
            watcher = self._watching(f"{self._ended} of {len(self._pieces)}", piece.work)
            watcher.on_start(1, [])
            watcher.on_note("ended")
            watcher.on_end()


def _run_on_cluster(
    pieces: Sequence[Piece[Result]], workers: Workers, watching: Watching | None
) -> list[Result]:
    with _cluster(workers), parallel_config(workers.backend, n_jobs=workers.count):
        try:
            parallel = _Counting(pieces, watching)
            results: list[Result] = parallel(
                delayed(_run)(piece, workers.threads, []) for piece in pieces
            )
        except KeyboardInterrupt:
            raise Interrupted("stopped") from None
    return results


@contextmanager
def _cluster(workers: Workers) -> Iterator[None]:
    """Connect to the cluster that the environment names, or start one on this machine.

    The environment's ``DASK_SCHEDULER_ADDRESS`` or ``RAY_ADDRESS`` names one.
    """
    if workers.backend == "dask":
        from distributed import Client, KilledWorker

        cluster, died = Client(n_workers=workers.count, threads_per_worker=1), KilledWorker
    else:
        import ray
        from ray.exceptions import RayActorError
        from ray.util.joblib import register_ray

        register_ray()
        here = None if "RAY_ADDRESS" in os.environ else workers.count
        cluster, died = ray.init(num_cpus=here), RayActorError
    with cluster:
        try:
            yield
        except died:
            raise WorkerDied(f"a worker of {workers.backend} died: {ADVICE}") from None
