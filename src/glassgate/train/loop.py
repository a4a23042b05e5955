"""The training loop, for every network and task, in one process or several, from any position.

In each epoch the loop trains on the task's batches, evaluates on the held-out ones, keeps the
weights if they are the best so far, reduces the learning rate on a plateau, and stops when the
held-out loss no longer improves.
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
from glassgate.train.interrupt import Interrupted, Request, catch_interrupt
from glassgate.train.settings import Settings
from glassgate.train.snapshot import Position, Snapshot, Store
from glassgate.train.tasks import Task
from glassgate.train.threads import Trial, offered_threads, on_threads, set_threads
from glassgate.train.watch import Epoch, Step, Watcher
from glassgate.train.worker import Worker


class Diverged(BadInput):
    """The loss became infinite or NaN; the message says where."""


@dataclass(frozen=True)
class Outcome:
    """The results of a finished run."""

    history: tuple[Epoch, ...]
    best: Epoch  # the epoch whose weights the model holds
    train_seconds: float  # spent on training steps
    tokens_per_second: float  # read in training steps
    threads: int  # the number of threads; 0 if the run ended before it was chosen


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

    `store` keeps the state and the results, and holds the state to resume from. `tensorboard` is a
    folder for event files; `notes` are sentences for the watchers. With `try_threads`, a single
    process on a CPU uses its first steps to measure whether one thread or all of torch's threads
    train faster, and continues with the faster number; otherwise the number of threads stays as
    set. Raises `Diverged` when the loss is not finite, `Interrupted` after Ctrl-C. On return,
    torch's random state and number of threads are as before.
    """
    accelerator = _accelerator(settings, tensorboard)
    devices = [accelerator.device] if accelerator.device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices), on_threads(None), catch_interrupt() as request:
        worker = Worker(task, settings, accelerator)
        run = _Run(worker, store, watchers if accelerator.is_main_process else (), request)
        try:
            return run.run_to_end(notes, try_threads)
        finally:
            run.close()


def _accelerator(settings: Settings, tensorboard: Path | None) -> Accelerator:
    """Return the devices and processes of this run: CPUs if there is no other hardware."""
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
    """One run: its worker, its position, its store and its watchers."""

    def __init__(
        self, worker: Worker, store: Store | None, watchers: Sequence[Watcher], request: Request
    ) -> None:
        self.worker, self.watchers, self.request = worker, watchers, request
        self.store = store
        self.writes = store if worker.accelerator.is_main_process else None
        self.settings, self.task = worker.settings, worker.task
        self.position = Position()
        self.trial: Trial | None = None  # of threads, until it is finished

    def run_to_end(self, notes: Sequence[str], try_threads: bool) -> Outcome:
        """Train from the stored position or from the start, to the end."""
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
        """Leave the model with its best weights, and tell the watchers that training has ended."""
        self.worker.close()
        for watcher in self.watchers:
            watcher.on_end()

    def _begin(self, try_threads: bool) -> None:
        """Resume from the stored position, or store the first one."""
        snapshot = self.store.restore() if self.store else None
        self.worker.accelerator.wait_for_everyone()  # all have read before one writes
        if self.store and snapshot:
            self._resume(self.store, snapshot)
        self._begin_threads(try_threads)
        if snapshot:
            self._save_epochs()
        else:
            self._begin_new()

    def _resume(self, store: Store, snapshot: Snapshot) -> None:
        try:
            self.position = Position.from_json(snapshot.position, self.task.measure)
            self.worker.check(snapshot, self.position)
        except ValueError as error:
            raise BadInput(f"{snapshot.source} is not a state to resume from: {error}") from None
        best = store.best() if self.position.best_epoch else {}
        self.worker.restore(snapshot, self.position, best)

    def _begin_new(self) -> None:
        try:
            if self.writes:
                self.writes.begin()
            self._save_epochs()
        except Exception:
            if self.writes:
                self.writes.abandon()  # an incomplete first state is useless
            raise

    # Threads ----------------------------------------------------------------------------------

    def _begin_threads(self, try_threads: bool) -> None:
        """Use the number of threads chosen earlier, start a trial, or keep the number set."""
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
        """Add a step to the trial of threads, if there is one."""
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
        """Whether the held-out loss has not improved for `patience` epochs."""
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
                raise Interrupted(self._describe_stop())

    def _step(self, batch: Batch, steps: int, stop: bool, save: bool) -> tuple[bool, bool]:
        """Take one step; return whether any process asks to stop, and whether any asks to save."""
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
            epoch=position.epoch,
            step=position.step,
            steps=steps,
            loss=nats / batch.count,
            mean_loss=position.nats / position.count,
            measure=self.task.measure,
            tokens_per_second=position.tokens_per_second,
        )
        for watcher in self.watchers:
            watcher.on_step(step)
        return stops > 0, saves > 0

    def _end_epoch(self) -> None:
        """Evaluate, keep the weights if they are the best, and move to the next epoch."""
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
        snapshot = self.worker.snapshot(self.position)  # in which every process takes part
        if self.writes:
            self.writes.save_state(snapshot)

    def _describe_stop(self) -> str:
        position = self.position
        where = f"stopped at epoch {position.epoch}, after step {position.step}"
        return f"{where}; its state is saved" if self.store else where

    def _diverge(self, event: str) -> None:
        """Remove the state, from which the run would diverge again, and raise `Diverged`."""
        if self.writes:
            self.writes.abandon()
        best = self.position.best_epoch
        kept = (
            f"the model of epoch {best} is kept"
            if best
            else "no epoch had finished, so this run leaves no model"
        )
        raise Diverged(f"{event}: {kept}; try a smaller learning rate or clip")
