"""What a network learns: the data of a run and how a batch meets the model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol

from torch import Tensor, nn
from torch.nn import functional as F

from glassgate.nn.checks import valid_steps
from glassgate.nn.models import Classifier, LanguageModel, State
from glassgate.train.batches import (
    IGNORE,
    Batch,
    Ids,
    labelled_batches,
    sentence_batches,
    stream_batches,
)
from glassgate.train.settings import Settings

Measure = Literal["perplexity", "accuracy"]
HELD_OUT_COLUMNS = 16  # a held-out stream is read in this many columns ...
HELD_OUT_HEIGHT = 100  # ... of at least this many tokens


class Scored(Protocol):
    """What a model says of a batch, and what it is worth."""

    @property
    def state(self) -> State | None:
        """The state to carry to the next batch, if that asks for it."""

    def loss(self) -> Tensor:
        """Return the loss to descend along, summed over the scored targets."""

    def right(self) -> int:
        """Return how many of them are told right."""


class Prediction(NamedTuple):
    """A weight for each class that a target may have."""

    logits: Tensor  # [N, C], a row for each target
    targets: Tensor  # [N], `IGNORE` where a row is not scored
    state: State | None

    def loss(self) -> Tensor:
        """Return the summed -ln p of the targets."""
        return F.cross_entropy(self.logits, self.targets, ignore_index=IGNORE, reduction="sum")

    def right(self) -> int:
        """Return how many targets are given the most weight."""
        return int((self.logits.argmax(-1) == self.targets).sum())


class Task(Protocol):
    """One thing to learn. The loop asks for nothing else."""

    @property
    def model(self) -> nn.Module:
        """The model to train, in its first state."""

    @property
    def measure(self) -> Measure:
        """What is reported of the held-out data beside the loss."""

    def batches(self, epoch: int) -> Sequence[Batch]:
        """Return the joined batches of an epoch (from 1): the same list whenever asked."""

    def held_out(self) -> Sequence[Batch]:
        """Return the joined batches of the held-out data."""

    def predict(self, model: nn.Module, batch: Batch, state: State | None) -> Scored:
        """Meet a batch with a model, in the state carried from the batch before."""


class StreamTask:
    """One run of tokens, read in stretches with the state carried on."""

    measure: Measure = "perplexity"

    def __init__(
        self,
        model: LanguageModel,
        train: Sequence[int] | Ids,
        held_out: Sequence[int] | Ids,
        bos: int,
        settings: Settings,
    ) -> None:
        self.model = model
        self._train = stream_batches(train, bos, settings.batch_size, settings.bptt)
        columns = max(1, min(HELD_OUT_COLUMNS, len(held_out) // HELD_OUT_HEIGHT))
        self._held_out = stream_batches(held_out, bos, columns, HELD_OUT_HEIGHT)

    def batches(self, epoch: int) -> Sequence[Batch]:  # noqa: ARG002 - a stream has one order
        """Return the stretches, in the order of the text."""
        return self._train

    def held_out(self) -> Sequence[Batch]:
        """Return the held-out stretches; their form does not depend on the settings."""
        return self._held_out

    def predict(self, model: nn.Module, batch: Batch, state: State | None) -> Prediction:
        """Predict each next token of the stretch."""
        logits, state = model(batch.inputs, state)
        return Prediction(logits.flatten(0, 1), batch.targets.flatten(), state)


class SentenceTask:
    """Sequences of tokens, each from zero state; both marks included in every sequence."""

    measure: Measure = "perplexity"

    def __init__(
        self,
        model: LanguageModel,
        train: Sequence[Sequence[int]] | Sequence[Ids],
        held_out: Sequence[Sequence[int]] | Sequence[Ids],
        settings: Settings,
    ) -> None:
        self.model = model
        self._train = train
        self._settings = settings
        self._held_out = sentence_batches(held_out, settings.batch_size, settings.seed, None)

    def batches(self, epoch: int) -> Sequence[Batch]:
        """Return batches of sentences drawn by seed and epoch."""
        return sentence_batches(self._train, self._settings.batch_size, self._settings.seed, epoch)

    def held_out(self) -> Sequence[Batch]:
        """Return the held-out sentences by length."""
        return self._held_out

    def predict(
        self,
        model: nn.Module,
        batch: Batch,
        state: State | None,  # noqa: ARG002 - every sentence starts anew
    ) -> Prediction:
        """Predict each next token of each sentence."""
        logits, _ = model(batch.inputs, lengths=batch.lengths)  # (N, V)
        targets = batch.targets[valid_steps(batch.lengths, len(batch.targets))]  # (N,)
        return Prediction(logits, targets, None)


class ClassifierTask:
    """Sequences of tokens, each with one class."""

    measure: Measure = "accuracy"

    def __init__(
        self,
        model: Classifier,
        train: tuple[Sequence[Sequence[int]], Sequence[int]],
        held_out: tuple[Sequence[Sequence[int]], Sequence[int]],
        settings: Settings,
    ) -> None:
        self.model = model
        self._train = train
        self._settings = settings
        self._held_out = labelled_batches(*held_out, settings.batch_size, settings.seed, None)

    def batches(self, epoch: int) -> Sequence[Batch]:
        """Return batches of sequences of like length, shuffled by seed and epoch."""
        return labelled_batches(*self._train, self._settings.batch_size, self._settings.seed, epoch)

    def held_out(self) -> Sequence[Batch]:
        """Return the held-out sequences by length."""
        return self._held_out

    def predict(
        self,
        model: nn.Module,
        batch: Batch,
        state: State | None,  # noqa: ARG002 - every sequence starts anew
    ) -> Prediction:
        """Predict the class of each sequence."""
        return Prediction(model(batch.inputs, batch.lengths), batch.targets, None)
