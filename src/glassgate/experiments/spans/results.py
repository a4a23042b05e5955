"""The contents of results.json, without its `glassgate.experiments.common.Provenance`."""

from __future__ import annotations

from typing import Any, TypedDict

from glassgate.analysis.agreement import Accuracy
from glassgate.analysis.intervals import Difference
from glassgate.experiments.claims import Claim
from glassgate.experiments.spans.holds import Way


class Divergence(TypedDict):
    """KL divergence from the grammar in bits, over all places and after one word alone."""

    kl_bits: float
    kl_after_word: float


class Whole(Divergence):
    """A network with all its units, or with a group of them held."""

    by_distance: list[Accuracy]


class Held(TypedDict):
    """Which units were held, how and as what."""

    way: Way
    name: str
    units: list[int]


class HeldGroup(Held, Whole):
    """A network with a fifth of its units held."""


class HeldUnits(Held):
    """A network with other units held: its accuracy at the longest distance."""

    far: Accuracy


class Run(TypedDict):
    """One network: each unit's mean kept share and memory span [H], and what holding costs."""

    seed: int
    train_seconds: float
    kept: list[float]
    span: list[float]  # words
    intact: Whole
    groups: list[HeldGroup]
    orders: list[HeldUnits]
    alone: list[HeldUnits]


class Statement(Difference):
    """Two costs compared; `first` and `other` are their means over seeds."""

    way: Way
    compared: str
    first: float
    other: float


class Results(TypedDict):
    """All measurements, and the statements and claims that follow from them."""

    seeds: list[int]
    grammar: str  # name of its file
    plan: dict[str, Any]
    word: str  # after which one word of context is nearly enough
    runs: list[Run]
    statements: list[Statement]
    claims: list[Claim]
