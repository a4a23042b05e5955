"""One network learning one problem at one T with one seed, from new sequences at every step."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
import torch

from glassgate.experiments.long_lags.networks import make_reader
from glassgate.experiments.long_lags.problems import PROBLEMS, Problem, Reader
from glassgate.nn.models import State
from glassgate.train.batches import Batch
from glassgate.train.tasks import Measure, Scored

EPOCHS = 12  # stretches of a training, each ending with an evaluation of held-out sequences
TRAIN, VALID, TEST = 1, 2, 3  # random streams of a seed


class Budget(Protocol):
    """How much a network is trained, and evaluated."""

    @property
    def steps(self) -> int:
        """Training steps, at least `EPOCHS`."""

    @property
    def batch_size(self) -> int:
        """Sequences of a step."""

    @property
    def valid(self) -> int:
        """Sequences that choose the stretch whose weights are kept."""


class Training(NamedTuple):
    """One network learning one problem at one T, with one seed."""

    problem: Problem
    T: int
    network: str
    seed: int

    def draw(self, size: int, *stream: int) -> Batch:
        """Draw sequences, the same for every network."""
        place = list(PROBLEMS).index(self.problem.name)
        random = np.random.default_rng([self.seed, place, self.T, *stream])
        return self.problem.draw(self.T, size, random)

    def model(self, hidden_size: int) -> Reader:
        """Return the network before training, a function of the seed."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            sizes = (self.problem.inputs, self.problem.outputs, hidden_size)
            return make_reader(self.network, *sizes, self.problem.steps(self.T)).eval()


class LagTask:
    """A training as `glassgate.train.fit` takes it: new sequences at every step."""

    def __init__(self, training: Training, hidden_size: int, budget: Budget) -> None:
        self.model = training.model(hidden_size)
        self.measure: Measure = training.problem.measure
        self._training, self._budget = training, budget
        self._held_out = [training.draw(budget.valid, VALID)]

    def batches(self, epoch: int) -> list[Batch]:
        """Return the batches of one of `EPOCHS` stretches."""
        budget = self._budget
        first, end = (budget.steps * e // EPOCHS for e in (epoch - 1, epoch))
        return [self._training.draw(budget.batch_size, TRAIN, step) for step in range(first, end)]

    def held_out(self) -> list[Batch]:
        """Return the sequences that are not trained on."""
        return self._held_out

    def predict(
        self,
        model: torch.nn.Module,
        batch: Batch,
        state: State | None,  # noqa: ARG002 - every sequence starts anew
    ) -> Scored:
        """Predict a batch as the problem does."""
        return self._training.problem.predict(model, batch)
