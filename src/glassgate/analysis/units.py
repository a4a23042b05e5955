"""What each unit of a GRU does: mean gates, memory, and what breaks when it is held."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Literal, NamedTuple

import numpy as np
import torch

from glassgate.analysis.agreement import Agreement, agreement
from glassgate.analysis.language import Language
from glassgate.formulation import Array
from glassgate.gates import Gates
from glassgate.inside.clamp import clamp
from glassgate.inside.memory import Memory
from glassgate.inside.trace import trace
from glassgate.nn.checks import valid_steps
from glassgate.nn.gru import GRU
from glassgate.nn.models import LanguageModel
from glassgate.nn.ragged import pad_ids

SENTENCES = 1_000  # held-out sentences that the means are taken over
Held = Literal["state", "kept"]
"""What of a unit is held at 0: its state, so that it says nothing, or the share of the past that
it keeps, so that it says only what the current word makes it say."""


class UnitMeans(NamedTuple):
    """Means over every word of some sentences, `<bos>` included, [H] each."""

    reset: Array
    kept: Array
    hidden: Array


@torch.no_grad()
def unit_means(
    model: LanguageModel, language: Language, sentences: Sequence[Sequence[str]]
) -> UnitMeans:
    """Trace a language model of one GRU layer over sentences of its language."""
    assert isinstance(model.network, GRU)
    tokens, lengths = pad_ids([language.context(words) for words in sentences])  # (T, B), (B,)
    gates = trace(model.network, model.embedding(tokens), lengths=lengths)[0]
    valid = valid_steps(lengths, len(tokens)).numpy()  # (T, B)
    every = (gates.reset, gates.kept, gates.hidden)
    return UnitMeans(*(array[valid].mean(0, dtype=np.float64) for array in every))


def unit_memory(model: LanguageModel, language: Language) -> Memory:
    """Measure mean kept share and memory span of each unit over held-out sentences."""
    sentences = language.held_out[:SENTENCES]
    tokens, lengths = pad_ids([language.context(words) for words in sentences])  # (T, B), (B,)
    return Memory.of(_gates(model, tokens).kept, lengths)


def sentence_gates(model: LanguageModel, language: Language, words: list[str]) -> Gates:
    """Read every gate over one sentence; arrays [n, 1, H], a step for each word.

    The step of `<bos>`, which every sentence shares, is left out.
    """
    gates = _gates(model, torch.tensor(language.context(words))[:, None])
    return Gates(*(getattr(gates, name)[1:] for name in Gates.__dataclass_fields__))


def _gates(model: LanguageModel, tokens: torch.Tensor) -> Gates:
    assert isinstance(model.network, GRU)
    with torch.no_grad():
        return trace(model.network, model.embedding(tokens))[0]


def long_sentence(language: Language, shortest: int = 13, longest: int = 18) -> list[str]:
    """Choose a sentence with a long dependency, short enough for a picture.

    The first forced choice over ten words or more that fits, completed by its right word; in a
    grammar without constructions, the longest held-out sentence that fits, or the
    shortest of all where none does.
    """
    for cell, items in language.items.items():
        if cell.distance_min >= 10:
            for item in items:
                if shortest <= len(item.words) < longest:
                    return [*item.words, item.right]
    fitting = [words for words in language.held_out if len(words) <= longest]
    return max(fitting, key=len) if fitting else min(language.held_out, key=len)


class Ablation(Agreement):
    """Forced-choice accuracy in one cell, with units held, and how much of it that cost."""

    accuracy_held: float
    drop: float


def ablation(
    model: LanguageModel,
    language: Language,
    units: Sequence[int],
    held: Held = "state",
    layer: int = 0,
) -> list[Ablation]:
    """Measure what holding some units of a GRU costs at the dependencies, cell by cell.

    Parameters
    ----------
    model
        With a GRU; it is afterwards as it was.
    language
        In the ids of the model: `glassgate.analysis.language` has them for one trained apart.
    units
        Which units, integers from 0.
    held
        What of them is held at 0, as `Held` says.
    layer
        Of which layer, from 0.

    Raises
    ------
    BadInput
        When the network has no such layer or unit.

    Notes
    -----
    Lakretz et al. 2019 (arXiv:1903.07435) found two units of an LSTM without which long-distance
    agreement of number fell to chance.
    """
    whole = agreement(model, language)
    with _clamped(model, units, held, layer):
        lesioned = agreement(model, language)
    return [
        {
            **one,
            "accuracy_held": other["accuracy"],
            "drop": one["accuracy"] - other["accuracy"],
        }
        for one, other in zip(whole, lesioned, strict=True)
    ]


def drop_by_unit(
    model: LanguageModel, language: Language, held: Held = "state", layer: int = 0
) -> Array:
    """Measure what holding each unit alone costs over all items together, [H], in -1..1.

    Parameters and errors are those of `ablation`; of a language with fewer items, as
    `glassgate.analysis.agreement.unrepeated` gives it, it is over those.
    """
    whole, drops = _overall(agreement(model, language)), []
    for unit in range(model.decoder.in_features):
        with _clamped(model, [unit], held, layer):
            drops.append(whole - _overall(agreement(model, language)))
    return np.array(drops)


def _clamped(
    model: LanguageModel, units: Sequence[int], held: Held, layer: int
) -> AbstractContextManager[None]:
    if held == "state":
        return clamp(model, layer=layer, units=units, state=0)
    return clamp(model, layer=layer, units=units, kept=0)


def _overall(cells: Sequence[Agreement]) -> float:
    return float(
        np.average([cell["accuracy"] for cell in cells], weights=[cell["n"] for cell in cells])
    )
