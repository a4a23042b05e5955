"""What becomes of the state of a GRU's units over a sample, and at its commonest words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glassgate.gates import Gates
from glassgate.inside.regulation import Amounts, Regulation
from glassgate.train.load import Loaded

LISTED = 12  # words, the commonest
OTHER = -1  # no word's id


@dataclass(frozen=True, eq=False)
class Regulated:
    """Passed, blended and dropped of one layer's units, means over steps.

    Attributes
    ----------
    amounts
        Over every step of the sample; `<bos>` is one of them.
    words
        Over the steps that read a word, by that word, the commonest first; without `<bos>` and
        `<unk>`.
    """

    amounts: Amounts
    words: Mapping[str, Amounts]


def common(loaded: Loaded, texts: Sequence[str]) -> dict[int, str]:
    """Give the commonest words, or characters, of texts by their ids, `LISTED` at most."""
    vocabulary = loaded.vocabulary
    read = Counter(i for text in texts for i in vocabulary.encode(text) if i != vocabulary.unk)
    ids = [i for i, _ in read.most_common(LISTED)]
    return dict(zip(ids, vocabulary.tokens(ids), strict=True))


def by_word(
    gates: Gates, tokens: NDArray[np.int64], lengths: NDArray[np.int64], words: Mapping[int, str]
) -> dict[int, Amounts]:
    """Give the amounts of one batch by the ids of some words, and for all others by `OTHER`.

    `tokens` are the ids that were read, [T, B], `lengths` how many of each sequence, [B].
    """
    ids = np.where(np.isin(tokens, list(words)), tokens, OTHER)
    found = Regulation.of(gates).by_class(ids, lengths)
    return {i: found[i] for i in (OTHER, *words) if i in found}


def regulated(parts: Sequence[Mapping[int, Amounts]], words: Mapping[int, str]) -> Regulated | None:
    """Put batches together, as `by_word` gives them; None if there are none."""
    if not parts:
        return None
    return Regulated(
        _together([amounts for part in parts for amounts in part.values()]),
        {word: _together([part[i] for part in parts if i in part]) for i, word in words.items()},
    )


def _together(parts: Sequence[Amounts]) -> Amounts:
    """Average over all steps of some parts."""
    steps = [part.steps for part in parts]
    passed, blended, dropped = (
        np.average([part[amount] for part in parts], axis=0, weights=steps) for amount in range(3)
    )
    return Amounts(passed, blended, dropped, sum(steps))
