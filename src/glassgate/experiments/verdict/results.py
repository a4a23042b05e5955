"""The contents of results.json, without its `glassgate.experiments.common.Provenance`."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from glassgate.analysis.intervals import Estimate
from glassgate.experiments.claims import Claim
from glassgate.experiments.verdict.reviews import Place

Part = Literal["plot before", "verdict", "plot after", "other verdicts"]  # of a review


# One network --------------------------------------------------------------------------------------


class PlaceAccuracy(TypedDict):
    """Accuracy on the n test reviews whose verdict stands at a place; None if there is none."""

    place: Place
    n: int
    accuracy: float
    accuracy_plain: float | None
    accuracy_negated: float | None


class Intervention(TypedDict):
    """What became of the answers when a state was changed, or a gate held.

    The answers are those to the n test reviews whose verdict stands at a place. `unchanged` is the
    share, right or wrong, that is as without the intervention; where a state is changed while gates
    are held, as with the gates held alone. `shift` is the mean size of the change of the margin
    (the positive class's logit less the negative one's), as a share of that of the margin itself.
    """

    place: Place
    name: str
    n: int
    accuracy: float
    accuracy_negated: float | None
    unchanged: float
    shift: float


class Carriers(TypedDict):
    """The units that carry the class to the end, chosen on validation reviews.

    `units` are the quarter whose last state correlates most strongly with the class.
    The accuracies are of test reviews, told from the last state of one unit, or of the carriers
    as a group, weighted as the readout weights them, by a threshold halfway between the classes'
    means on validation reviews. `correlation` and `alone` have a number for each unit.
    """

    units: list[int]
    correlation: list[float]
    alone: list[float]
    best_alone: float
    group: float


class PartMeans(TypedDict):
    """The gates over the n words of a part of the reviews whose verdict stands at a place.

    Means over units, of the carriers, and of each unit, [H].
    """

    place: Place
    part: Part
    n: int
    kept: float
    reset: float
    kept_carriers: float
    reset_carriers: float
    kept_units: list[float]
    reset_units: list[float]


class PositionMeans(TypedDict):
    """The gates at a number of words from the first of the verdict, over n reviews.

    `reset_best` and `kept_best` are those of the carrier that tells the class best alone.
    """

    place: Place
    offset: int
    n: int
    kept: float
    reset: float
    kept_carriers: float
    reset_carriers: float
    kept_best: float
    reset_best: float


class Shown(TypedDict):
    """One review word by word, [T][H], and the probability of its own class.

    `order` has the units, those whose last state says most about the class first.
    """

    place: Place
    words: list[str]
    begin: int  # of the verdict
    end: int
    order: list[int]
    kept: list[list[float]]
    reset: list[list[float]]
    probability: float
    unknown: list[str]


class Gates(TypedDict):
    """What the gates of one GRU do over its test reviews, and what depends on them."""

    carriers: Carriers
    parts: list[PartMeans]
    positions: list[PositionMeans]
    interventions: list[Intervention]


class Run(TypedDict):
    """One network with one seed. Only a GRU has gates, and only that of the first seed a review."""

    seed: int
    parameters: int
    train_seconds: float
    epochs: int
    best_epoch: int
    valid_accuracy: float
    words_in_a_review: float  # mean
    words_in_a_verdict: float
    accuracy: list[PlaceAccuracy]
    gates: Gates | None
    shown: Shown | None


# All of it ----------------------------------------------------------------------------------------


class PlaceEstimate(TypedDict):
    """Accuracy over seeds at a place."""

    place: Place
    accuracy: Estimate


class ConditionResults(TypedDict):
    """One condition over all seeds."""

    id: str
    reviews: str
    unit: str
    layout: str
    kind: str
    distractors: bool
    network: str
    weights: str
    reset: str
    accuracy: list[PlaceEstimate]
    runs: list[Run]


class Results(TypedDict):
    """All measurements, and the claims that they decide."""

    seeds: list[int]
    files: dict[str, str]  # that the sentences are from, and their columns
    plan: dict[str, Any]
    conditions: list[ConditionResults]
    claims: list[Claim]
