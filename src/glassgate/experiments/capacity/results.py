"""The contents of results.json, without its `glassgate.experiments.common.Provenance`."""

from __future__ import annotations

from typing import Any, TypedDict

from glassgate.analysis.agreement import Score
from glassgate.analysis.intervals import Estimate
from glassgate.experiments.claims import Claim


class Run(Score):
    """One training of one network of one size."""

    network: str
    hidden_size: int
    seed: int
    parameters: int  # all that is learned
    parameters_of_the_network: int  # without embedding and decoder
    train_seconds: float
    valid_loss: list[float]  # after each epoch, nats a token


class Point(TypedDict):
    """A network of one size, over all seeds."""

    network: str
    hidden_size: int
    parameters: int
    parameters_of_the_network: int
    train_seconds: float  # mean
    kl_bits: Estimate  # geometric mean


class Comparison(Estimate):
    """The ratio of two networks' divergences at one number of parameters: a geometric mean."""

    network: str
    other: str
    parameters: int


class Statement(TypedDict):
    """How two networks compare: at which numbers of parameters the first is nearer, or farther."""

    network: str
    other: str
    nearer: list[int]
    farther: list[int]
    statement: str


class Results(TypedDict):
    """All measurements, and the statements that follow from them."""

    seeds: list[int]
    grammar: str  # name of its file
    grammar_entropy_exact_bits: float  # a word
    vocabulary_size: int
    plan: dict[str, Any]
    runs: list[Run]
    networks: list[Point]
    comparisons: list[Comparison]
    statements: list[Statement]
    claims: list[Claim]
