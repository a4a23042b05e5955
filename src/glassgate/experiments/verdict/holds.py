"""What holding the gates of a GRU costs while the plot goes by, once it has read the verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import groupby
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from glassgate.experiments.verdict.reviews import VERDICTS, Review
from glassgate.inside.clamp import clamp
from glassgate.nn.models import Classifier
from glassgate.nn.ragged import last_valid, pad_ids


class Hold(NamedTuple):
    """Values that gates of all units are held at, from the first word after the verdict on."""

    kept: float | None = None
    reset: float | None = None


HOLDS: Mapping[str, Hold] = {
    "nothing": Hold(),
    "kept at 1": Hold(kept=1),
    "kept at 0": Hold(kept=0),
    "reset at 0": Hold(reset=0),
}


@torch.no_grad()
def correct_by_hold(
    model: Classifier, encode: Callable[[Review], list[int]], reviews: Sequence[Review]
) -> dict[str, NDArray[np.bool_]]:
    """Return for each of `HOLDS` which reviews are classified correctly.

    The verdict of each review stands at its start, with something after it. The reviews are
    returned in order of their verdict's length.
    """
    by_hold: dict[str, list[NDArray[np.bool_]]] = {name: [] for name in HOLDS}
    for _, same in groupby(sorted(reviews, key=_end), _end):
        for name, right in _correct_masks(model, encode, list(same)).items():
            by_hold[name].append(right)
    return {name: np.concatenate(parts) for name, parts in by_hold.items()}


def _end(review: Review) -> int:
    return review.end


def _correct_masks(
    model: Classifier, encode: Callable[[Review], list[int]], reviews: Sequence[Review]
) -> dict[str, NDArray[np.bool_]]:
    """Read reviews whose verdicts have one length: verdicts as usual, the rest with gates held."""
    cut, ids = reviews[0].end, [encode(review) for review in reviews]
    verdicts, _ = pad_ids([row[:cut] for row in ids])  # (cut, B)
    rest, lengths = pad_ids([row[cut:] for row in ids])  # (T, B), (B,)
    classes = torch.tensor([VERDICTS.index(review.verdict) for review in reviews])
    state = model.network(model.embedding(verdicts))[1]
    right = {}
    for name, hold in HOLDS.items():
        with _hold_gates(model, hold):
            output = model.network(model.embedding(rest), state)[0]  # (T, B, H)
        right[name] = (model.readout(last_valid(output, lengths)).argmax(-1) == classes).numpy()
    return right


def _hold_gates(model: Classifier, hold: Hold) -> AbstractContextManager[None]:
    if hold == Hold():
        return nullcontext()
    return clamp(model.network, kept=hold.kept, reset=hold.reset)
