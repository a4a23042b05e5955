"""The state of every unit at every step of some texts, in one piece."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from glassgate.analysis.prediction import read_ids
from glassgate.analysis.report.sample import Sample
from glassgate.formulation import Array
from glassgate.inside.trace import trace
from glassgate.inside.trace.states import LSTMGates
from glassgate.nn import Feedforward
from glassgate.nn.ragged import pad_ids
from glassgate.train import Loaded

BATCH_SIZE = 25  # texts read at once
MAX_STEPS = 10_000


@dataclass(frozen=True, eq=False)
class Steps:
    """N steps that read a word or character, text after text; `<bos>` is left out.

    Attributes
    ----------
    tokens
        What each step read, `<unk>` for what the model does not know, [N].
    places
        The place of each step in its text, from 0, [N].
    layers
        What each unit holds, -1..1, for each layer [N, H]: its state, or the tanh of its cell in an
        LSTM. A feedforward network has its last layer alone.
    hidden
        The state of the last layer, which predictions are made from, [N, H].
    """

    tokens: tuple[str, ...]
    places: NDArray[np.int64]
    layers: tuple[Array, ...]
    hidden: Array

    @property
    def ends(self) -> NDArray[np.int64]:
        """The last step of each text."""
        starts = np.flatnonzero(self.places == 0)
        return np.append(starts[1:], len(self.places)) - 1


def sample_steps(loaded: Loaded, sample: Sample) -> Steps:
    """Record the texts of a sample in random order, until there are `MAX_STEPS` steps."""
    order = np.random.default_rng(sample.seed).permutation(len(sample.texts))
    chosen, steps = [], 0
    for index in order:
        chosen.append(sample.texts[index])
        steps += len(loaded.vocabulary.spans(sample.texts[index]))
        if steps >= MAX_STEPS:
            break
    return record(loaded, chosen)


@torch.no_grad()
def record(loaded: Loaded, texts: Sequence[str]) -> Steps:
    """Read each text from the zero state; each has at least one token."""
    sequences = [read_ids(loaded, text) for text in texts]
    unread = 1 if loaded.kind == "language" else 0  # <bos>
    parts = [
        part
        for start in range(0, len(sequences), BATCH_SIZE)
        for part in _read_batch(loaded, sequences[start : start + BATCH_SIZE])
    ]  # for each text its layers and the state, (T, H) each
    *layers, hidden = (
        np.concatenate([array[unread:] for array in arrays]) for arrays in zip(*parts, strict=True)
    )
    return Steps(
        tuple(loaded.vocabulary.tokens(i for ids in sequences for i in ids[unread:])),
        np.concatenate([np.arange(len(ids) - unread) for ids in sequences]),
        tuple(layers),
        hidden,
    )


def _read_batch(loaded: Loaded, sequences: Sequence[Sequence[int]]) -> list[list[Array]]:
    """Return what each layer holds and then the state of the last, [T, H] each, for each text."""
    tokens, lengths = pad_ids(sequences)
    embedded = loaded.model.embedding(tokens)  # (T, B, I)
    network: Any = loaded.model.network
    if isinstance(network, Feedforward):
        hidden = network(embedded)[0].numpy()
        padded = [hidden, hidden]
    else:
        traced = list(trace(network, embedded, None, lengths))
        padded = [
            np.tanh(layer.cell) if isinstance(layer, LSTMGates) else layer.hidden
            for layer in traced
        ]
        padded.append(traced[-1].hidden)
    return [
        [array[:length, column] for array in padded]
        for column, length in enumerate(lengths.tolist())
    ]
