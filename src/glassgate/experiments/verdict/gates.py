"""What the gates of a GRU do over the verdict of a review, and over the plot around it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from glassgate.experiments.verdict.reviews import PLACES, VERDICTS, Place, Review
from glassgate.formulation import Array
from glassgate.gates import Gates, kept_share, memory_span
from glassgate.inside.probe import Selectivity, selectivity
from glassgate.inside.saturation import HIGH, LOW

Part = Literal["plot before", "verdict", "plot after"]
PARTS: tuple[Part, ...] = get_args(Part)
AROUND = range(-20, 36)  # words from the first of the verdict
CARRIERS = 0.25  # share of the units, those whose last state says most of the class


@dataclass(frozen=True, eq=False)
class Reading:
    """The gates over one review of T words, each array [T, H], and the last state [H]."""

    review: Review
    kept: Array
    reset: Array
    last: Array

    def part(self, part: Part) -> slice:
        """Return which words belong to a part; perhaps none."""
        begin, end = self.review.begin, self.review.end
        cuts = (0, begin, end, len(self.review.words))
        i = PARTS.index(part)
        return slice(cuts[i], cuts[i + 1])


def readings(gates: Gates, reviews: Sequence[Review]) -> list[Reading]:
    """Take a batch of B reviews apart; what stands after a review's end is left out."""
    return [
        Reading(
            review,
            gates.kept[: len(review.words), b].copy(),
            gates.reset[: len(review.words), b].copy(),
            gates.hidden[len(review.words) - 1, b].copy(),
        )
        for b, review in enumerate(reviews)
    ]


def measure(read: Sequence[Reading], documents: Sequence[Reading]) -> dict[str, Any]:
    """Return what `results.json` says of the gates of one seed; `n` counts words, or reviews.

    Every number is of the test reviews `read`; the `documents` are given word by word.
    """
    correlation = class_correlation(read)
    carriers = np.argsort(-np.abs(correlation))[: math.ceil(CARRIERS * len(correlation))]
    return {
        "carrying_units": sorted(carriers.tolist()),
        "by_place": [
            row
            for place in PLACES
            for part in PARTS
            for row in _by_place(read, place, part, carriers)
        ],
        "around": [row for place in PLACES for row in _around(read, place)],
        "units": _units(read, correlation),
        "reviews": [_whole(one, correlation, carriers) for one in documents],
    }


def class_correlation(read: Sequence[Reading]) -> Array:
    """Return how the last state of each unit goes with the class: Pearson's r, [H], -1..1.

    A unit whose state never changes has no correlation; it counts as 0.
    """
    states = np.stack([one.last for one in read]).astype(np.float64)  # (N, H)
    classes = np.array([VERDICTS.index(one.review.verdict) for one in read], np.float64)  # (N,)
    states, classes = states - states.mean(0), classes - classes.mean()
    scale = np.linalg.norm(states, axis=0) * np.linalg.norm(classes)
    r: Array = np.divide(classes @ states, scale, out=np.zeros_like(scale), where=scale > 0)
    return r


def unit_means(read: Sequence[Reading], parts: Sequence[Part]) -> tuple[Array, Array, int] | None:
    """Return each unit's mean kept share and reset gate [H] over all words of the parts, and n.

    None where no review has such a word.
    """
    cuts = [(one, one.part(part)) for one in read for part in parts]
    kept = np.concatenate([one.kept[cut] for one, cut in cuts])  # (n, H)
    reset = np.concatenate([one.reset[cut] for one, cut in cuts])
    if not len(kept):
        return None
    return kept_share(kept[:, None]), reset.mean(0, dtype=np.float64), len(kept)


def _by_place(
    read: Sequence[Reading], place: Place, part: Part, carriers: NDArray[np.intp]
) -> list[dict[str, Any]]:
    """Return the means over a part of the reviews of a place: one row, or none.

    Beside them stand the shares of time that kept is all but 1, and reset all but 0.
    """
    own = [one for one in read if one.review.place == place]
    means = unit_means(own, [part])
    if means is None:
        return []
    kept, reset, n = means
    row: dict[str, Any] = {"place": place, "part": part, "n": n}
    row |= {"kept": float(kept.mean()), "reset": float(reset.mean())}
    row |= {
        "kept_carrying": float(kept[carriers].mean()),
        "reset_carrying": float(reset[carriers].mean()),
        "kept_high": float(
            np.mean(np.concatenate([one.kept[one.part(part)] for one in own]) > HIGH)
        ),
        "reset_low": float(
            np.mean(np.concatenate([one.reset[one.part(part)] for one in own]) < LOW)
        ),
    }
    return [row]


def _around(read: Sequence[Reading], place: Place) -> list[dict[str, Any]]:
    """Return the mean gates by words from the verdict's first, where most reviews have a word."""
    chosen = [one for one in read if one.review.place == place]
    rows = []
    for offset in AROUND:
        at = [(one, one.review.begin + offset) for one in chosen]
        at = [(one, t) for one, t in at if 0 <= t < len(one.kept)]
        if at and 2 * len(at) >= len(chosen):
            kept = float(np.mean([one.kept[t].mean() for one, t in at]))
            reset = float(np.mean([one.reset[t].mean() for one, t in at]))
            row = {"place": place, "offset": offset, "n": len(at), "kept": kept, "reset": reset}
            rows.append(row)
    return rows


def _whole(one: Reading, correlation: Array, carriers: NDArray[np.intp]) -> dict[str, Any]:
    """Return the gates over every word of one review, and their means over its parts.

    `order` are the units by how well their last state goes with the class, the best first.
    """
    place = one.review.place
    return {
        "place": place,
        "words": list(one.review.words),
        "begin": one.review.begin,
        "end": one.review.end,
        "by_part": [row for part in PARTS for row in _by_place([one], place, part, carriers)],
        "order": np.argsort(-np.abs(correlation), kind="stable").tolist(),
        "kept": one.kept.round(4).tolist(),  # (T, H)
        "reset": one.reset.round(4).tolist(),  # (T, H)
    }


def _units(read: Sequence[Reading], correlation: Array) -> list[dict[str, Any]]:
    """Return for each unit the means over verdict and plot of all reviews, and the difference.

    The memory span is that of the mean kept share over the plot, in words; None if endless.
    """
    verdict, plot = unit_means(read, ["verdict"]), unit_means(read, ["plot before", "plot after"])
    assert verdict is not None
    assert plot is not None
    spans = memory_span(np.clip(plot[0], 0, 1))
    return [
        {
            "unit": unit,
            "class_correlation": float(correlation[unit]),
            "kept_verdict": float(verdict[0][unit]),
            "kept_plot": float(plot[0][unit]),
            "kept_difference": float(verdict[0][unit] - plot[0][unit]),
            "reset_verdict": float(verdict[1][unit]),
            "reset_plot": float(plot[1][unit]),
            "reset_difference": float(verdict[1][unit] - plot[1][unit]),
            "memory_span_plot": float(spans[unit]) if np.isfinite(spans[unit]) else None,
        }
        for unit in range(len(correlation))
    ]


def verdict_selectivity(read: Sequence[Reading], seed: int) -> Selectivity:
    """Measure which units carry the verdict of reviews to their ends: of `read_gates`."""
    states = np.stack([one.last for one in read])
    return selectivity(states, [one.review.verdict for one in read], seed)
