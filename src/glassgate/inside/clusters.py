"""Which words a network treats alike: hierarchical clustering of their mean states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.cluster.hierarchy import dendrogram, fcluster, linkage

from glassgate.errors import BadInput
from glassgate.formulation import Array
from glassgate.weights import require_shape

MAX_LABELS = 500  # of a tree; scipy walks it by recursion, and no page has room for more


class MeanStates(NamedTuple):
    """The mean state of each kind of step.

    Attributes
    ----------
    labels
        The L kinds, in alphabetical order.
    means
        [L, H].
    counts
        How many states each mean is of, [L].
    """

    labels: tuple[str, ...]
    means: Array
    counts: NDArray[np.int64]


class Bracket(NamedTuple):
    """A merge of a tree as it is drawn: from one cluster to the height of the merge and back.

    Attributes
    ----------
    leaves
        The labels below the merge, as indices of `Tree.labels`.
    places
        Four places across the tree, where the leaf i from the top is at i.
    distances
        The four distances that belong to them: cluster, merge, merge, cluster.
    """

    leaves: tuple[int, ...]
    places: tuple[float, float, float, float]
    distances: tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class Tree:
    """Labels joined step by step into clusters, the most similar first.

    Attributes
    ----------
    labels
        The N labels.
    merges
        In scipy's form, [N - 1, 4]: each row joins two clusters, at a distance, into one of so many
        labels. Clusters 0 to N - 1 are the labels; row i makes cluster N + i.

    Raises
    ------
    BadInput
        When there are fewer than 2 or more than 500 labels, or the merges do not fit them.
    """

    labels: tuple[str, ...]
    merges: Array

    def __post_init__(self) -> None:
        if not 2 <= len(self.labels) <= MAX_LABELS:
            raise BadInput(f"a tree must have 2 to {MAX_LABELS} labels, got {len(self.labels)}")
        require_shape("merges", self.merges.shape, (len(self.labels) - 1, 4))

    @property
    def order(self) -> tuple[int, ...]:
        """The leaves from top to bottom, as indices of `labels`; similar ones are neighbours."""
        return self._drawing[0]

    @property
    def brackets(self) -> tuple[Bracket, ...]:
        """Every merge as it is drawn, N - 1 in all."""
        return self._drawing[1]

    def groups(self, count: int) -> NDArray[np.int64]:
        """Cut the tree into at most this many groups and number them from 0, top to bottom, [N].

        There are fewer if merges at the same distance cannot be told apart.
        """
        if not 1 <= count <= len(self.labels):
            raise BadInput(f"count must be 1 to {len(self.labels)}, got {count}")
        cut = fcluster(self.merges, count, criterion="maxclust")
        numbers = {group: i for i, group in enumerate(dict.fromkeys(cut[list(self.order)]))}
        return np.array([numbers[group] for group in cut])

    @cached_property
    def _drawing(self) -> tuple[tuple[int, ...], tuple[Bracket, ...]]:
        N = len(self.labels)
        leaves: list[tuple[int, ...]] = [(i,) for i in range(N)]  # of each cluster
        for first, second, *_ in self.merges:
            leaves.append(leaves[int(first)] + leaves[int(second)])
        drawn = dendrogram(
            self.merges, no_plot=True, distance_sort="ascending", link_color_func=str
        )
        brackets = tuple(
            Bracket(
                leaves[int(cluster)],
                tuple((place - 5) / 10 for place in places),  # scipy's leaves are at 5, 15, ...
                tuple(distances),
            )
            for cluster, places, distances in zip(
                drawn["color_list"], drawn["icoord"], drawn["dcoord"], strict=True
            )
        )
        return tuple(drawn["leaves"]), brackets


def mean_states(states: ArrayLike, labels: Sequence[str]) -> MeanStates:
    """Average states by their label, such as the word just read.

    Parameters
    ----------
    states
        N states, [N, H].
    labels
        The label of each, [N].

    Raises
    ------
    BadInput
        When a shape does not fit, or there is no state.

    Examples
    --------
    >>> means = mean_states([[0.0, 1.0], [1.0, 0.0], [0.0, 0.5]], ["boy", "ran", "boy"])
    >>> means.labels, means.means.tolist(), means.counts.tolist()
    (('boy', 'ran'), [[0.0, 0.75], [1.0, 0.0]], [2, 1])
    """
    values, named = np.asarray(states, np.float64), np.asarray(labels, np.str_)
    require_shape("states", values.shape, ("N", "H"))
    require_shape("labels", named.shape, values.shape[:1])
    if not len(named):
        raise BadInput("states must be at least one, got none")
    kinds, of, counts = np.unique(named, return_inverse=True, return_counts=True)
    sums = np.zeros((len(kinds), values.shape[1]))
    np.add.at(sums, of, values)
    return MeanStates(tuple(kinds.tolist()), sums / counts[:, None], counts)


def similarity_tree(vectors: ArrayLike, labels: Sequence[str]) -> Tree:
    """Join vectors into a tree, the closest first.

    Those clusters are joined whose union adds least to the variance within clusters (Ward 1963,
    doi:10.1080/01621459.1963.10500845). The distance of two vectors is Euclid's; that of clusters
    of m and n vectors is sqrt(2 m n / (m + n)) times the distance of their means. Elman 1990,
    Finding structure in time, figures 7 and 8, drew such trees of the mean states of an SRN by
    word, whose branches are nouns and verbs, animates and inanimates. He names no linkage; others
    than Ward's tend to set single words apart.

    Parameters
    ----------
    vectors
        One per label, such as the means of `mean_states`, [N, H].
    labels
        What each stands for, 2 to 500.

    Raises
    ------
    BadInput
        When a shape does not fit, a number is not finite, or there are too few or too many labels.

    Examples
    --------
    >>> tree = similarity_tree([[0.0], [5.0], [1.0], [5.5]], ["boy", "ran", "girl", "fell"])
    >>> [tree.labels[leaf] for leaf in tree.order], tree.groups(2).tolist()
    (['ran', 'fell', 'boy', 'girl'], [1, 0, 1, 0])
    """
    values = np.asarray(vectors, np.float64)
    require_shape("vectors", values.shape, (len(labels), "H"))
    if not np.isfinite(values).all():
        raise BadInput("vectors must be finite, got one that is not")
    if len(labels) < 2:
        raise BadInput(f"a tree must have 2 to {MAX_LABELS} labels, got {len(labels)}")
    return Tree(tuple(labels), linkage(values, "ward"))
