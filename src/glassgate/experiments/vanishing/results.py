"""The contents of results.json, without its `glassgate.experiments.common.Provenance`."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from glassgate.analysis.intervals import Estimate
from glassgate.experiments.claims import Claim

When = Literal["before", "after"]  # training


class Baseline(TypedDict):
    """What the best network reaches that ignores the input."""

    problem: str
    T: int
    loss: float
    right: float


class GradientDecay(TypedDict):
    """How the gradient of one network falls with the lag."""

    half_life: float | None  # steps; None where it does not halve within T - 1 steps
    norms: list[float]  # at each of the lags


class Run(TypedDict):
    """One training of one network on one problem."""

    problem: str
    T: int
    network: str
    seed: int
    parameters: int
    train_seconds: float
    valid_loss: list[float]  # after each stretch of training
    loss: float  # on the test
    right: float  # share of the test, 0..1
    gradient: dict[When, GradientDecay]


class RemainingShare(TypedDict):
    """The share of the gradient that is left at a lag, over seeds.

    It is a geometric mean with its interval, or only a median where a seed has nothing left.
    """

    mean: NotRequired[float]
    low: NotRequired[float]
    high: NotRequired[float]
    median: NotRequired[float]


class DecayOverSeeds(TypedDict):
    """How the gradient falls, over seeds: the median half-life, and what is left at each lag."""

    half_life: float | None  # steps; None where it does not halve within T - 1 steps
    left: list[RemainingShare]


class Network(TypedDict):
    """A network on one problem at one T, over seeds; `solved` counts those that solved it."""

    problem: str
    T: int
    network: str
    parameters: int
    train_seconds: float  # mean
    loss: Estimate  # geometric mean
    right: float  # mean
    solved: int
    valid_loss: list[Estimate]  # geometric means
    gradient: dict[When, DecayOverSeeds]


class Measured(TypedDict):
    """All that was measured. `lags` has, by T, how many steps back the gradient is measured."""

    seeds: list[int]
    plan: dict[str, Any]
    blind: list[Baseline]
    lags: dict[str, list[int]]
    runs: list[Run]
    networks: list[Network]


class Results(Measured):
    """What was measured, the claims, and statements: each a sentence and what it is made of."""

    statements: list[dict[str, Any]]
    claims: list[Claim]
