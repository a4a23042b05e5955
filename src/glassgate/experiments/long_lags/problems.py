"""Two problems that ask a network to remember across T steps, and what one without memory reaches.

Inputs and targets are drawn from a seed whenever they are needed: no data set is stored.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from glassgate.nn.models import State, make_network
from glassgate.train.batches import Batch
from glassgate.train.tasks import Measure, Prediction, Scored

Loss = Callable[[Tensor], Tensor]
"""From states [T, B, H] to the loss of each sequence at the last of them, [B]."""


class Reader(nn.Module):
    """A network, and a linear layer that reads its state at every step.

    `network` is a name that `glassgate.nn.make_network` knows; sizes count numbers a step
    and units.
    """

    def __init__(self, network: str, inputs: int, outputs: int, hidden_size: int) -> None:
        super().__init__()
        self.network = make_network(network, inputs, hidden_size)
        self.readout = nn.Linear(hidden_size, outputs)

    def forward(self, input: Tensor) -> Tensor:
        """Return what is read after each step of `input` [T, B, I]: [T, B, O]."""
        read: Tensor = self.readout(self.network(input)[0])
        return read


class Problem(Protocol):
    """What a network is to learn, at any T."""

    @property
    def name(self) -> str:
        """Its name in results, one word."""

    @property
    def inputs(self) -> int:
        """Numbers that a step reads, I."""

    @property
    def outputs(self) -> int:
        """Numbers that are read of a state, O."""

    @property
    def measure(self) -> Measure:
        """What the training loop reports of held-out sequences beside the loss."""

    def steps(self, T: int) -> int:
        """Return how many steps a sequence has."""

    def draw(self, T: int, size: int, random: np.random.Generator) -> Batch:
        """Make `size` sequences."""

    def predict(self, model: nn.Module, batch: Batch) -> Scored:
        """Predict a batch with a `Reader`."""

    def right(self, model: nn.Module, batch: Batch) -> float:
        """Return the share of what has to be remembered that is right, 0..1."""

    def baseline(self, T: int) -> tuple[float, float]:
        """Return the loss and the share right of the best network that ignores the input."""

    def far_loss(self, model: Reader, batch: Batch) -> tuple[Tensor, Loss]:
        """Return the input up to a step that needs the distant past, and the loss at that step."""


class Estimate(NamedTuple):
    """A number for each sequence."""

    values: Tensor  # [B]
    targets: Tensor  # [B]
    state: State | None = None

    def loss(self) -> Tensor:
        """Return the summed squared error."""
        return F.mse_loss(self.values, self.targets, reduction="sum")

    def right(self) -> int:
        """Return how many are as near to their target as `Adding.MAX_ERROR`."""
        return int(((self.values - self.targets).abs() < Adding.MAX_ERROR).sum())


class Adding:
    """Add the two marked numbers of a sequence of T (Hochreiter & Schmidhuber 1997, section 5.4).

    Inputs
        Each step has two numbers: a value drawn from 0..1, every one as likely, and a mark, 1 at
        two steps and 0 elsewhere. The first mark stands at any of the steps 0 .. T/2 - 1, the
        second at any of T/2 .. T - 1 (T/2 rounded down), as in Arjovsky, Shah & Bengio 2016
        (arXiv:1511.06464); in 1997 values were drawn from -1..1 and lengths at random.
    Target
        The sum of the two marked values, after the last step.
    Loss
        The squared error, mean over sequences.
    Right
        An error of less than 0.08, 4% of the range of the target, as in 1997.
    A network that ignores the input
        Predicts the mean, 1, at best: its error is the variance of a sum of two such values,
        2 * 1/12 = 1/6 = 0.1667 (0.1767 in Le, Jaitly & Hinton 2015, arXiv:1504.00941, is a slip),
        and it is right with probability 1 - 0.92^2 = 0.154.
    """

    MAX_ERROR = 0.08  # of a sum that counts as right
    name, inputs, outputs = "adding", 2, 1
    measure: Measure = "accuracy"

    def steps(self, T: int) -> int:
        """Return T."""
        return T

    def draw(self, T: int, size: int, random: np.random.Generator) -> Batch:
        """Make `size` sequences: inputs [T, size, 2], targets [size]."""
        values = random.random((T, size), dtype=np.float32)
        marks, columns = np.zeros_like(values), np.arange(size)
        for first, behind in ((0, T // 2), (T // 2, T)):
            marks[random.integers(first, behind, size), columns] = 1
        inputs = torch.from_numpy(np.stack([values, marks], -1))
        targets = torch.from_numpy((values * marks).sum(0))
        return Batch(inputs, targets, torch.full((size,), T))

    def predict(self, model: nn.Module, batch: Batch) -> Estimate:
        """Read the sum after the last step."""
        return Estimate(model(batch.inputs)[-1, :, 0], batch.targets)

    def right(self, model: nn.Module, batch: Batch) -> float:
        """Return the share of sequences whose sum is right."""
        return self.predict(model, batch).right() / batch.size

    def baseline(self, T: int) -> tuple[float, float]:  # noqa: ARG002 - the same at every T
        """Return the variance of the sum, and the share of sums near 1."""
        return 1 / 6, 1 - (1 - self.MAX_ERROR) ** 2

    def far_loss(self, model: Reader, batch: Batch) -> tuple[Tensor, Loss]:
        """Return the whole input, and each sequence's squared error at its end."""

        def loss(states: Tensor) -> Tensor:
            read: Tensor = model.readout(states[-1])[:, 0]
            return (read - batch.targets).square()

        return batch.inputs, loss


class Copying:
    """Repeat ten symbols after a wait of T steps (Arjovsky, Shah & Bengio 2016, arXiv:1511.06464).

    Inputs
        T + 20 steps over an alphabet of ten, each a vector with a single 1: first ten symbols,
        each any of eight, then T - 1 blanks, a cue to begin, and ten blanks.
    Targets
        T + 10 blanks, and then the ten symbols in their order, the first one at the step after
        the cue. Each is due T + 10 steps after it was read.
    Loss
        The cross-entropy in nats, mean over all T + 20 steps and over sequences.
    Right
        The share of the ten symbols that get the most weight where they are due.
    A network that ignores the input
        Knows from the number of steps alone when to answer blanks, and at best guesses the symbols:
        its loss is 10 ln 8 / (T + 20), and one symbol in eight is right.

    The authors took it over from Hochreiter & Schmidhuber 1997.
    """

    SYMBOLS = 8  # that there are
    REPEATED = 10  # in each sequence
    BLANK, CUE = 8, 9  # in the alphabet, after the symbols
    name, inputs, outputs = "copying", 10, 9
    measure: Measure = "perplexity"

    def steps(self, T: int) -> int:
        """Return T + 20."""
        return T + 2 * self.REPEATED

    def draw(self, T: int, size: int, random: np.random.Generator) -> Batch:
        """Make `size` sequences: inputs [T + 20, size, 10], targets [T + 20, size]."""
        symbols = random.integers(0, self.SYMBOLS, (self.REPEATED, size))
        read = np.full((self.steps(T), size), self.BLANK)
        read[: self.REPEATED], read[T + self.REPEATED - 1] = symbols, self.CUE
        due = np.full_like(read, self.BLANK)
        due[-self.REPEATED :] = symbols
        inputs = F.one_hot(torch.from_numpy(read), self.inputs).float()
        return Batch(inputs, torch.from_numpy(due), torch.full((size,), len(read)))

    def predict(self, model: nn.Module, batch: Batch) -> Prediction:
        """Predict blank or symbol at every step."""
        return Prediction(model(batch.inputs).flatten(0, 1), batch.targets.flatten(), None)

    def right(self, model: nn.Module, batch: Batch) -> float:
        """Return the share of symbols that are right."""
        answers = model(batch.inputs)[-self.REPEATED :].argmax(-1)  # (10, B)
        return float((answers == batch.targets[-self.REPEATED :]).float().mean())

    def baseline(self, T: int) -> tuple[float, float]:
        """Return the loss of guessing the symbols, and the share of right guesses."""
        return self.REPEATED * math.log(self.SYMBOLS) / self.steps(T), 1 / self.SYMBOLS

    def far_loss(self, model: Reader, batch: Batch) -> tuple[Tensor, Loss]:
        """Return the input up to the step at which the first symbol is due, and the loss there."""
        steps = len(batch.inputs) - self.REPEATED + 1

        def loss(states: Tensor) -> Tensor:
            read = model.readout(states[-1])
            return F.cross_entropy(read, batch.targets[steps - 1], reduction="none")

        return batch.inputs[:steps], loss


PROBLEMS: Mapping[str, Problem] = {"adding": Adding(), "copying": Copying()}
