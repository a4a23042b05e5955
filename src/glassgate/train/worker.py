"""One process of a run: its model on its device, and its share of every batch.

The loss of a joined batch is the loss summed over its targets, in nats for most tasks, divided by
their number. Each process divides its own sum by the joined number and multiplies it by the number
of processes. `DistributedDataParallel` averages the gradients, which are then those of one process
on the joined batch, however unequal the shares.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import gather_object
from torch import Tensor, nn

from glassgate.nn.models import State
from glassgate.train import snapshot as snap
from glassgate.train.batches import Batch, columns
from glassgate.train.settings import Settings
from glassgate.train.snapshot import Position, Snapshot
from glassgate.train.tasks import StreamTask, Task
from glassgate.train.threads import set_threads
from glassgate.train.watch import Epoch

WARM_UP = 0.05  # share of the run in which the linear schedule rises


class Worker:
    """The model in training, its optimizer, and the state carried between batches."""

    def __init__(self, task: Task, settings: Settings, accelerator: Accelerator) -> None:
        self.task, self.settings, self.accelerator = task, settings, accelerator
        self.rank, self.world = accelerator.process_index, accelerator.num_processes
        _share_cores(self.world)
        inner = _optimizer(task.model, settings)
        self.plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
            inner, factor=settings.plateau_factor, patience=settings.plateau_patience
        )
        self.model: nn.Module
        self.model, self.optimizer = accelerator.prepare(task.model, inner)
        self.carried: State | None = None
        self.best: dict[str, Tensor] = {}
        self._size = 0  # columns of the joined batch that the carried state belongs to
        self._objective = torch.zeros(())

    # A step -----------------------------------------------------------------------------------

    def loss(
        self, batch: Batch, position: Position, requests: tuple[float, float]
    ) -> tuple[float, float, float]:
        """Return the joined batch's summed loss, and each request summed over the processes.

        The random numbers of the step depend on seed, epoch, step and process, and nothing else.
        """
        torch.manual_seed(_step_seed(self.settings.seed, position.epoch, position.step, self.rank))
        self.model.train()
        own, state = self._own(batch), self.carried if batch.carries else None
        prediction = self.task.predict(self.model, own, state)
        nats = prediction.loss()
        self.carried = _detach(prediction.state)
        self._size = batch.size
        self._objective = nats * (self.world / batch.count)
        total, stop, save = self._sum(nats.item(), *requests)
        return total, stop, save

    def learn(self, progress: float) -> None:
        """Take an optimizer step on the last loss; `progress`, 0..1, is how far the run is."""
        if self.settings.schedule == "linear":
            for group in self.optimizer.param_groups:
                group["lr"] = self.settings.learning_rate * ramp(progress)
        self.accelerator.backward(self._objective)
        self.accelerator.clip_grad_norm_(self.model.parameters(), self.settings.clip)
        self.optimizer.step()
        self.optimizer.zero_grad()

    # An epoch ---------------------------------------------------------------------------------

    @torch.no_grad()
    def evaluate(self, report: Callable[[int, int], None]) -> tuple[float, float]:
        """Return the held-out loss in nats per target, and the share of correct predictions.

        After each batch, `report` is called with the number of batches done and the total.
        """
        self.model.eval()
        state: State | None = None
        nats = right = count = 0.0
        batches = self.task.held_out()
        for done, batch in enumerate(batches, 1):
            own = self._own(batch)
            carried = state if batch.carries else None
            prediction = self.task.predict(self.model, own, carried)
            state = prediction.state
            nats += prediction.loss().item()
            right += prediction.right()
            count += batch.count
            report(done, len(batches))
        nats, right = self._sum(nats, right)
        return nats / count, right / count

    def after_epoch(self, valid_loss: float, improved: bool) -> None:
        """Keep the weights if they are the best; reduce the learning rate on a plateau."""
        self.carried = None
        if self.settings.schedule == "plateau":
            self.plateau.step(valid_loss)
        if improved:
            self.best = self._weights()

    def track(self, epoch: Epoch) -> None:
        """Log an epoch with the trackers."""
        values = {name: value for name, value in epoch.to_json().items() if name != "epoch"}
        self.accelerator.log(values, step=epoch.epoch)

    # The whole run ----------------------------------------------------------------------------

    def snapshot(self, position: Position) -> Snapshot:
        """Return the state of the run; every process must call this."""
        position.learning_rate = self.optimizer.param_groups[0]["lr"]
        position.scheduler = self.plateau.state_dict()
        tensors = {f"{snap.WEIGHTS}{name}": value for name, value in self._weights().items()}
        tensors |= snap.optimizer_tensors(self.optimizer)
        tensors |= self._joined_state()
        return Snapshot(position.to_json(), {k: v.cpu().contiguous() for k, v in tensors.items()})

    def restore(self, snapshot: Snapshot, position: Position, best: Mapping[str, Tensor]) -> None:
        """Restore the state of the run; `best` are the best weights so far."""
        tensors = snapshot.tensors
        self.task.model.load_state_dict(snap.part(tensors, snap.WEIGHTS))
        snap.restore_optimizer(self.optimizer, tensors)
        for group in self.optimizer.param_groups:
            group["lr"] = position.learning_rate
        self.plateau.load_state_dict(position.scheduler)
        self.carried = self._own_state(tensors)
        self.best = dict(best)

    def check(self, snapshot: Snapshot, position: Position) -> None:
        """Raise `ValueError` unless the snapshot fits this run at `position`."""
        if set(position.scheduler) != set(self.plateau.state_dict()):
            raise ValueError("the scheduler of its position has other keys")
        size = self._size_at(position)
        model = self.accelerator.unwrap_model(self.model)
        wanted = {f"{snap.WEIGHTS}{k}": value.shape for k, value in model.state_dict().items()}
        if position.total_tokens and self.settings.optimizer == "adamw":
            for index, value in enumerate(self.optimizer.param_groups[0]["params"]):
                wanted |= snap.adam_shapes(index, value)
        shapes = {name: value.shape for name, value in snapshot.tensors.items()}
        if size:
            token = torch.zeros(1, size, dtype=torch.long, device=self.accelerator.device)
            with torch.no_grad():
                state = snap.state_tensors(model.eval()(token)[1])
            wanted |= {name: value.shape for name, value in state.items()}
        for name in sorted(wanted.keys() | shapes.keys()):
            if name not in shapes or name not in wanted:
                raise ValueError(f"{name} is {'missing' if name in wanted else 'not expected'}")
            if wanted[name] != shapes[name]:
                difference = f"{list(wanted[name])}, got {list(shapes[name])}"
                raise ValueError(f"{name} must have shape {difference}")

    def _size_at(self, position: Position) -> int:
        """Return the number of columns of the state carried at `position`; 0 if there is none."""
        if position.step == 0:
            return 0
        batches = self.task.batches(position.epoch)
        if position.step > len(batches):
            raise ValueError(f"its step {position.step} is beyond the epoch's {len(batches)}")
        return batches[position.step - 1].size if isinstance(self.task, StreamTask) else 0

    def close(self) -> None:
        """Leave the task's model on the CPU, in evaluation mode, with its best weights."""
        for tracker in self.accelerator.trackers:
            tracker.finish()
        model = self.accelerator.unwrap_model(self.model, keep_fp32_wrapper=False)
        vars(model).pop(
            "forward", None
        )  # mixed precision leaves a wrapper that hides the class's own
        if self.best:
            model.load_state_dict(self.best)
        model.cpu().eval()

    # Several processes ------------------------------------------------------------------------

    def _own(self, batch: Batch) -> Batch:
        """Return this process's share of a joined batch, on its device."""
        return batch.share(self.rank, self.world).to(self.accelerator.device)

    def _sum(self, *values: float) -> list[float]:
        """Return each value summed over the processes."""
        if self.world == 1:
            return list(values)
        mine = torch.tensor(values, dtype=torch.float64, device=self.accelerator.device)
        summed: list[float] = self.accelerator.reduce(mine, "sum").tolist()
        return summed

    def _weights(self) -> dict[str, Tensor]:
        model = self.accelerator.unwrap_model(self.model)
        return {name: value.detach().cpu().clone() for name, value in model.state_dict().items()}

    def _joined_state(self) -> dict[str, Tensor]:
        """Return the carried state of all processes, by the columns of the joined batch."""
        own = snap.state_tensors(self.carried)
        if self.world == 1:
            return own
        parts = gather_object([{name: value.cpu() for name, value in own.items()}])
        shares = [columns(self._size, rank, self.world) for rank in range(self.world)]
        widths = [share.stop - share.start for share in shares]
        return {
            name: torch.cat([part[name][:, :B] for part, B in zip(parts, widths, strict=True)], 1)
            for name in own
        }

    def _own_state(self, tensors: Mapping[str, Tensor]) -> State | None:
        """Return this process's columns of a joined state, on its device."""
        own = {}
        for name in (name for name in tensors if name.startswith(snap.STREAM)):
            value = tensors[name]
            share = columns(value.shape[1], self.rank, self.world)
            share = share if share.stop > share.start else slice(0, 1)
            own[name] = value[:, share].to(self.accelerator.device)
        return snap.restore_state(own)


def _share_cores(world: int) -> None:
    """Give each process on this machine its share of the cores, unless the launcher has done so."""
    here = int(os.environ.get("LOCAL_WORLD_SIZE", world))
    if here > 1 and "OMP_NUM_THREADS" not in os.environ:
        set_threads(max(1, torch.get_num_threads() // here))


def _optimizer(model: nn.Module, settings: Settings) -> torch.optim.Optimizer:
    kind = torch.optim.AdamW if settings.optimizer == "adamw" else torch.optim.SGD
    return kind(model.parameters(), settings.learning_rate, weight_decay=settings.weight_decay)


def ramp(progress: float) -> float:
    """Return the factor of the learning rate in the linear schedule; `progress` is 0..1."""
    return min(progress / WARM_UP, (1 - progress) / (1 - WARM_UP))


def _step_seed(seed: int, epoch: int, step: int, rank: int) -> int:
    """Return a seed for one step of one process, different from all others but for coincidence."""
    return int(np.random.SeedSequence([seed, epoch, step, rank]).generate_state(1, np.uint64)[0])


def _detach(state: State | None) -> State | None:
    """Return the state, detached from the graph of the steps that led to it."""
    if state is None or isinstance(state, Tensor):
        return None if state is None else state.detach()
    return tuple(part.detach() for part in state)
