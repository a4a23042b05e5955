"""How far back a sample's losses reach: the gradient by lag, and its half-life."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from glassgate.analysis.predict import read_ids
from glassgate.formulation import Array
from glassgate.inside.gradient import gradient_by_lag, half_life
from glassgate.nn.models import Classifier, LanguageModel
from glassgate.nn.ragged import last_valid, pad_ids
from glassgate.train.load import Loaded

LAGS = 25  # at most
SEQUENCES = 64  # at most
WANTED = 20  # sequences; for fewer of them the lags are not made longer


@dataclass(frozen=True, eq=False)
class Flow:
    """The gradient of a loss with respect to the state k steps back, mean norm over sequences."""

    norms: Array  # (lags + 1,)
    half_life: float | None  # steps, perhaps infinite; None where even the first norm is 0
    sequences: int


def measure_flow(loaded: Loaded, texts: Sequence[str], seed: int) -> Flow | None:
    """Measure the gradient over texts; None for a feedforward network and texts of too few words.

    The loss of a language model is -ln p of one word of each text, drawn by the seed among those
    with enough words before; of a classifier, -ln p of the class that it gives.
    """
    if loaded.settings.network == "feedforward":
        return None
    random = np.random.default_rng(seed)
    drawn = [read_ids(loaded, texts[place]) for place in random.permutation(len(texts))]
    ahead = 1 if loaded.kind == "language" else 0  # the word to come is not read
    lags = _lags([len(ids) - ahead for ids in drawn])
    if lags < 1:
        return None
    chosen = [ids for ids in drawn if len(ids) - ahead > lags][:SEQUENCES]
    if loaded.kind == "language":
        chosen = [ids[: random.integers(lags + 1, len(ids)) + 1] for ids in chosen]
    tokens, lengths = pad_ids([ids[: len(ids) - ahead] for ids in chosen])
    loss = _Loss(loaded.model, torch.tensor([ids[-1] for ids in chosen]), lengths)
    embedded = loaded.model.embedding(tokens)
    norms = gradient_by_lag(loaded.model.network, embedded, loss, lags, lengths)
    return Flow(norms, half_life(norms) if norms[0] > 0 else None, len(chosen))


class _Loss:
    """The loss of each sequence, read from the last layer's state at its last step."""

    def __init__(self, model: LanguageModel | Classifier, targets: Tensor, lengths: Tensor) -> None:
        self._model, self._targets, self._lengths = model, targets, lengths

    def __call__(self, hidden: Tensor) -> Tensor:
        last = last_valid(hidden, self._lengths)  # (B, H)
        if isinstance(self._model, LanguageModel):
            return F.cross_entropy(self._model.decoder(last), self._targets, reduction="none")
        logits = self._model.readout(last)
        return F.cross_entropy(logits, logits.argmax(-1), reduction="none")


def _lags(lengths: Sequence[int]) -> int:
    """Choose the largest lag: so many sequences, or half of them, have that many steps and one."""
    enough = min(WANTED, -(-len(lengths) // 2))
    return min(LAGS, sorted(lengths, reverse=True)[enough - 1] - 1)
