"""The contents of results.json, without its `glassgate.experiments.common.Provenance`."""

from __future__ import annotations

from typing import Any, TypedDict

from glassgate.analysis.intervals import Estimate
from glassgate.reproductions.comparison import Comparison


class Run(TypedDict):
    """One training of one network on signals in one order."""

    network: str
    order: str  # of the positions
    seed: int
    parameters: int
    train_seconds: float
    train_loss: list[float]  # mean over the steps since the evaluation before, nats
    accuracy: list[float]  # on test signals at each evaluation, 0..1


class Network(TypedDict):
    """A network on signals in one order, over seeds."""

    network: str
    order: str
    parameters: int
    train_seconds: float  # mean
    accuracy: list[Estimate]  # at each evaluation
    best: Estimate  # of the highest accuracy of each seed
    last: Estimate  # of the accuracy after the last step


class StepTimes(TypedDict):
    """How long a training step takes: one value for each round, in which all take turns."""

    rounds: int
    threads: int
    largest_difference: float  # between the two GRUs' losses and gradients before timing
    seconds: dict[str, list[float]]  # a step, by contender


class Results(TypedDict):
    """All measurements, and how they compare with what was published."""

    seeds: list[int]
    plan: dict[str, Any]
    steps: list[int]  # before each evaluation
    runs: list[Run]
    networks: list[Network]
    times: StepTimes
    comparisons: list[Comparison]
