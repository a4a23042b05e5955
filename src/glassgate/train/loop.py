"""The one training loop: every network, every task, one process or several, from any position.

An epoch is: train on the task's batches, evaluate on the held-out ones, keep the weights if they
are the best so far, reduce the learning rate on a plateau, stop when nothing gets better.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from accelerate import Accelerator

from glassgate.errors import BadInput
from glassgate.train.batches import Batch
from glassgate.train.interrupt import Interrupted, Request, listening
from glassgate.train.settings import Settings
from glassgate.train.snapshot import Position, Snapshot, Store
from glassgate.train.tasks import Task
from glassgate.train.threads import Trial, offered_threads, on_threads, set_threads
from glassgate.train.watch import Epoch, Step, Watcher
from glassgate.train.worker import Worker


class Diverged(BadInput):
    """The loss was no longer a finite number; the message says where."""


@dataclass(frozen=True)
class Outcome:
    """What a finished run was."""

    history: tuple[Epoch, ...]
    best: Epoch  # the epoch whose weights the model holds
    train_seconds: float  # of training steps only
    tokens_per_second: float  # read in training steps
    threads: int  # that were chosen or given; 0: it ended before the choice


def fit(
    task: Task,
    settings: Settings,
    *,
    store: Store | None = None,
    watchers: Sequence[Watcher] = (),
    tensorboard: Path | None = None,
    notes: Sequence[str] = (),
    try_threads: bool = False,
) -> Outcome:
    """Train `task.model` and leave it on the CPU, in evaluation mode, with its best weights.

    `store` keeps what must outlive the run and says where to go on from. `tensorboard` is a folder
    for event files; `notes` are sentences for the watchers. With `try_threads` the first steps of a
    single process on a CPU measure whether one thread or all of torch's train faster, and the run
    stays with the faster; otherwise torch and the engine work on as many as are set. Raises
    `Diverged` when the loss is not finite, `Interrupted` after Ctrl-C.
    The random state of torch and the threads are afterwards what they were before.
    """
    accelerator = _accelerator(settings, tensorboard)
    devices = [accelerator.device] if accelerator.device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices), on_threads(None), listening() as request:
        worker = Worker(task, settings, accelerator)
        run = _Run(worker, store, watchers if accelerator.is_main_process else (), request)
        try:
            return run.to_the_end(notes, try_threads)
        finally:
            run.close()


def _accelerator(settings: Settings, tensorboard: Path | None) -> Accelerator:
    """Return the devices and processes of this run; without other hardware, processes on CPUs."""
    accelerator = Accelerator(
        cpu=not torch.accelerator.is_available(),
        mixed_precision=settings.mixed_precision,
        log_with=None if tensorboard is None else "tensorboard",
        project_dir=tensorboard,
    )
    if tensorboard is not None:
        accelerator.init_trackers("glassgate")
    return accelerator


class _Run:
    """One run: its worker, its position, and who is told of it."""

    def __init__(
        self, worker: Worker, store: Store | None, watchers: Sequence[Watcher], request: Request
    ) -> None:
        self.worker, self.watchers, self.request = worker, watchers, request
        self.store = store
        self.writes = store if worker.accelerator.is_main_process else None
        self.settings, self.task = worker.settings, worker.task
        self.position = Position()
        self.trial: Trial | None = None  # of threads, while it lasts

    def to_the_end(self, notes: Sequence[str], try_threads: bool) -> Outcome:
        """Train from the stored position, or from the start."""
        self._begin(try_threads)
        position = self.position
        for watcher in self.watchers:
            watcher.on_start(self.settings.epochs, notes)
        while position.epoch <= self.settings.epochs and not self._stale():
            self._train_epoch()
            self._end_epoch()
        if self.writes:
            self.writes.finish()
        best = position.history[position.best_epoch - 1]
        seconds = position.total_seconds
        speed = position.tokens_per_second
        return Outcome(tuple(position.history), best, seconds, speed, position.threads)

    def close(self) -> None:
        """Leave the model with its best weights and everybody told."""
        self.worker.close()
        for watcher in self.watchers:
            watcher.on_end()

    def _begin(self, try_threads: bool) -> None:
        """Take up the stored position, or store the first one."""
        snapshot = self.store.restore() if self.store else None
        self.worker.accelerator.wait_for_everyone()  # all have looked before anyone writes
        if self.store and snapshot:
            self._take_up(self.store, snapshot)
        self._begin_threads(try_threads)
        if snapshot:
            self._save_epochs()
        else:
            self._begin_anew()

    def _take_up(self, store: Store, snapshot: Snapshot) -> None:
        try:
            self.position = Position.from_json(snapshot.position, self.task.measure)
            self.worker.check(snapshot, self.position)
        except ValueError as error:
            what = f"{snapshot.source} is not a state to resume from"
            raise BadInput(f"{what}: {error}") from None
        best = store.best() if self.position.best_epoch else {}
        self.worker.restore(snapshot, self.position, best)

    def _begin_anew(self) -> None:
        try:
            if self.writes:
                self.writes.begin()
            self._save_epochs()
        except Exception:
            if self.writes:
                self.writes.abandon()  # half a beginning is of no use
            raise

    # Threads ----------------------------------------------------------------------------------

    def _begin_threads(self, try_threads: bool) -> None:
        """Go on with the threads that were chosen, begin to choose, or take those that are set."""
        chosen, offered = self.position.threads, offered_threads()
        if not try_threads or self.worker.world > 1 or self.worker.accelerator.device.type != "cpu":
            self._record_threads(offered)
        elif chosen or offered == 1:
            set_threads(chosen or offered)
            self._record_threads(chosen or offered)
        else:
            self.trial = Trial(offered)
            set_threads(self.trial.threads)

    def _try_threads(self, tokens: int, seconds: float) -> None:
        """Count a step for the trial, if one is under way."""
        if self.trial is None:
            return
        self.trial.add(tokens, seconds)
        set_threads(self.trial.threads)
        if self.trial.done:
            self._record_threads(self.trial.threads)
            for watcher in self.watchers:
                watcher.on_note(str(self.trial))
            self.trial = None

    def _record_threads(self, threads: int) -> None:
        self.position.threads = threads
        if self.writes:
            self.writes.record_threads(threads)

    def _stale(self) -> bool:
        """Whether held-out data has not improved for as long as the settings allow."""
        finished = len(self.position.history)
        return finished - self.position.best_epoch >= self.settings.patience

    # One epoch --------------------------------------------------------------------------------

    def _train_epoch(self) -> None:
        position = self.position
        batches = self.task.batches(position.epoch)
        for watcher in self.watchers:
            watcher.on_epoch_start(position.epoch, len(batches), position.step)
        for batch in batches[position.step :]:
            save = bool(self.writes and self.writes.due())
            stop, save = self._step(batch, len(batches), self.request.stop, save)
            if stop or save:
                self._save_state()
            if stop:
                raise Interrupted(self._stopped())

    def _step(self, batch: Batch, steps: int, stop: bool, save: bool) -> tuple[bool, bool]:
        """Take one step; return whether any process wishes to stop, and to save."""
        position = self.position
        start = time.perf_counter()
        nats, stops, saves = self.worker.loss(batch, position, (float(stop), float(save)))
        if not math.isfinite(nats):
            where = f"epoch {position.epoch}, step {position.step + 1}"
            self._diverge(f"the loss became {nats} at {where}")
        self.worker.learn(
            (position.epoch - 1 + (position.step + 0.5) / steps) / self.settings.epochs
        )
        seconds = time.perf_counter() - start
        position.add(nats, batch, seconds)
        self._try_threads(int(batch.lengths.sum()), seconds)
        step = Step(
            position.epoch,
            position.step,
            steps,
            nats / batch.count,
            position.nats / position.count,
            self.task.measure,
            position.tokens_per_second,
        )
        for watcher in self.watchers:
            watcher.on_step(step)
        return stops > 0, saves > 0

    def _end_epoch(self) -> None:
        """Evaluate, keep what is best, and make the position that of the next epoch."""
        position, measure = self.position, self.task.measure
        loss, right = self.worker.evaluate(self._tell_evaluation)
        if not math.isfinite(loss):
            self._diverge(f"the held-out loss became {loss} after epoch {position.epoch}")
        value = right if measure == "accuracy" else math.exp(min(loss, 700.0))
        mean = position.nats / position.count
        epoch = Epoch(position.epoch, mean, loss, measure, value, position.seconds)
        improved = loss < position.best_loss
        position.finish_epoch(epoch, improved)
        self.worker.after_epoch(loss, improved)
        self._save_epochs(improved)
        self.worker.track(epoch)
        for watcher in self.watchers:
            watcher.on_epoch_end(epoch)

    def _tell_evaluation(self, done: int, batches: int) -> None:
        for watcher in self.watchers:
            watcher.on_evaluation(done, batches)

    # What is kept -----------------------------------------------------------------------------

    def _save_epochs(self, improved: bool = False) -> None:
        if self.writes:
            lines = [epoch.to_json() for epoch in self.position.history]
            self.writes.save_epochs(lines, self.worker.best if improved else None)
        self._save_state()

    def _save_state(self) -> None:
        if self.store is None:
            return
        snapshot = self.worker.snapshot(self.position)  # every process gives its part
        if self.writes:
            self.writes.save_state(snapshot)

    def _stopped(self) -> str:
        position = self.position
        where = f"stopped at epoch {position.epoch}, after step {position.step}"
        return f"{where}; its state is saved" if self.store else where

    def _diverge(self, what: str) -> None:
        """Drop the state, which would end here again, and keep the best epoch if there is one."""
        if self.writes:
            self.writes.abandon()
        best = self.position.best_epoch
        kept = (
            f"epoch {best} is kept"
            if best
            else "no epoch had finished, so nothing is kept of this run"
        )
        raise Diverged(f"{what}: {kept}; try a smaller learning rate or clip")
