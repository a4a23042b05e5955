"""A GRU and a CNN learn MNIST-1D as published: the same data, sizes, optimizer and budget.

What the notebook of the publication does, `fit` does here: Adam at a constant learning rate, no
weight decay, no limit to the gradient, batches in one fixed order, the test set evaluated every 250
steps. The test set is no part of training; the weights of the last step are not chosen by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

from glassgate.errors import BadInput
from glassgate.experiments.common import check_counts
from glassgate.experiments.runner import ONE_BY_ONE, Runner
from glassgate.nn.models import State
from glassgate.reproductions.mnist1d.networks import NETWORKS, make_network
from glassgate.reproductions.mnist1d.results import Results, Run
from glassgate.reproductions.mnist1d.signals import ORDERS, Signals, make_signals
from glassgate.reproductions.mnist1d.summary import comparisons, summaries
from glassgate.reproductions.mnist1d.timing import time_steps
from glassgate.train.batches import Batch
from glassgate.train.loop import fit
from glassgate.train.parallel import Piece
from glassgate.train.settings import Settings
from glassgate.train.tasks import Measure, Prediction
from glassgate.train.watch import Watcher

STRETCH = 250  # steps between evaluations
NO_LIMIT = 1e9  # norm of a gradient that is never reached
WORK = {"gru": 1.3, "cnn": 1.0}  # of a step


@dataclass(frozen=True)
class Plan:
    """The numbers of a run; `BadInput` for one out of range."""

    steps: int = 6000  # of training, a multiple of STRETCH
    batch_size: int = 100
    learning_rate: float = 0.01
    rounds: int = 30  # of timing

    def __post_init__(self) -> None:
        """Check the numbers."""
        check_counts(self, "batch_size")
        check_counts(self, "rounds", least=2)
        check_counts(self, "steps", least=STRETCH)
        if self.steps % STRETCH:
            raise BadInput(f"steps must be a multiple of {STRETCH}, got {self.steps}")
        self.settings(0)

    @property
    def stretches(self) -> int:
        """The number of stretches of a training, each ending with an evaluation."""
        return self.steps // STRETCH

    def settings(self, seed: int) -> Settings:
        """Return how a network is trained: `AdamW` without weight decay is Adam."""
        return Settings(
            epochs=self.stretches,
            patience=self.stretches,
            plateau_patience=self.stretches,  # the learning rate never falls
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            weight_decay=0.0,
            clip=NO_LIMIT,
            seed=seed,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the plan as a dictionary that JSON can hold."""
        return {**vars(self), "networks": list(NETWORKS), "orders": list(ORDERS)}


class SignalTask:
    """A training as `glassgate.train.fit` takes it, on batches in one fixed order."""

    measure: Measure = "accuracy"

    def __init__(self, model: nn.Module, signals: Signals, plan: Plan) -> None:
        self.model = model
        self._plan = plan
        self._train = _to_batch(signals.train, signals.train_digits)
        self._test = [_to_batch(signals.test, signals.test_digits)]

    def batches(self, epoch: int) -> list[Batch]:
        """Return the batches of one stretch: they go around the training signals."""
        first = (epoch - 1) * STRETCH
        return [self._batch(step) for step in range(first, first + STRETCH)]

    def _batch(self, step: int) -> Batch:
        """Return the batch of a step; the last one before the first is taken again may be short."""
        whole, size = self._train, self._plan.batch_size
        first = step * size % whole.size
        own = slice(first, first + size)
        return Batch(whole.inputs[:, own], whole.targets[own], whole.lengths[own])

    def held_out(self) -> list[Batch]:
        """Return the test signals."""
        return self._test

    def predict(
        self,
        model: nn.Module,
        batch: Batch,
        state: State | None,  # noqa: ARG002 - every signal starts anew
    ) -> Prediction:
        """Classify a batch."""
        return Prediction(model(batch.inputs), batch.targets, None)


def _to_batch(signals: Any, digits: Any) -> Batch:
    inputs = torch.from_numpy(signals).T[..., None].contiguous()  # (T, N, 1)
    return Batch(inputs, torch.from_numpy(digits), torch.full((len(digits),), len(inputs)))


def quick(plan: Plan) -> Plan:
    """Return the plan of a quick run."""
    steps = 1000 if plan.steps == Plan.steps else plan.steps
    return replace(plan, steps=steps, rounds=10)


def run(plan: Plan, seeds: Sequence[int], runner: Runner = ONE_BY_ONE) -> Results:
    """Train both networks on both orders with every seed, and then time their steps."""
    with runner.waiting("Making signals"):
        signals = make_signals()
    ordered = dict(zip(ORDERS, (signals, signals.shuffle()), strict=True))
    runs = runner.train(
        [
            Piece(
                f"{network}, {order}, seed {seed}",
                train,
                (network, order, seed, ordered[order], plan),
                work=WORK[network],
            )
            for order in ORDERS
            for network in NETWORKS
            for seed in seeds
        ]
    )
    arguments = (signals, plan.batch_size, plan.rounds)
    timing = Piece("training steps", time_steps, arguments, work=plan.rounds)
    (times,) = runner.measure("Timing training steps", [timing])
    return {
        "seeds": list(seeds),
        "plan": plan.to_json(),
        "steps": [STRETCH * stretch for stretch in range(1, plan.stretches + 1)],
        "runs": runs,
        "networks": summaries(runs),
        "times": times,
        "comparisons": comparisons(runs, times, plan.steps),
    }


def train(
    network: str,
    order: str,
    seed: int,
    signals: Signals,
    plan: Plan,
    watchers: Sequence[Watcher],
) -> Run:
    """Train one network on signals in one order."""
    model = make_network(NETWORKS[network], seed)
    outcome = fit(SignalTask(model, signals, plan), plan.settings(seed), watchers=watchers)
    return {
        "network": network,
        "order": order,
        "seed": seed,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "train_seconds": outcome.train_seconds,
        "train_loss": [epoch.train_loss for epoch in outcome.history],
        "accuracy": [epoch.valid_measure for epoch in outcome.history],
    }
