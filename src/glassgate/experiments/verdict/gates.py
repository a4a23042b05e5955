"""Which units carry the class, and what the gates do over a verdict and the words around it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import get_args

import numpy as np
import torch
from numpy.typing import NDArray

from glassgate.experiments.verdict.reading import Classes, Reading
from glassgate.experiments.verdict.results import (
    Carriers,
    Part,
    PartMeans,
    PositionMeans,
    Shown,
)
from glassgate.experiments.verdict.reviews import PLACES, Place
from glassgate.experiments.verdict.texts import Texts, class_ids
from glassgate.formulation import Array
from glassgate.nn.models import Classifier

PARTS: tuple[Part, ...] = get_args(Part)
OFFSETS = range(-12, 21)  # words from the first of the verdict
CARRYING_SHARE = 0.25  # of the units: those whose last state says most about the class
DIGITS = 4  # of gates shown word by word


# The units that carry the class -------------------------------------------------------------------


def find_carriers(model: Classifier, valid: Sequence[Reading], test: Sequence[Reading]) -> Carriers:
    """Choose the units that carry the class, and measure how well their last states tell it."""
    states, classes = _last_states(valid)  # (N, H), (N,)
    correlation = class_correlation(states, classes)
    H = len(correlation)
    units = np.sort(
        np.argsort(-np.abs(correlation), kind="stable")[: math.ceil(CARRYING_SHARE * H)]
    )
    weight = (model.readout.weight[1] - model.readout.weight[0]).detach().numpy()  # (H,)

    def accuracy(of: NDArray[np.intp]) -> float:
        return _told_apart(valid, test, of, weight)

    alone = [accuracy(np.array([unit])) for unit in range(H)]
    return {
        "units": units.tolist(),
        "correlation": correlation.tolist(),
        "alone": alone,
        "best_alone": max(alone),
        "group": accuracy(units),
    }


def class_correlation(states: Array, classes: Classes) -> Array:
    """Return Pearson's correlation of each unit's state [N, H] with the class [N], [H], -1..1.

    A unit whose state never changes has no correlation; it counts as 0.
    """
    states = states - states.mean(0)
    centred = classes - classes.mean()
    scale = np.linalg.norm(states, axis=0) * np.linalg.norm(centred)
    r: Array = np.divide(centred @ states, scale, out=np.zeros_like(scale), where=scale > 0)
    return r


def _told_apart(
    valid: Sequence[Reading], test: Sequence[Reading], units: NDArray[np.intp], weight: Array
) -> float:
    """Return the accuracy of a threshold on what these units add to the readout."""
    states, classes = _last_states(valid)
    scores = states[:, units] @ weight[units]  # (N,)
    means = [float(scores[classes == own].mean()) for own in (0, 1)]
    states, classes = _last_states(test)
    positive = (states[:, units] @ weight[units] > sum(means) / 2) == (means[1] > means[0])
    return float(np.mean(positive == (classes == 1)))


def _last_states(readings: Sequence[Reading]) -> tuple[Array, Classes]:
    """Return the last states, float64 [N, H], and the classes, [N]."""
    states = np.stack([reading.last for reading in readings]).astype(np.float64)
    return states, np.array(class_ids([reading.review for reading in readings]))


# Means over parts and positions -------------------------------------------------------------------


def part_means(readings: Sequence[Reading], carriers: Carriers) -> list[PartMeans]:
    """Return the mean gates over each part of the reviews of each place, where there are words."""
    return [
        row
        for place in PLACES
        for part in PARTS
        for row in _part([r for r in readings if r.review.place == place], place, part, carriers)
    ]


def _part(
    readings: Sequence[Reading], place: Place, part: Part, carriers: Carriers
) -> list[PartMeans]:
    words = [(reading, reading.where(part)) for reading in readings]
    if not sum(len(where) for _, where in words):
        return []
    kept = np.concatenate([reading.kept[where] for reading, where in words])  # (n, H)
    reset = np.concatenate([reading.reset[where] for reading, where in words])
    k, r = kept.mean(0, dtype=np.float64), reset.mean(0, dtype=np.float64)  # (H,)
    return [
        {
            "place": place,
            "part": part,
            "n": len(kept),
            "kept": float(k.mean()),
            "reset": float(r.mean()),
            "kept_carriers": float(k[carriers["units"]].mean()),
            "reset_carriers": float(r[carriers["units"]].mean()),
            "kept_units": k.tolist(),
            "reset_units": r.tolist(),
        }
    ]


def position_means(readings: Sequence[Reading], carriers: Carriers) -> list[PositionMeans]:
    """Return the mean gates by words from the verdict's first, where most reviews have a word."""
    rows = []
    for place in PLACES:
        own = [reading for reading in readings if reading.review.place == place]
        for offset in OFFSETS:
            steps = [(reading, reading.review.begin + offset) for reading in own]
            steps = [(reading, t) for reading, t in steps if 0 <= t < len(reading.kept)]
            if steps and 2 * len(steps) >= len(own):
                rows.append(_position(place, offset, steps, carriers))
    return rows


def _position(
    place: Place, offset: int, steps: Sequence[tuple[Reading, int]], carriers: Carriers
) -> PositionMeans:
    kept = np.stack([reading.kept[t] for reading, t in steps]).mean(0, dtype=np.float64)  # (H,)
    reset = np.stack([reading.reset[t] for reading, t in steps]).mean(0, dtype=np.float64)
    units, best = carriers["units"], int(np.argmax(carriers["alone"]))
    return {
        "place": place,
        "offset": offset,
        "n": len(steps),
        "kept": float(kept.mean()),
        "reset": float(reset.mean()),
        "kept_carriers": float(kept[units].mean()),
        "reset_carriers": float(reset[units].mean()),
        "kept_best": float(kept[best]),
        "reset_best": float(reset[best]),
    }


@torch.no_grad()
def show(model: Classifier, texts: Texts, reading: Reading, carriers: Carriers) -> Shown:
    """Return one review word by word, and what the network makes of it."""
    review = reading.review
    tokens, lengths = texts.batch([review])
    (own,) = class_ids([review])
    unknown = (tokens[:, 0] == texts.vocabulary.unk).tolist()
    order = np.argsort(-np.abs(carriers["correlation"]), kind="stable")
    return {
        "place": review.place,
        "words": list(review.words),
        "begin": review.begin,
        "end": review.end,
        "order": order.tolist(),
        "kept": reading.kept.round(DIGITS).tolist(),  # (T, H)
        "reset": reading.reset.round(DIGITS).tolist(),
        "probability": float(model(tokens, lengths).softmax(-1)[0, own]),
        "unknown": [word for word, new in zip(review.words, unknown, strict=True) if new],
    }
