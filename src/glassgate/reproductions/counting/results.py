"""The contents of results.json, without its `glassgate.experiments.common.Provenance`."""

from __future__ import annotations

from typing import Any, TypedDict

from glassgate.analysis.intervals import Estimate
from glassgate.reproductions.comparison import Comparison


class Run(TypedDict):
    """One training of one network on one language, and what it does with words.

    `miscounted`, `rejected`, `longer` and `shorter` are those of
    `glassgate.reproductions.counting.words.Limits`.
    """

    language: str
    network: str
    seed: int
    parameters: int
    train_seconds: float
    loss: float  # of the training words, nats a symbol; `floor` is the least possible
    miscounted: int | None
    rejected: int | None
    longer: int | None
    shorter: int | None
    units: list[int]  # those that count
    correlation: float  # of a unit's state with the number of a, 0..1, the largest
    intact: float  # share of the training words that are counted exactly
    held: float  # share that is, while those units are held
    moved: float  # by how much the expected b move with those units, of 1
    moved_best: float  # ... with the one of them that moves them most by itself
    moved_others: float  # ... with all units but those
    trace: list[float]  # the state of that one after each letter of the longest training word


class Network(TypedDict):
    """One network on one language, over all seeds."""

    language: str
    network: str
    parameters: int
    first: Estimate  # the first n that is miscounted
    firsts: list[int]  # of each seed; the largest n tested + 1 where there is none
    miscounted: list[int | None]
    rejected: list[int | None]
    longer: list[int | None]
    shorter: list[int | None]
    units: Estimate  # how many count
    correlation: Estimate
    intact: Estimate
    held: Estimate
    moved: Estimate
    moved_best: Estimate
    moved_others: Estimate
    train_seconds: float  # mean


class Results(TypedDict):
    """All measurements, and what follows from them."""

    seeds: list[int]
    plan: dict[str, Any]
    floors: dict[str, float]  # by language: the least possible loss, nats a symbol
    runs: list[Run]
    networks: list[Network]
    comparisons: list[Comparison]
