"""What a network learns: the batches of a run, and the loss of a batch."""

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
HELD_OUT_COLUMNS = 16  # maximum number of columns of a held-out stream ...
HELD_OUT_HEIGHT = 100  # ... and minimum number of tokens in each


class Scored(Protocol):
    """A model's predictions for a batch, and how good they are."""

    @property
    def state(self) -> State | None:
        """The state to carry to the next batch, if that batch continues this one."""

    def loss(self) -> Tensor:
        """Return the loss to minimize, summed over the scored targets."""

    def right(self) -> int:
        """Return the number of targets predicted correctly."""


class Prediction(NamedTuple):
    """The logits of each class that a target may have."""

    logits: Tensor  # [N, C], a row for each target
    targets: Tensor  # [N], `IGNORE` where a row is not scored
    state: State | None

    def loss(self) -> Tensor:
        """Return the summed -ln p of the targets."""
        return F.cross_entropy(self.logits, self.targets, ignore_index=IGNORE, reduction="sum")

    def right(self) -> int:
        """Return the number of targets that have the largest logit."""
        return int((self.logits.argmax(-1) == self.targets).sum())


class Task(Protocol):
    """Something to learn: all that the training loop needs to know of it."""

    @property
    def model(self) -> nn.Module:
        """The model to train."""

    @property
    def measure(self) -> Measure:
        """The measure reported for held-out data beside the loss."""

    def batches(self, epoch: int) -> Sequence[Batch]:
        """Return the joined batches of an epoch (from 1); every call returns the same ones."""

    def held_out(self) -> Sequence[Batch]:
        """Return the joined batches of the held-out data."""

    def predict(self, model: nn.Module, batch: Batch, state: State | None) -> Scored:
        """Run a model on a batch, from the state carried over from the previous batch."""


class StreamTask:
    """A sequence of tokens, read in stretches with the state carried from one to the next."""

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
        """Return the held-out stretches; their shape does not depend on the settings."""
        return self._held_out

    def predict(self, model: nn.Module, batch: Batch, state: State | None) -> Prediction:
        """Predict each next token of the stretch."""
        logits, state = model(batch.inputs, state)
        return Prediction(logits.flatten(0, 1), batch.targets.flatten(), state)


class SentenceTask:
    """Sentences, each from `<bos>` to `<eos>`, and each from the zero state."""

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
        """Return batches of sentences, shuffled by seed and epoch."""
        return sentence_batches(self._train, self._settings.batch_size, self._settings.seed, epoch)

    def held_out(self) -> Sequence[Batch]:
        """Return the held-out sentences, grouped by length."""
        return self._held_out

    def predict(
        self,
        model: nn.Module,
        batch: Batch,
        state: State | None,  # noqa: ARG002 - every sentence starts from the zero state
    ) -> Prediction:
        """Predict each next token of each sentence."""
        logits, _ = model(batch.inputs, lengths=batch.lengths)  # (N, V)
        targets = batch.targets[valid_steps(batch.lengths, len(batch.targets))]  # (N,)
        return Prediction(logits, targets, None)


class ClassifierTask:
    """Texts, each with one class."""

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
        """Return batches of texts of similar length, shuffled by seed and epoch."""
        return labelled_batches(*self._train, self._settings.batch_size, self._settings.seed, epoch)

    def held_out(self) -> Sequence[Batch]:
        """Return the held-out texts, grouped by length."""
        return self._held_out

    def predict(
        self,
        model: nn.Module,
        batch: Batch,
        state: State | None,  # noqa: ARG002 - every sequence starts from the zero state
    ) -> Prediction:
        """Predict the class of each text."""
        return Prediction(model(batch.inputs, batch.lengths), batch.targets, None)
