"""The gates, or the states, of a trained network over a text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from glassgate.analysis.prediction import read_ids
from glassgate.errors import BadInput
from glassgate.formulation import Array, Formulation
from glassgate.gates import kept_share, memory_span
from glassgate.inside.trace import trace
from glassgate.inside.trace.states import LayerTrace, SRNStates, arrays
from glassgate.nn import GRU, Feedforward
from glassgate.train import Loaded


@dataclass(frozen=True, eq=False)
class TextGates:
    """What every layer of a network does over a text of T words, `<bos>` included.

    `words` are spelled as in the text; `unknown` are the ones that the model reads as `<unk>`. The
    layers hold the gates of a GRU or LSTM, or the states of an SRN; `network` says which.
    """

    words: tuple[str, ...]
    unknown: tuple[str, ...]
    layers: Sequence[LayerTrace]  # arrays [T, 1, H]
    network: str
    formulation: Formulation | None  # of a GRU

    def to_arrays(self) -> dict[str, Array]:
        """Return every array by its name: `layer0_reset` [T, H], ..., `layer0_memory_span` [H]."""
        return {
            f"layer{index}_{name}": array
            for index, layer in enumerate(self.layers)
            for name, array in _arrays(layer).items()
        }

    def to_json(self) -> dict[str, Any]:
        """Return words, network and arrays; None stands for an infinite memory span."""
        return {
            "words": list(self.words),
            **self.form(),
            "layers": [
                {name: _finite(array.tolist()) for name, array in _arrays(layer).items()}
                for layer in self.layers
            ],
        }

    def form(self) -> dict[str, Any]:
        """Return the network's name and, of a GRU, its formulation."""
        form = {} if self.formulation is None else {"formulation": vars(self.formulation)}
        return {"network": self.network, **form}


def trace_text(loaded: Loaded, text: str) -> TextGates:
    """Trace every layer over `text`; a language model reads `<bos>` first.

    Raises `BadInput` for a feedforward network, and for a text without a word.
    """
    network: Any = loaded.model.network
    if isinstance(network, Feedforward):
        raise BadInput(
            "the model is of network feedforward, which has no state to trace: trace needs a gru, "
            "lstm or srn"
        )
    spelled = loaded.vocabulary.words(text)
    if not spelled:
        raise BadInput("the text is empty: trace needs one word or more")
    ids = read_ids(loaded, text)
    marks = loaded.vocabulary.tokens(ids[: len(ids) - len(spelled)])  # `<bos>`, or nothing
    with torch.no_grad():
        embedded = loaded.model.embedding(torch.tensor(ids)[:, None])  # (T, 1, I)
    return TextGates(
        (*marks, *spelled),
        tuple(loaded.vocabulary.unknown(text)),
        tuple(trace(network, embedded)),
        loaded.settings.network,
        network.formulation if isinstance(network, GRU) else None,
    )


def _arrays(layer: LayerTrace) -> dict[str, Array]:
    """Return the arrays [T, H] of a layer; with gates, also kept share and memory span, [H]."""
    named = {name: array[:, 0] for name, array in arrays(layer).items()}
    if isinstance(layer, SRNStates):
        return named
    share = kept_share(layer.kept)
    return {**named, "mean_kept_share": share, "memory_span": memory_span(np.clip(share, 0, 1))}


def _finite(values: list[Any]) -> list[Any]:
    """Replace infinity, which JSON has no number for, by None in nested lists."""
    return [
        _finite(value) if isinstance(value, list) else value if math.isfinite(value) else None
        for value in values
    ]
