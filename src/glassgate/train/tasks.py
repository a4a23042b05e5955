"""What a network learns: the data of a run and how a batch meets the model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from torch import Tensor, nn

from glassgate.nn.models import Classifier, LanguageModel, State
from glassgate.train.batches import Batch, labelled, sentences, stream
from glassgate.train.settings import Settings

Measure = Literal["perplexity", "accuracy"]
HELD_OUT_COLUMNS = 16  # a held-out stream is read in this many columns ...
HELD_OUT_HEIGHT = 100  # ... of at least this many tokens


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

    def logits(
        self, model: nn.Module, batch: Batch, state: State | None
    ) -> tuple[Tensor, State | None]:
        """Return logits [T, B, V] or [B, C] for the batch's targets, and the state to carry."""


class StreamTask:
    """One run of tokens, read in stretches with the state carried on."""

    measure: Measure = "perplexity"

    def __init__(
        self,
        model: LanguageModel,
        train: Sequence[int],
        held_out: Sequence[int],
        bos: int,
        settings: Settings,
    ) -> None:
        self.model = model
        self._train = stream(train, bos, settings.batch_size, settings.bptt)
        columns = max(1, min(HELD_OUT_COLUMNS, len(held_out) // HELD_OUT_HEIGHT))
        self._held_out = stream(held_out, bos, columns, HELD_OUT_HEIGHT)

    def batches(self, epoch: int) -> Sequence[Batch]:  # noqa: ARG002 - a stream has one order
        """Return the stretches, in the order of the text."""
        return self._train

    def held_out(self) -> Sequence[Batch]:
        """Return the held-out stretches; their form does not depend on the settings."""
        return self._held_out

    def logits(
        self, model: nn.Module, batch: Batch, state: State | None
    ) -> tuple[Tensor, State | None]:
        """Return logits [T, B, V] and the state to carry."""
        return _pair(model(batch.inputs, state))


class SentenceTask:
    """Sequences of tokens, each from zero state; both marks included in every sequence."""

    measure: Measure = "perplexity"

    def __init__(
        self,
        model: LanguageModel,
        train: Sequence[Sequence[int]],
        held_out: Sequence[Sequence[int]],
        settings: Settings,
    ) -> None:
        self.model = model
        self._train = train
        self._settings = settings
        self._held_out = sentences(held_out, settings.batch_size, settings.seed, None)

    def batches(self, epoch: int) -> Sequence[Batch]:
        """Return batches of sentences of like length, shuffled by seed and epoch."""
        return sentences(self._train, self._settings.batch_size, self._settings.seed, epoch)

    def held_out(self) -> Sequence[Batch]:
        """Return the held-out sentences by length."""
        return self._held_out

    def logits(
        self, model: nn.Module, batch: Batch, state: State | None
    ) -> tuple[Tensor, State | None]:
        """Return logits [T, B, V]; nothing is carried."""
        return _pair(model(batch.inputs, state))[0], None


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
        self._held_out = labelled(*held_out, settings.batch_size, settings.seed, None)

    def batches(self, epoch: int) -> Sequence[Batch]:
        """Return batches of sequences of like length, shuffled by seed and epoch."""
        return labelled(*self._train, self._settings.batch_size, self._settings.seed, epoch)

    def held_out(self) -> Sequence[Batch]:
        """Return the held-out sequences by length."""
        return self._held_out

    def logits(
        self,
        model: nn.Module,
        batch: Batch,
        state: State | None,  # noqa: ARG002 - every sequence starts anew
    ) -> tuple[Tensor, State | None]:
        """Return logits [B, C]; nothing is carried."""
        logits: Tensor = model(batch.inputs, batch.lengths)
        return logits, None


def _pair(result: tuple[Tensor, State]) -> tuple[Tensor, State]:
    return result
