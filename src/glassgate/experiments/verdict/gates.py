"""What the gates of a GRU do over the verdict of a review, and over the plot around it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from glassgate.experiments.verdict.results import (
    CountedWordMeans,
    DocumentGates,
    Part,
    PartMeans,
    SeedGates,
    UnitMeans,
)
from glassgate.experiments.verdict.reviews import PLACES, VERDICTS, Place, Review
from glassgate.formulation import Array
from glassgate.gates import Gates, kept_share, memory_span
from glassgate.inside.saturation import HIGH, LOW

PARTS: tuple[Part, ...] = get_args(Part)
OFFSETS = range(-20, 36)  # words from the first of the verdict
CARRYING_SHARE = 0.25  # of the units: those whose last state says most about the class


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


def split_batch(gates: Gates, reviews: Sequence[Review]) -> list[Reading]:
    """Split a batch of B reviews into its reviews, without the padding."""
    return [
        Reading(
            review,
            gates.kept[: len(review.words), b].copy(),
            gates.reset[: len(review.words), b].copy(),
            gates.hidden[len(review.words) - 1, b].copy(),
        )
        for b, review in enumerate(reviews)
    ]


def measure_gates(
    readings: Sequence[Reading], documents: Sequence[Reading]
) -> tuple[SeedGates, list[DocumentGates]]:
    """Return what the gates do over test reviews, and word by word over `documents`.

    Means, correlations and orders are those of the test reviews, `readings`; `n` counts words, or
    reviews.
    """
    correlation = class_correlation(readings)
    carrying = np.argsort(-np.abs(correlation))[: math.ceil(CARRYING_SHARE * len(correlation))]
    gates: SeedGates = {
        "carrying_units": sorted(carrying.tolist()),
        "by_place": [
            row
            for place in PLACES
            for part in PARTS
            for row in _by_place(readings, place, part, carrying)
        ],
        "around": [row for place in PLACES for row in _around(readings, place)],
        "units": _units(readings, correlation),
    }
    return gates, [_document(reading, correlation, carrying) for reading in documents]


def class_correlation(readings: Sequence[Reading]) -> Array:
    """Return Pearson's correlation of each unit's last state with the class, [H], -1..1.

    A unit whose state never changes has no correlation; it counts as 0.
    """
    states = np.stack([reading.last for reading in readings]).astype(np.float64)  # (N, H)
    classes = np.array(
        [VERDICTS.index(reading.review.verdict) for reading in readings], np.float64
    )  # (N,)
    states, classes = states - states.mean(0), classes - classes.mean()
    scale = np.linalg.norm(states, axis=0) * np.linalg.norm(classes)
    r: Array = np.divide(classes @ states, scale, out=np.zeros_like(scale), where=scale > 0)
    return r


def unit_means(
    readings: Sequence[Reading], parts: Sequence[Part]
) -> tuple[Array, Array, int] | None:
    """Return each unit's mean kept share and reset gate [H] over all words of the parts, and n.

    None where no review has such a word.
    """
    cuts = [(reading, reading.part(part)) for reading in readings for part in parts]
    kept = np.concatenate([reading.kept[cut] for reading, cut in cuts])  # (n, H)
    reset = np.concatenate([reading.reset[cut] for reading, cut in cuts])
    if not len(kept):
        return None
    return kept_share(kept[:, None]), reset.mean(0, dtype=np.float64), len(kept)


def _by_place(
    readings: Sequence[Reading], place: Place, part: Part, carrying: NDArray[np.intp]
) -> list[PartMeans]:
    """Return one row, the means over a part of the reviews of one place, or none."""
    own = [reading for reading in readings if reading.review.place == place]
    means = unit_means(own, [part])
    if means is None:
        return []
    kept, reset, n = means
    every_kept = np.concatenate([reading.kept[reading.part(part)] for reading in own])  # (n, H)
    every_reset = np.concatenate([reading.reset[reading.part(part)] for reading in own])
    return [
        {
            "place": place,
            "part": part,
            "n": n,
            "kept": float(kept.mean()),
            "reset": float(reset.mean()),
            "kept_carrying": float(kept[carrying].mean()),
            "reset_carrying": float(reset[carrying].mean()),
            "kept_high": float(np.mean(every_kept > HIGH)),
            "reset_low": float(np.mean(every_reset < LOW)),
        }
    ]


def _around(readings: Sequence[Reading], place: Place) -> list[CountedWordMeans]:
    """Return the mean gates by words from the verdict's first, where most reviews have a word."""
    chosen = [reading for reading in readings if reading.review.place == place]
    rows: list[CountedWordMeans] = []
    for offset in OFFSETS:
        steps = [(reading, reading.review.begin + offset) for reading in chosen]
        steps = [(reading, t) for reading, t in steps if 0 <= t < len(reading.kept)]
        if steps and 2 * len(steps) >= len(chosen):
            kept = float(np.mean([reading.kept[t].mean() for reading, t in steps]))
            reset = float(np.mean([reading.reset[t].mean() for reading, t in steps]))
            n = len(steps)
            rows.append({"place": place, "offset": offset, "n": n, "kept": kept, "reset": reset})
    return rows


def _document(reading: Reading, correlation: Array, carrying: NDArray[np.intp]) -> DocumentGates:
    """Return the gates at every word of one review, and their means over its parts."""
    place = reading.review.place
    return {
        "place": place,
        "words": list(reading.review.words),
        "begin": reading.review.begin,
        "end": reading.review.end,
        "by_part": [row for part in PARTS for row in _by_place([reading], place, part, carrying)],
        "order": np.argsort(-np.abs(correlation), kind="stable").tolist(),
        "kept": reading.kept.round(4).tolist(),  # (T, H)
        "reset": reading.reset.round(4).tolist(),  # (T, H)
    }


def _units(readings: Sequence[Reading], correlation: Array) -> list[UnitMeans]:
    """Return each unit's means over the verdicts and over the plots of all reviews.

    The memory span is that of the mean kept share over the plots, in words; None if endless.
    """
    verdict, plot = (
        unit_means(readings, ["verdict"]),
        unit_means(readings, ["plot before", "plot after"]),
    )
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
