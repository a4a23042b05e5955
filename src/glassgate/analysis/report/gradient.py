"""How far back the gradient reaches over a sample: its norm by lag, and its half-life."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from glassgate.analysis.prediction import read_ids
from glassgate.formulation import Array
from glassgate.inside.gradient import gradient_by_lag, half_life
from glassgate.nn.models import Classifier, LanguageModel
from glassgate.nn.ragged import last_valid, pad_ids
from glassgate.train import Loaded

MAX_LAG = 25  # steps
MAX_SEQUENCES = 64
ENOUGH_SEQUENCES = 20  # lags grow only as long as this many sequences reach that far back


@dataclass(frozen=True, eq=False)
class Flow:
    """The norm of the gradient of the loss with respect to the state k steps earlier.

    Each norm is a mean over sequences.
    """

    norms: Array  # (lags + 1,)
    half_life: float | None  # steps, possibly infinite; None if the norm at lag 0 is 0
    sequences: int


def measure_flow(loaded: Loaded, texts: Sequence[str], seed: int) -> Flow | None:
    """Measure the gradient over texts; None for a feedforward network or if texts are too short.

    A language model's loss is -ln p of one word of each text, drawn at random among those with
    enough words before them; a classifier's is -ln p of the class that it predicts.
    """
    if loaded.settings.network == "feedforward":
        return None
    random = np.random.default_rng(seed)
    shuffled = [read_ids(loaded, texts[index]) for index in random.permutation(len(texts))]
    unread = 1 if loaded.kind == "language" else 0  # the predicted word
    lags = _choose_lags([len(ids) - unread for ids in shuffled])
    if lags < 1:
        return None
    chosen = [ids for ids in shuffled if len(ids) - unread > lags][:MAX_SEQUENCES]
    if loaded.kind == "language":
        chosen = [ids[: random.integers(lags + 1, len(ids)) + 1] for ids in chosen]
    tokens, lengths = pad_ids([ids[: len(ids) - unread] for ids in chosen])
    loss = _Loss(loaded.model, torch.tensor([ids[-1] for ids in chosen]), lengths)
    embedded = loaded.model.embedding(tokens)
    norms = gradient_by_lag(loaded.model.network, embedded, loss, lags, lengths)
    return Flow(norms, half_life(norms) if norms[0] > 0 else None, len(chosen))


class _Loss:
    """The loss of each sequence, from the state of the last layer at its last step."""

    def __init__(self, model: LanguageModel | Classifier, targets: Tensor, lengths: Tensor) -> None:
        self._model, self._targets, self._lengths = model, targets, lengths

    def __call__(self, hidden: Tensor) -> Tensor:
        last = last_valid(hidden, self._lengths)  # (B, H)
        if isinstance(self._model, LanguageModel):
            return F.cross_entropy(self._model.decoder(last), self._targets, reduction="none")
        logits = self._model.readout(last)
        return F.cross_entropy(logits, logits.argmax(-1), reduction="none")


def _choose_lags(lengths: Sequence[int]) -> int:
    """Return the largest lag that enough sequences reach, or half of them if they are few."""
    enough = min(ENOUGH_SEQUENCES, -(-len(lengths) // 2))
    return min(MAX_LAG, sorted(lengths, reverse=True)[enough - 1] - 1)
