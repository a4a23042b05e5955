"""Causal tests: a state before or after the verdict is changed, or gates are held over some words.

A gate that reads high or low proves little. What the answers depend on is found by changing it: a
state that is zeroed, or swapped for that of a review of the other class; a gate held at the mean
that it has over the plot, or at 0 or 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from glassgate.experiments.verdict import results
from glassgate.experiments.verdict.results import PartMeans
from glassgate.experiments.verdict.reviews import PLACES, Place, Review
from glassgate.experiments.verdict.texts import Texts, class_ids
from glassgate.formulation import Array
from glassgate.inside.clamp import clamp
from glassgate.nn.models import Classifier
from glassgate.nn.ragged import pad_ids

Segment = Literal["before", "verdict", "after"]
SEGMENTS: tuple[Segment, ...] = ("before", "verdict", "after")
Held = Literal["plot", 0, 1]  # at each unit's mean over the plot, or at a number


@dataclass(frozen=True)
class Intervention:
    """What is changed while a review is read.

    `change` is made to the state that stands after the segment `at`; `gates` are held over the
    words of the segment `over`.
    """

    name: str
    at: Segment | None = None
    change: Literal["zeroed", "swapped"] = "zeroed"
    over: Segment | None = None
    gates: Mapping[str, Held] = field(default_factory=dict)


NOTHING = Intervention("nothing")
ZEROED_BEFORE = Intervention("state before the verdict zeroed", "before")
SWAPPED_BEFORE = Intervention("state before the verdict swapped", "before", "swapped")
RESET_HELD = Intervention(
    "state before swapped, reset held at its mean over the plot",
    "before",
    "swapped",
    "verdict",
    {"reset": "plot"},
)
KEPT_HELD = Intervention(
    "state before swapped, kept held at its mean over the plot",
    "before",
    "swapped",
    "verdict",
    {"kept": "plot"},
)
NO_RESET = Intervention("reset at 0 over the verdict", over="verdict", gates={"reset": 0})
ZEROED_AFTER = Intervention("state after the verdict zeroed", "verdict")
SWAPPED_AFTER = Intervention("state after the verdict swapped", "verdict", "swapped")
ALL_KEPT = Intervention("kept at 1 after the verdict", over="after", gates={"kept": 1})
NONE_KEPT = Intervention("kept at 0 after the verdict", over="after", gates={"kept": 0})
NO_RESET_AFTER = Intervention("reset at 0 after the verdict", over="after", gates={"reset": 0})

WITH_BEFORE = (ZEROED_BEFORE, SWAPPED_BEFORE, RESET_HELD, KEPT_HELD)
WITH_AFTER = (ZEROED_AFTER, SWAPPED_AFTER, ALL_KEPT, NONE_KEPT, NO_RESET_AFTER)
"""Those of reviews with words before the verdict, and of reviews with words after it."""


def intervene(
    model: Classifier,
    texts: Texts,
    reviews: Sequence[Review],
    parts: Sequence[PartMeans],
    seed: int,
) -> list[results.Intervention]:
    """Make every intervention on the reviews of each place; `parts` have the means over the plot.

    States are swapped within a place, for that of a random review of the other class.
    """
    rows = []
    for place in PLACES:
        own = [review for review in reviews if review.place == place]
        if own:
            rows += _at_place(model, texts, own, _plot_means(parts, place), place, seed)
    return rows


def _at_place(
    model: Classifier,
    texts: Texts,
    reviews: Sequence[Review],
    plot: Mapping[str, Array],
    place: Place,
    seed: int,
) -> list[results.Intervention]:
    before, after = place != "first", place != "last"
    wanted = (*(WITH_BEFORE if before else ()), NO_RESET, *(WITH_AFTER if after else ()))
    donors = find_donors(reviews, seed)
    rows = []
    for intervention in wanted:
        reference = replace(intervention, at=None) if intervention.at else NOTHING
        before_change, changed = (
            margins(model, texts, reviews, which, plot, donors)
            for which in (reference, intervention)
        )
        rows.append(_row(reviews, intervention, before_change, changed))
    return rows


def _row(
    reviews: Sequence[Review], intervention: Intervention, reference: Array, changed: Array
) -> results.Intervention:
    right = (changed > 0) == np.array(class_ids(reviews))
    negated = np.array([review.negated for review in reviews])
    return {
        "place": reviews[0].place,
        "name": intervention.name,
        "n": len(reviews),
        "accuracy": float(right.mean()),
        "accuracy_negated": float(right[negated].mean()) if negated.any() else None,
        "unchanged": float(np.mean((changed > 0) == (reference > 0))),
        "shift": float(np.abs(changed - reference).mean() / np.abs(reference).mean()),
    }


def find_donors(reviews: Sequence[Review], seed: int) -> list[int]:
    """Return for each review the place in the list of a random review of the other class.

    `reviews` has both classes.
    """
    random = np.random.default_rng([seed, 5])
    classes = np.array(class_ids(reviews))
    others = [np.flatnonzero(classes != own) for own in (0, 1)]
    return [int(random.choice(others[own])) for own in classes]


@torch.no_grad()
def margins(
    model: Classifier,
    texts: Texts,
    reviews: Sequence[Review],
    intervention: Intervention,
    plot: Mapping[str, Array],
    donors: Sequence[int],
) -> Array:
    """Return by how much the positive class's logit is larger under an intervention, [N]."""
    H = model.readout.in_features
    state = torch.zeros(1, len(reviews), H)
    for segment in SEGMENTS:
        ids = [texts.ids(_words(review, segment)) for review in reviews]
        with _hold(model, intervention if intervention.over == segment else NOTHING, plot):
            state = _read(model, ids, state)
        if intervention.at == segment:
            swapped = intervention.change == "swapped"
            state = state[:, donors] if swapped else torch.zeros_like(state)
    negative, positive = model.readout(state[0]).numpy().T.astype(np.float64)  # (N,) each
    larger: Array = positive - negative
    return larger


def _words(review: Review, segment: Segment) -> Sequence[str]:
    cuts = (0, review.begin, review.end, len(review.words))
    i = SEGMENTS.index(segment)
    return review.words[cuts[i] : cuts[i + 1]]


def _read(model: Classifier, ids: Sequence[Sequence[int]], state: Tensor) -> Tensor:
    """Return the states [1, N, H] after some words of each review, perhaps none."""
    if not any(ids):
        return state
    tokens, lengths = pad_ids(ids)  # (T, N), (N,)
    after: Tensor = model.network(model.embedding(tokens), state, lengths=lengths)[1]
    return after


def _hold(
    model: Classifier, intervention: Intervention, plot: Mapping[str, Array]
) -> AbstractContextManager[None]:
    if not intervention.gates:
        return nullcontext()
    values = {
        gate: plot[gate] if held == "plot" else held for gate, held in intervention.gates.items()
    }
    return clamp(model.network, reset=values.get("reset"), kept=values.get("kept"))


def _plot_means(parts: Sequence[PartMeans], place: Place) -> dict[str, Array]:
    """Return the mean of each unit's gates over the plot, [H]."""
    rows = [row for row in parts if row["place"] == place and row["part"].startswith("plot")]
    total = sum(row["n"] for row in rows)
    kept = sum(np.array(row["kept_units"]) * row["n"] for row in rows) / total
    reset = sum(np.array(row["reset_units"]) * row["n"] for row in rows) / total
    return {"kept": np.asarray(kept), "reset": np.asarray(reset)}
