"""The contents of results.json, without its `glassgate.experiments.common.Provenance`."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from glassgate.analysis.intervals import Difference, Estimate
from glassgate.experiments.verdict.reviews import Place

Part = Literal["plot before", "verdict", "plot after"]  # of a review


# Accuracy -----------------------------------------------------------------------------------------


class Share(TypedDict):
    """The share of n reviews that are classified correctly, with Wilson's 95% interval."""

    n: int
    accuracy: float
    low: float
    high: float


class PlaceShare(Share):
    """Of reviews whose verdict stands at one place."""

    place: Place


class DistanceShare(Share):
    """Of reviews whose verdict stands so many words before the end."""

    distance_min: int
    distance_max: int


class NegationShare(Share):
    """Of reviews whose verdict is negated, or plain."""

    negated: bool


class Accuracies(TypedDict):
    """A network's accuracy over all test reviews, and over groups of them."""

    accuracy: Share
    by_place: list[PlaceShare]
    by_distance: list[DistanceShare]
    by_negation: list[NegationShare]


class NamedAccuracies(Accuracies):
    """The accuracy of the network of this name, all seeds together."""

    name: str


class Training(TypedDict):
    """One training of one network."""

    name: str
    parameters: int
    train_seconds: float
    tokens_per_second: float
    epochs: int
    best_epoch: int
    valid_accuracy: float


class TrainedNetwork(Training, Accuracies):
    """One training of one network, and its accuracy on the test."""


# Gates --------------------------------------------------------------------------------------------


class GateMeans(TypedDict):
    """Means over words and units of kept share and reset gate; the carrying units' own.

    `kept_high` and `reset_low` are shares of time: kept all but 1, and reset all but 0.
    """

    kept: float
    reset: float
    kept_carrying: float
    reset_carrying: float
    kept_high: float
    reset_low: float


class PartMeans(GateMeans):
    """Over the n words of a part of the reviews whose verdict stands at a place."""

    place: Place
    part: Part
    n: int


class WordMeans(TypedDict):
    """Over all units, at a number of words from the first of the verdict."""

    place: Place
    offset: int
    kept: float
    reset: float


class CountedWordMeans(WordMeans):
    """Over the n reviews of a seed that have such a word."""

    n: int


class UnitMeans(TypedDict):
    """One unit: its means over verdicts and plots, and how its last state goes with the class."""

    unit: int
    class_correlation: float  # Pearson's r
    kept_verdict: float
    kept_plot: float
    kept_difference: float
    reset_verdict: float
    reset_plot: float
    reset_difference: float
    memory_span_plot: float | None  # words; None if endless


class DocumentGates(TypedDict):
    """The gates at every word of the document's review, [T][H], and their means by part.

    `order` has the units, those whose last state says most about the class first.
    """

    place: Place
    words: list[str]
    begin: int  # of the verdict
    end: int
    by_part: list[PartMeans]
    order: list[int]
    kept: list[list[float]]
    reset: list[list[float]]


class DocumentReview(DocumentGates):
    """What the GRU makes of it: the probability of its own class, and words it does not know."""

    probability: float
    unknown: list[str]


class SeedGates(TypedDict):
    """What the gates of one GRU do over its test reviews."""

    carrying_units: list[int]
    by_place: list[PartMeans]
    around: list[CountedWordMeans]
    units: list[UnitMeans]


class PartEstimates(TypedDict):
    """`GateMeans` over seeds; n counts the words of all seeds."""

    place: Place
    part: Part
    n: int
    kept: Estimate
    reset: Estimate
    kept_carrying: Estimate
    reset_carrying: Estimate
    kept_high: Estimate
    reset_low: Estimate


class HeldShare(Share):
    """Accuracy with gates held after a verdict at the start, and what that costs over seeds."""

    held: str
    by_seed: list[float]
    cost: Difference


# All of it ----------------------------------------------------------------------------------------


class Run(TypedDict):
    """Both networks with one seed."""

    seed: int
    different_sentences: dict[
        str, int
    ]  # verdicts and plot sentences, to learn from and in the test
    vocabulary_size: int
    networks: list[TrainedNetwork]
    gates: SeedGates


class Results(TypedDict):
    """All measurements, and the statements that follow from them."""

    seeds: list[int]
    files: dict[str, str]  # that the sentences are from, and their columns
    plan: dict[str, Any]
    words_in_a_review: float  # mean
    words_in_a_verdict: float  # mean
    networks: list[NamedAccuracies]
    gates: list[PartEstimates]
    around: list[WordMeans]
    held: list[HeldShare]
    reviews: list[DocumentReview]  # of the first seed
    runs: list[Run]
    statements: list[dict[str, Any]]
