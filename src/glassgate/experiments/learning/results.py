"""The contents of results.json, without its `glassgate.experiments.common.Provenance`."""

from __future__ import annotations

from typing import Any, TypedDict

from glassgate.analysis.agreement import Accuracy
from glassgate.experiments.claims import Claim


class Moment(TypedDict):
    """One network after some steps of training.

    `kept` and `reset` are each unit's means [H], `gradient` the norm at each lag from 0 [lags + 1].
    `expected` has the probabilities of some words after the document's sentence, `kept_by_word` and
    `reset_by_word` the gates while it is read [T][H]; they are empty but for one network.
    """

    step: int
    kl_bits: float
    kept: list[float]
    reset: list[float]
    by_distance: list[Accuracy]
    gradient: list[float]
    expected: dict[str, float]
    kept_by_word: list[list[float]]
    reset_by_word: list[list[float]]


class Run(TypedDict):
    """One network, from before training to its end."""

    seed: int
    train_seconds: float
    moments: list[Moment]


class Results(TypedDict):
    """All measurements, and the claims that follow from them."""

    seeds: list[int]
    grammar: str  # name of its file
    plan: dict[str, Any]
    sentence: list[str]  # that is read word by word
    runs: list[Run]
    claims: list[Claim]
