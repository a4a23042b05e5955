"""Does the gradient vanish, and who learns across T steps? Two problems, six networks, seeds.

A recurrent network learns from what lies far back only as far as the gradient reaches (Hochreiter
1991; Bengio, Simard & Frasconi 1994); gates were made so that it does, if they keep long enough
from the start (Tallec & Ollivier 2018). Each network of `networks.FORMS` is trained on each problem
of `problems` at each T, with each seed.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import torch

from glassgate.experiments import common
from glassgate.experiments.vanishing.networks import FORMS, untrained
from glassgate.experiments.vanishing.problems import PROBLEMS, Problem, Reader
from glassgate.experiments.vanishing.summary import statements, summaries
from glassgate.inside.gradient import gradient_by_lag, half_life
from glassgate.nn.models import State
from glassgate.train.backends import Workers
from glassgate.train.batches import Batch
from glassgate.train.loop import fit
from glassgate.train.parallel import Piece, run_pieces
from glassgate.train.settings import Settings
from glassgate.train.tasks import Measure, Scored
from glassgate.train.watch import Watcher, Watching

EPOCHS = 12  # stretches of a training, each ending with a look at held-out sequences
LAGS = 20  # the gradient is looked at every T / LAGS steps back
TRAIN, VALID, TEST = 1, 2, 3  # random streams of a seed


@dataclass(frozen=True)
class Plan:
    """What is trained on what.

    Each network has the best of the learning rates 0.003, 0.01 and 0.03, tried at T = 100; their
    names are those of `glassgate.experiments.vanishing.networks.FORMS`.
    """

    problems: Sequence[str] = tuple(PROBLEMS)
    times: Sequence[int] = (100, 200, 400)  # T
    learning_rates: Mapping[str, float] = field(
        default_factory=lambda: {name: 0.01 if name == "srn" else 0.03 for name in FORMS}
    )  # of each network
    steps: int = 1000  # of training, at least EPOCHS
    batch_size: int = 16
    hidden_size: int = 32
    valid: int = 100  # sequences, which choose the stretch whose weights are kept
    test: int = 1000  # sequences
    gradient: int = 50  # sequences that the gradient is averaged over

    def settings(self, network: str, seed: int) -> Settings:
        """Return how a network is trained: up to its learning rate, and down to 0."""
        return Settings(
            network=FORMS[network].network,
            hidden_size=self.hidden_size,
            epochs=EPOCHS,
            patience=EPOCHS,
            batch_size=self.batch_size,
            learning_rate=self.learning_rates[network],
            weight_decay=0.0,
            schedule="linear",
            seed=seed,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the plan as a dictionary that JSON can hold."""
        shared = self.settings(next(iter(self.learning_rates)), 0)
        names = ("optimizer", "weight_decay", "clip", "schedule")
        return {**vars(self), "training": {name: getattr(shared, name) for name in names}}


class Training(NamedTuple):
    """One network learning one problem at one T, with one seed."""

    problem: Problem
    T: int
    network: str
    seed: int

    @property
    def name(self) -> str:
        """What a person knows it by."""
        return f"{self.problem.name}, T = {self.T}: {self.network}, seed {self.seed}"

    def draw(self, size: int, *stream: int) -> Batch:
        """Make sequences, the same for every network."""
        place = list(PROBLEMS).index(self.problem.name)
        return self.problem.draw(
            self.T, size, np.random.default_rng([self.seed, place, self.T, *stream])
        )

    def model(self, hidden_size: int) -> Reader:
        """Return the network before training, a function of the seed."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            sizes = (self.problem.inputs, self.problem.outputs, hidden_size)
            return untrained(self.network, *sizes, self.problem.steps(self.T)).eval()


class LagTask:
    """A training as the loop knows it: new sequences at every step."""

    def __init__(self, training: Training, plan: Plan) -> None:
        self.model = training.model(plan.hidden_size)
        self.measure: Measure = training.problem.measure
        self._training, self._plan = training, plan
        self._held_out = [training.draw(plan.valid, VALID)]

    def batches(self, epoch: int) -> list[Batch]:
        """Return the batches of one of `EPOCHS` stretches."""
        first, behind = (self._plan.steps * e // EPOCHS for e in (epoch - 1, epoch))
        return [
            self._training.draw(self._plan.batch_size, TRAIN, step) for step in range(first, behind)
        ]

    def held_out(self) -> list[Batch]:
        """Return sequences that are not trained on."""
        return self._held_out

    def predict(
        self,
        model: torch.nn.Module,
        batch: Batch,
        state: State | None,  # noqa: ARG002 - every sequence starts anew
    ) -> Scored:
        """Meet a batch as the problem does."""
        return self._training.problem.predict(model, batch)


def run(
    plan: Plan,
    seeds: Sequence[int],
    command: str,
    watcher: Watching | None = None,
    *,
    workers: Workers,
) -> dict[str, Any]:
    """Train every network on everything with every seed, and return what results.json holds.

    `command` is the line that made it all. Raises `Interrupted` after Ctrl-C.
    """
    pieces = [
        Piece(training.name, _run, (training, plan), work=training.T)
        for training in trainings(plan, seeds)
    ]
    runs = run_pieces(pieces, workers, watcher)
    results = {
        "experiment": "vanishing",
        **common.provenance(command),
        "seeds": list(seeds),
        "plan": plan.to_json(),
        "blind": [
            {"problem": name, "T": T, **dict(zip(("loss", "right"), blind, strict=True))}
            for name in plan.problems
            for T in plan.times
            for blind in [PROBLEMS[name].blind(T)]
        ],
        "lags": {str(T): lags(T) for T in plan.times},
        "runs": runs,
    }
    results |= {"networks": summaries(results)}
    return results | {"statements": statements(results)}


def trainings(plan: Plan, seeds: Sequence[int]) -> Iterator[Training]:
    """Give every training, in the order in which they run."""
    for name in plan.problems:
        for T in plan.times:
            for network in plan.learning_rates:
                for seed in seeds:
                    yield Training(PROBLEMS[name], T, network, seed)


def work(plan: Plan, seeds: Sequence[int]) -> float:
    """Return how much work all trainings are together, as the watchers are told it."""
    return float(sum(training.T for training in trainings(plan, seeds)))


def lags(T: int) -> list[int]:
    """Return how far back the gradient is looked at: from 0 to less than T steps."""
    return list(range(0, T, max(1, T // LAGS)))


def _run(training: Training, plan: Plan, watchers: Sequence[Watcher]) -> dict[str, Any]:
    problem, T, network, seed = training
    task = LagTask(training, plan)
    before = _gradient(training, task.model, plan.gradient)
    outcome = fit(task, plan.settings(network, seed), watchers=watchers)
    test = training.draw(plan.test, TEST)
    with torch.no_grad():
        loss = float(problem.predict(task.model, test).loss()) / test.count
        right = problem.right(task.model, test)
    return {
        "problem": problem.name,
        "T": T,
        "network": network,
        "seed": seed,
        "parameters": sum(parameter.numel() for parameter in task.model.parameters()),
        "train_seconds": outcome.train_seconds,
        "valid_loss": [epoch.valid_loss for epoch in outcome.history],
        "loss": loss,
        "right": right,
        "gradient": {"before": before, "after": _gradient(training, task.model, plan.gradient)},
    }


def _gradient(training: Training, model: Reader, size: int) -> dict[str, Any]:
    """Measure in float64 how the gradient falls; a half-life of None is above T - 1 steps."""
    exact = copy.deepcopy(model).double()
    batch = training.draw(size, TEST)
    batch = Batch(batch.inputs.double(), _doubled(batch.targets), batch.lengths)
    input, loss = training.problem.far_loss(exact, batch)
    norms = gradient_by_lag(exact.network, input, loss, training.T - 1)
    half = half_life(norms)
    return {
        "half_life": half if np.isfinite(half) else None,
        "norms": norms[lags(training.T)].tolist(),
    }


def _doubled(targets: torch.Tensor) -> torch.Tensor:
    return targets.double() if targets.is_floating_point() else targets
