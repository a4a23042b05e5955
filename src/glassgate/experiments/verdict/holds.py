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
    """What gates of all units are held at, from the first word after the verdict on."""

    kept: float | None = None
    reset: float | None = None


HOLDS: Mapping[str, Hold] = {
    "nothing": Hold(),
    "kept at 1": Hold(kept=1),
    "kept at 0": Hold(kept=0),
    "reset at 0": Hold(reset=0),
}


@torch.no_grad()
def right_if_held(
    model: Classifier, encode: Callable[[Review], list[int]], reviews: Sequence[Review]
) -> dict[str, NDArray[np.bool_]]:
    """Tell for each of `HOLDS` which reviews are classed right, in order of their verdict's end.

    The verdict of each review stands at its start, and something follows it.
    """
    found: dict[str, list[NDArray[np.bool_]]] = {name: [] for name in HOLDS}
    for _, same in groupby(sorted(reviews, key=_end), _end):
        for name, right in _right(model, encode, list(same)).items():
            found[name].append(right)
    return {name: np.concatenate(parts) for name, parts in found.items()}


def _end(review: Review) -> int:
    return review.end


def _right(
    model: Classifier, encode: Callable[[Review], list[int]], reviews: Sequence[Review]
) -> dict[str, NDArray[np.bool_]]:
    """Read reviews whose verdicts are of one length: the verdicts free, what follows held."""
    cut, ids = reviews[0].end, [encode(review) for review in reviews]
    begun, _ = pad_ids([one[:cut] for one in ids])
    rest, lengths = pad_ids([one[cut:] for one in ids])
    classes = torch.tensor([VERDICTS.index(review.verdict) for review in reviews])
    state = model.network(model.embedding(begun))[1]
    found = {}
    for name, hold in HOLDS.items():
        with _held(model, hold):
            output = model.network(model.embedding(rest), state)[0]  # (T, B, H)
        found[name] = (model.readout(last_valid(output, lengths)).argmax(-1) == classes).numpy()
    return found


def _held(model: Classifier, hold: Hold) -> AbstractContextManager[None]:
    if hold == Hold():
        return nullcontext()
    return clamp(model.network, kept=hold.kept, reset=hold.reset)
