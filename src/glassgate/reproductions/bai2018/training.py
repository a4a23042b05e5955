"""Networks of about as many parameters as published learn one problem, each with several seeds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from glassgate.errors import BadInput
from glassgate.experiments.common import check_counts
from glassgate.experiments.long_lags.networks import FORMS
from glassgate.experiments.long_lags.problems import Problem, Reader
from glassgate.experiments.long_lags.training import EPOCHS, TEST, LagTask, Training
from glassgate.experiments.runner import Runner
from glassgate.reproductions.bai2018.results import Measured, Run
from glassgate.reproductions.bai2018.summary import summaries
from glassgate.train.loop import fit
from glassgate.train.parallel import Piece
from glassgate.train.settings import Settings
from glassgate.train.watch import Watcher

TEST_BATCH = 100  # sequences that are tested at once
WORK = {"srn": 2.5, "gru": 1.0, "lstm": 1.8}  # of a step


@dataclass(frozen=True)
class Plan:
    """The numbers of a run; `BadInput` for one out of range.

    Networks are named as in `glassgate.experiments.long_lags.networks.FORMS`.
    """

    T: int
    units: Mapping[str, int]  # of each network
    learning_rates: Mapping[str, float]  # of each network
    steps: int = 2000  # of training, at least EPOCHS
    batch_size: int = 16
    clip: float = 1.0  # maximum norm of the gradient
    valid: int = 200  # sequences that choose the stretch whose weights are tested
    test: int = 1000  # sequences

    def __post_init__(self) -> None:
        """Check the numbers, and that they make settings for each network."""
        check_counts(self, "T", least=2)
        check_counts(self, "steps", least=EPOCHS)
        check_counts(self, "batch_size", "valid", "test")
        if set(self.units) != set(self.learning_rates):
            raise BadInput(
                f"units and learning_rates must name the same networks, got {list(self.units)} "
                f"and {list(self.learning_rates)}"
            )
        for network in self.units:
            self.settings(network, 0)

    def settings(self, network: str, seed: int) -> Settings:
        """Return how a network is trained: its learning rate rises, and falls linearly to 0."""
        return Settings(
            network=FORMS[network].network,
            hidden_size=self.units[network],
            epochs=EPOCHS,
            patience=EPOCHS,
            batch_size=self.batch_size,
            learning_rate=self.learning_rates[network],
            weight_decay=0.0,
            clip=self.clip,
            schedule="linear",
            seed=seed,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the plan as a dictionary that JSON can hold."""
        shared = self.settings(next(iter(self.units)), 0)
        names = ("optimizer", "weight_decay", "schedule")
        return {**vars(self), "training": {name: getattr(shared, name) for name in names}}


def measure(problem: Problem, plan: Plan, seeds: Sequence[int], runner: Runner) -> Measured:
    """Train every network with every seed, and put the seeds together."""
    runs = runner.train(
        [
            Piece(
                f"{network}, seed {seed}",
                train,
                (Training(problem, plan.T, network, seed), plan),
                work=WORK[FORMS[network].network],
            )
            for network in plan.units
            for seed in seeds
        ]
    )
    loss, right = problem.baseline(plan.T)
    return {
        "seeds": list(seeds),
        "plan": plan.to_json(),
        "baseline": {"loss": loss, "right": right},
        "steps": [plan.steps * epoch // EPOCHS for epoch in range(1, EPOCHS + 1)],
        "runs": runs,
        "networks": summaries(runs, plan.units),
    }


def train(training: Training, plan: Plan, watchers: Sequence[Watcher]) -> Run:
    """Train one network, and test the weights with the lowest held-out loss."""
    task = LagTask(training, plan.units[training.network], plan)
    with _denormals_as_zero():
        settings = plan.settings(training.network, training.seed)
        outcome = fit(task, settings, watchers=watchers)
        loss, right = evaluate(training, task.model, plan.test)
    return {
        "network": training.network,
        "seed": training.seed,
        "parameters": sum(parameter.numel() for parameter in task.model.parameters()),
        "train_seconds": outcome.train_seconds,
        "valid_loss": [epoch.valid_loss for epoch in outcome.history],
        "loss": loss,
        "right": right,
    }


@torch.no_grad()
def evaluate(training: Training, model: Reader, size: int) -> tuple[float, float]:
    """Return the loss, and the share right, of `size` test sequences."""
    problem, whole = training.problem, training.draw(size, TEST)
    parts = -(-size // TEST_BATCH)
    loss = right = 0.0
    for part in range(parts):
        batch = whole.share(part, parts)
        loss += float(problem.predict(model, batch).loss()) / whole.count
        right += problem.right(model, batch) * batch.size / size
    return loss, right


@contextmanager
def _denormals_as_zero() -> Iterator[None]:
    """Let torch round to 0 what is below the least normal float, 1.2e-38.

    A gradient that vanishes over hundreds of steps ends there, where a processor takes many times
    as long: training `torch.nn.LSTM` on the adding problem at T = 600 took ten times as long.
    """
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)
