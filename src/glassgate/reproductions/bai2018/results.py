"""The contents of results.json, without its `glassgate.experiments.common.Provenance`."""

from __future__ import annotations

from typing import Any, TypedDict

from glassgate.analysis.intervals import Estimate
from glassgate.reproductions.comparison import Comparison


class Run(TypedDict):
    """One training of one network."""

    network: str
    seed: int
    parameters: int
    train_seconds: float
    valid_loss: list[float]  # after each stretch of training
    loss: float  # on the test, of the weights with the lowest held-out loss
    right: float  # share of the test, 0..1


class Network(TypedDict):
    """A network over seeds."""

    network: str
    units: int
    parameters: int
    train_seconds: float  # mean
    valid_loss: list[Estimate]  # geometric means
    loss: Estimate  # geometric mean
    right: Estimate


class Baseline(TypedDict):
    """What the best network reaches that ignores the input."""

    loss: float
    right: float


class Measured(TypedDict):
    """All measurements."""

    seeds: list[int]
    plan: dict[str, Any]
    baseline: Baseline
    steps: list[int]  # before each evaluation
    runs: list[Run]
    networks: list[Network]


class Results(Measured):
    """All measurements, and how they compare with what was published."""

    comparisons: list[Comparison]
