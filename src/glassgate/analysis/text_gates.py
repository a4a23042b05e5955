"""The gates of a trained network over a text."""

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
from glassgate.gates import Gates, kept_share, memory_span
from glassgate.inside.trace import trace
from glassgate.nn import GRU
from glassgate.train import Loaded

ARRAYS = ("reset", "update", "candidate", "hidden", "kept")


@dataclass(frozen=True, eq=False)
class TextGates:
    """The gates of every layer over a text of T words, `<bos>` included.

    `words` are spelled as in the text; `unknown` are the ones that the model reads as `<unk>`.
    """

    words: tuple[str, ...]
    unknown: tuple[str, ...]
    layers: Sequence[Gates]  # arrays [T, 1, H]
    formulation: Formulation

    def to_arrays(self) -> dict[str, Array]:
        """Return every array by its name: `layer0_reset` [T, H], ..., `layer0_memory_span` [H]."""
        return {
            f"layer{index}_{name}": array
            for index, gates in enumerate(self.layers)
            for name, array in _arrays(gates).items()
        }

    def to_json(self) -> dict[str, Any]:
        """Return words, formulation and arrays; None stands for an infinite memory span."""
        return {
            "words": list(self.words),
            "formulation": vars(self.formulation),
            "layers": [
                {name: _finite(array.tolist()) for name, array in _arrays(gates).items()}
                for gates in self.layers
            ],
        }


def trace_text(loaded: Loaded, text: str) -> TextGates:
    """Trace every gate of every layer over `text`; a language model reads `<bos>` first.

    Raises `BadInput` for a network without gates, and for a text without a word.
    """
    network = loaded.model.network
    if not isinstance(network, GRU):
        raise BadInput(
            f"the model is of network {loaded.settings.network}, which has no reset and update "
            "gates: trace needs a gru"
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
        network.formulation,
    )


def _arrays(gates: Gates) -> dict[str, Array]:
    """Return the arrays [T, H] of a layer, and each unit's kept share and memory span, [H]."""
    share = kept_share(gates.kept)
    arrays = {name: getattr(gates, name)[:, 0] for name in ARRAYS}
    return {**arrays, "mean_kept_share": share, "memory_span": memory_span(np.clip(share, 0, 1))}


def _finite(values: list[Any]) -> list[Any]:
    """Replace infinity, which JSON has no number for, by None in nested lists."""
    return [
        _finite(value) if isinstance(value, list) else value if math.isfinite(value) else None
        for value in values
    ]
