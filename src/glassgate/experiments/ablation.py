"""What breaks when units are held: the drop in accuracy at dependencies."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Literal

import numpy as np

from glassgate.experiments.language import Language
from glassgate.experiments.prediction import Agreement, agreement
from glassgate.formulation import Array
from glassgate.inside.clamp import clamp
from glassgate.nn.models import LanguageModel

Held = Literal["state", "kept"]
"""What of a unit is held at 0: its state, so that it says nothing, or the share of the past that
it keeps, so that it says only what the current word makes it say."""


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
        In the ids of the model: `glassgate.experiments.spoken` has them for one trained apart.
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
    `glassgate.experiments.distances.unrepeated` gives it, it is over those.
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
