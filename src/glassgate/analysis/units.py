"""What each unit of a GRU does: its mean gates, its memory, and what holding it costs."""

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

MEMORY_SENTENCES = 1_000  # held-out sentences to measure memory on
Held = Literal["state", "kept"]
"""What is held at 0: a unit's state, which silences it, or its kept share, which leaves it the
candidate alone."""


class UnitMeans(NamedTuple):
    """Means over all words of some sentences, `<bos>` included, [H] each."""

    reset: Array
    kept: Array
    hidden: Array


@torch.no_grad()
def unit_means(
    model: LanguageModel, language: Language, sentences: Sequence[Sequence[str]]
) -> UnitMeans:
    """Average the gates of a language model with one GRU layer over sentences of its language."""
    assert isinstance(model.network, GRU)
    tokens, lengths = pad_ids([language.context(words) for words in sentences])  # (T, B), (B,)
    gates = trace(model.network, model.embedding(tokens), lengths=lengths)[0]
    valid = valid_steps(lengths, len(tokens)).numpy()  # (T, B)
    arrays = (gates.reset, gates.kept, gates.hidden)
    return UnitMeans(*(array[valid].mean(0, dtype=np.float64) for array in arrays))


def unit_memory(model: LanguageModel, language: Language) -> Memory:
    """Measure mean kept share and memory span of each unit over held-out sentences."""
    sentences = language.held_out[:MEMORY_SENTENCES]
    tokens, lengths = pad_ids([language.context(words) for words in sentences])  # (T, B), (B,)
    return Memory.of(_gates(model, tokens).kept, lengths)


def sentence_gates(model: LanguageModel, language: Language, words: list[str]) -> Gates:
    """Trace every gate over one sentence of n words; arrays are [n, 1, H].

    The step of `<bos>`, the same in every sentence, is left out.
    """
    gates = _gates(model, torch.tensor(language.context(words))[:, None])
    return Gates(*(getattr(gates, name)[1:] for name in Gates.__dataclass_fields__))


def _gates(model: LanguageModel, tokens: torch.Tensor) -> Gates:
    assert isinstance(model.network, GRU)
    with torch.no_grad():
        return trace(model.network, model.embedding(tokens))[0]


def long_sentence(language: Language, shortest: int = 13, longest: int = 18) -> list[str]:
    """Choose a sentence with a long dependency, short enough for a picture.

    It is the first forced choice over ten words or more that fits, completed by its right word; in
    a grammar without constructions, the longest held-out sentence that fits, or the shortest one
    where none fits.
    """
    for cell, items in language.items.items():
        if cell.distance_min >= 10:
            for item in items:
                if shortest <= len(item.words) < longest:
                    return [*item.words, item.right]
    fitting = [words for words in language.held_out if len(words) <= longest]
    return max(fitting, key=len) if fitting else min(language.held_out, key=len)


class Ablation(Agreement):
    """Forced-choice accuracy in one cell, intact and with units held, and the drop between them."""

    accuracy_held: float
    drop: float


def ablation(
    model: LanguageModel,
    language: Language,
    units: Sequence[int],
    held: Held = "state",
    layer: int = 0,
) -> list[Ablation]:
    """Measure how much accuracy holding some units of a GRU costs, cell by cell.

    Parameters
    ----------
    model
        With a GRU; it is left unchanged.
    language
        With the ids of the model; `glassgate.analysis.match_vocabulary` converts those of a
        model that `glassgate train` trained.
    units
        The units to hold, from 0.
    held
        What is held at 0: ``"state"`` or ``"kept"``.
    layer
        Their layer, from 0.

    Raises
    ------
    BadInput
        When the network has no such layer or unit.

    Notes
    -----
    Lakretz et al. 2019 (arXiv:1903.07435) found two units of an LSTM without which long-distance
    number agreement fell to chance.
    """
    intact = agreement(model, language)
    with _hold(model, units, held, layer):
        lesioned = agreement(model, language)
    return [
        {
            **before,
            "accuracy_held": after["accuracy"],
            "drop": before["accuracy"] - after["accuracy"],
        }
        for before, after in zip(intact, lesioned, strict=True)
    ]


def drop_by_unit(
    model: LanguageModel, language: Language, held: Held = "state", layer: int = 0
) -> Array:
    """Measure how much accuracy over all items holding each unit alone costs, [H], in -1..1.

    Parameters and errors are those of `ablation`. To measure on some items only, pass a language
    that has no others, such as `glassgate.analysis.agreement.drop_repeated_cues` gives.
    """
    intact, drops = _overall(agreement(model, language)), []
    for unit in range(model.decoder.in_features):
        with _hold(model, [unit], held, layer):
            drops.append(intact - _overall(agreement(model, language)))
    return np.array(drops)


def _hold(
    model: LanguageModel, units: Sequence[int], held: Held, layer: int
) -> AbstractContextManager[None]:
    if held == "state":
        return clamp(model, layer=layer, units=units, state=0)
    return clamp(model, layer=layer, units=units, kept=0)


def _overall(cells: Sequence[Agreement]) -> float:
    """Give the accuracy over all items of all cells."""
    return float(
        np.average([cell["accuracy"] for cell in cells], weights=[cell["n"] for cell in cells])
    )
