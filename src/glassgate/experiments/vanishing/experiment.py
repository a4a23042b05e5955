"""Does the gradient vanish, and who learns across T steps? Two problems, six networks, seeds.

A recurrent network learns from what lies far back only as far as the gradient reaches (Hochreiter
1991; Bengio, Simard & Frasconi 1994); gates were made so that it does, if they keep long enough
from the start (Tallec & Ollivier 2018). Each network of `long_lags.networks` is trained on each
problem of `long_lags.problems` at each T, with each seed.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch

from glassgate.errors import BadInput
from glassgate.experiments.common import check_counts
from glassgate.experiments.long_lags.networks import FORMS
from glassgate.experiments.long_lags.problems import PROBLEMS, Reader
from glassgate.experiments.long_lags.training import EPOCHS, TEST, LagTask, Training
from glassgate.experiments.runner import ONE_BY_ONE, Runner
from glassgate.experiments.vanishing.judgements import claims
from glassgate.experiments.vanishing.results import Baseline, GradientDecay, Measured, Results, Run
from glassgate.experiments.vanishing.summary import statements, summaries
from glassgate.inside.gradient import gradient_by_lag, half_life
from glassgate.train.batches import Batch
from glassgate.train.loop import fit
from glassgate.train.parallel import Piece
from glassgate.train.settings import Settings
from glassgate.train.watch import Watcher

LAGS = 20  # the gradient is measured at every T / LAGS steps back


@dataclass(frozen=True)
class Plan:
    """The numbers of a run; `BadInput` for one out of range.

    Each network has the best of the learning rates 0.003, 0.01 and 0.03, tried at T = 100; their
    names are those of `glassgate.experiments.long_lags.networks.FORMS`.
    """

    problems: Sequence[str] = tuple(PROBLEMS)
    times: Sequence[int] = (100, 200, 400)  # T
    learning_rates: Mapping[str, float] = field(
        default_factory=lambda: {name: 0.01 if name == "srn" else 0.03 for name in FORMS}
    )  # of each network
    steps: int = 1000  # of training, at least EPOCHS
    batch_size: int = 16
    hidden_size: int = 32
    valid: int = 100  # sequences that choose the stretch whose weights are kept
    test: int = 1000  # sequences
    gradient: int = 50  # sequences that the gradient is averaged over

    def __post_init__(self) -> None:
        """Check the numbers, and that they make settings for each network."""
        check_counts(self, "steps", least=EPOCHS)
        check_counts(self, "valid", "test", "gradient")
        if not self.times or min(self.times) < 2:
            raise BadInput(f"times must be whole numbers from 2 on, got {list(self.times)}")
        for network in self.learning_rates:
            self.settings(network, 0)

    def settings(self, network: str, seed: int) -> Settings:
        """Return how a network is trained: its learning rate rises, and falls linearly to 0."""
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


def quick(plan: Plan) -> Plan:
    """Return the plan of a quick run."""
    steps = 240 if plan.steps == Plan.steps else plan.steps
    return replace(plan, times=(20, 40), steps=steps, test=200, gradient=20)


def run(plan: Plan, seeds: Sequence[int], runner: Runner = ONE_BY_ONE) -> Results:
    """Train every network on every problem at every T with every seed, and measure gradients."""
    runs = runner.train(
        [
            Piece(
                f"{training.problem.name}, T = {training.T}: {training.network}, seed "
                f"{training.seed}",
                train,
                (training, plan),
                work=training.T,
            )
            for training in trainings(plan, seeds)
        ]
    )
    networks = summaries(runs)
    measured: Measured = {
        "seeds": list(seeds),
        "plan": plan.to_json(),
        "blind": [_baseline(name, T) for name in plan.problems for T in plan.times],
        "lags": {str(T): lags(T) for T in plan.times},
        "runs": runs,
        "networks": networks,
    }
    return {**measured, "statements": statements(measured), "claims": claims(measured)}


def trainings(plan: Plan, seeds: Sequence[int]) -> Iterator[Training]:
    """Return every training, in the order of results.json."""
    for name in plan.problems:
        for T in plan.times:
            for network in plan.learning_rates:
                for seed in seeds:
                    yield Training(PROBLEMS[name], T, network, seed)


def _baseline(problem: str, T: int) -> Baseline:
    loss, right = PROBLEMS[problem].baseline(T)
    return {"problem": problem, "T": T, "loss": loss, "right": right}


def lags(T: int) -> list[int]:
    """Return how many steps back the gradient is measured: from 0 to less than T."""
    return list(range(0, T, max(1, T // LAGS)))


def train(training: Training, plan: Plan, watchers: Sequence[Watcher]) -> Run:
    """Do one training, and measure loss, share right and gradient on test sequences."""
    problem, T, network, seed = training
    task = LagTask(training, plan.hidden_size, plan)
    before = measure_gradient(training, task.model, plan.gradient)
    outcome = fit(task, plan.settings(network, seed), watchers=watchers)
    after = measure_gradient(training, task.model, plan.gradient)
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
        "gradient": {"before": before, "after": after},
    }


def measure_gradient(training: Training, model: Reader, size: int) -> GradientDecay:
    """Measure in float64, over `size` test sequences, how the gradient falls with the lag."""
    exact = copy.deepcopy(model).double()
    batch = training.draw(size, TEST)
    batch = Batch(batch.inputs.double(), _double(batch.targets), batch.lengths)
    input, loss = training.problem.far_loss(exact, batch)
    norms = gradient_by_lag(exact.network, input, loss, training.T - 1)
    half = half_life(norms)
    return {
        "half_life": half if np.isfinite(half) else None,
        "norms": norms[lags(training.T)].tolist(),
    }


def _double(targets: torch.Tensor) -> torch.Tensor:
    return targets.double() if targets.is_floating_point() else targets
