"""The contents of results.json, without its `glassgate.experiments.common.Provenance`."""

from __future__ import annotations

from typing import Any, TypedDict

from glassgate.analysis.agreement import Accuracy, Agreement, Score
from glassgate.analysis.intervals import Difference, Estimate
from glassgate.experiments.claims import Claim


class Run(Score):
    """One training of one form. `held` are the values of gates that are fixed, by name, [H]."""

    seed: int
    train_seconds: float
    epochs: int
    best_epoch: int
    agreement: list[Agreement]
    held: dict[str, list[float]] | None


class Form(TypedDict):
    """A form of the unit, over all seeds."""

    name: str
    what: str  # it is, in words
    hidden_size: int
    learned_numbers: int
    kl_bits: Estimate
    train_seconds: float  # mean
    by_distance: list[Accuracy]
    runs: list[Run]


class Statement(TypedDict):
    """How a form differs from the full GRU: in divergence, and in accuracy at the farthest."""

    form: str
    kl_bits: Difference
    far: Difference


class Results(TypedDict):
    """All measurements, and the statements and claims that follow from them."""

    seeds: list[int]
    grammar: str  # name of its file
    vocabulary_size: int
    plan: dict[str, Any]
    forms: list[Form]
    statements: list[Statement]
    claims: list[Claim]
