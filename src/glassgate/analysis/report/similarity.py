"""Which words a model treats alike, and how its states are spread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from glassgate.analysis.report.steps import Steps
from glassgate.inside.clusters import MeanStates, Tree, mean_states, similarity_tree
from glassgate.inside.components import Components, principal_components
from glassgate.nn.models import Classifier
from glassgate.train import Loaded
from glassgate.train.tokens import UNK

MAX_WORDS = 40  # of the tree, the most common ones
MIN_COUNT = 5  # of each word of the tree
MIN_WORDS = 4
MAX_GROUPS = 7  # as many as there are colours
MAX_POINTS = 1000
CONTEXT = 6  # words or characters that name a point


@dataclass(frozen=True, eq=False)
class Similarity:
    """How alike the states of the last layer are.

    Attributes
    ----------
    means
        The mean state after each of the L most common words.
    tree
        Of these means.
    groups
        The number of the group of each word, from 0 at the top of the tree, [L].
    components
        The directions in which the states of N points differ most; None if all are the same.
    contexts
        The last words or characters read before each point, [N]. In a language model the last one
        is a word of the tree; in a classifier it is the end of a text.
    predicted
        The class that a classifier predicts at each point, [N]; empty for a language model.
    """

    means: MeanStates
    tree: Tree
    groups: NDArray[np.int64]
    components: Components | None
    contexts: tuple[tuple[str, ...], ...]
    predicted: tuple[str, ...]

    def members(self, group: int) -> tuple[str, ...]:
        """Return the words of a group, the most common first."""
        found = np.flatnonzero(self.groups == group)
        order = np.argsort(-self.means.counts[found], kind="stable")
        return tuple(self.means.labels[i] for i in found[order])


def measure_similarity(loaded: Loaded, steps: Steps, seed: int) -> Similarity | None:
    """Measure it over steps; None if fewer than four words are common enough."""
    counts = Counter(token for token in steps.tokens if token != UNK)
    words = [word for word, count in counts.most_common(MAX_WORDS) if count >= MIN_COUNT]
    if len(words) < MIN_WORDS:
        return None
    listed = np.flatnonzero(np.isin(steps.tokens, words))
    means = mean_states(steps.hidden[listed], [steps.tokens[i] for i in listed])
    tree = similarity_tree(means.means, means.labels)
    predicted: tuple[str, ...] = ()
    if isinstance(loaded.model, Classifier):
        points, predicted = steps.ends, _predict(loaded, loaded.model, steps)
    else:
        points = np.sort(np.random.default_rng(seed).permutation(listed)[:MAX_POINTS])
    states = steps.hidden[points]
    differ = len(states) > 1 and bool(np.ptp(states, axis=0).any())
    return Similarity(
        means,
        tree,
        tree.groups(min(MAX_GROUPS, len(words) // 2)),
        principal_components(states) if differ and states.shape[1] > 1 else None,
        tuple(_context(steps, int(i)) for i in points),
        predicted,
    )


def _predict(loaded: Loaded, model: Classifier, steps: Steps) -> tuple[str, ...]:
    """Return the class that a classifier predicts at the end of each text."""
    with torch.no_grad():
        best: Sequence[int] = model.readout(torch.tensor(steps.hidden[steps.ends])).argmax(-1)
    return tuple(loaded.classes[int(i)] for i in best)


def _context(steps: Steps, step: int) -> tuple[str, ...]:
    first = step - min(int(steps.places[step]), CONTEXT - 1)
    return steps.tokens[first : step + 1]
