"""The contents of results.json, without its `glassgate.experiments.common.Provenance`."""

from __future__ import annotations

from typing import Any, TypedDict

from glassgate.analysis.intervals import Estimate
from glassgate.reproductions.comparison import Comparison


class PlainRun(TypedDict):
    """One training on the plain grammar, and which strings are accepted."""

    network: str
    seed: int
    train_seconds: float
    parameters: int
    grammatical: float  # share of new grammatical strings that are accepted
    longest: float  # share of the longest tenth of them
    random: float  # share of random ungrammatical strings that are rejected
    random_grammatical: int  # how many random strings happen to be grammatical
    perfect: bool  # all are judged correctly


class EmbeddedRun(TypedDict):
    """One training on an embedded grammar, and the letter that has to be remembered."""

    grammar: str  # embedded or biased
    network: str
    seed: int
    train_seconds: float
    parameters: int
    right: float  # share of strings in which the right one of t and p is preferred
    by_length: list[float | None]  # the same, by bins of letters in between; None without strings


class Plain(TypedDict):
    """One network on the plain grammar, over all seeds."""

    network: str
    parameters: int
    grammatical: Estimate
    longest: Estimate
    random: Estimate
    perfect: int  # seeds


class Embedded(TypedDict):
    """One network on an embedded grammar, over all seeds."""

    grammar: str
    network: str
    parameters: int
    right: Estimate
    by_length: list[Estimate | None]  # None where a seed has no strings


class Results(TypedDict):
    """All measurements, and what follows from them."""

    seeds: list[int]
    plan: dict[str, Any]
    bins: list[str]
    plain: list[Plain]
    embedded: list[Embedded]
    plain_runs: list[PlainRun]
    embedded_runs: list[EmbeddedRun]
    comparisons: list[Comparison]
