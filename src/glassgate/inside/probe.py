"""Which units carry a feature, such as number, gender or a verdict: linear probes of states."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler

from glassgate.errors import BadInput
from glassgate.formulation import Array
from glassgate.weights import require_shape

FOLDS = 5  # of the cross-validation
SHUFFLES = 5  # of the labels, for control probes


class Selectivity(NamedTuple):
    """How well linear probes decode a label from states: accuracies, 0..1, on held-out states.

    Attributes
    ----------
    unit
        For a probe of each single unit, [H].
    layer
        For a probe of all units together.
    unit_control, layer_control
        The same with the labels shuffled, five times: the accuracy by chance, [5, H] and [5].
    majority
        The share of the most frequent label, the accuracy without a probe.
    """

    unit: Array
    layer: float
    unit_control: Array
    layer_control: Array
    majority: float

    @property
    def carrying(self) -> list[int]:
        """The units that beat every unit with any shuffled labels, best first.

        In a layer that carries nothing, 0.2 units do so by chance: one unit in five such layers.
        """
        best = np.max(self.unit_control)
        order = np.argsort(-self.unit, kind="stable")
        return [int(unit) for unit in order if self.unit[unit] > best]


def selectivity(states: ArrayLike, labels: ArrayLike, seed: int = 0) -> Selectivity:
    """Measure which units of a layer carry a label, and whether the layer does.

    A probe is scikit-learn's logistic regression over standardised states, with its default L2
    penalty, C = 1. It is fitted and tested by stratified cross-validation in five folds, drawn by
    the seed; accuracies are means over the folds. That a probe finds a
    label shows that the state encodes it, not that the network uses it: hold the units
    (`glassgate.clamp`), and see what breaks.

    Parameters
    ----------
    states
        N states, [N, H].
    labels
        Their labels, [N] numbers or strings: at least two kinds, each at least five times.
    seed
        The seed of folds and shuffling, at least 0.

    Raises
    ------
    BadInput
        When a shape does not fit, a state is not finite, there are too few of a label, or the seed
        is negative.
    TypeError
        When the states are not numbers, or the labels are not all numbers or all strings.

    Notes
    -----
    Probes are those of Alain & Bengio 2016 (arXiv:1610.01644), of single units those of Lakretz et
    al. 2019 (arXiv:1903.07435), who found number units; Hewitt & Liang 2019 (arXiv:1909.03368)
    introduced controls, and call a probe's gain over its control selectivity.

    Examples
    --------
    >>> label = np.arange(40) % 2
    >>> states = np.random.default_rng(0).normal(size=(40, 3))
    >>> states[:, 1] += 9 * label
    >>> found = selectivity(states, label)
    >>> found.layer, found.carrying, found.majority
    (1.0, [1], 0.5)
    """
    values, named = np.asarray(states), np.asarray(labels)
    require_shape("states", values.shape, ("N", "H"))
    require_shape("labels", named.shape, values.shape[:1])
    if values.dtype.kind not in "biuf":
        raise TypeError(f"states must be numbers, got {values.dtype}")
    if not values.shape[1]:
        raise BadInput(f"states must be of one unit or more, got shape {values.shape}")
    if not np.isfinite(values).all():
        raise BadInput("states must be finite, got one that is not")
    if seed < 0:
        raise BadInput(f"seed must be at least 0, got {seed}")
    classes = _class_numbers(named)
    chance = np.random.default_rng(seed)
    accuracy = _accuracies(values, classes, seed)
    control = np.array(
        [_accuracies(values, chance.permutation(classes), seed) for _ in range(SHUFFLES)]
    )
    majority = float(np.bincount(classes).max() / len(classes))
    return Selectivity(
        accuracy[:-1], float(accuracy[-1]), control[:, :-1], control[:, -1], majority
    )


def _class_numbers(labels: NDArray[Any]) -> NDArray[np.intp]:
    """Number the kinds of labels, [N]; refuse kinds with too few labels."""
    try:
        different, classes, times = np.unique(labels, return_inverse=True, return_counts=True)
    except TypeError:
        raise TypeError("labels must be all numbers or all strings, got others") from None
    if len(different) < 2 or times.min() < FOLDS:
        counts = dict(zip(different.tolist(), times.tolist(), strict=True))
        raise BadInput(f"labels must be of two kinds or more, {FOLDS} times each, got {counts}")
    return classes


def _accuracies(states: Array, labels: NDArray[np.intp], seed: int) -> Array:
    """Return the accuracies of each unit's probe and, last, of the layer's, [H + 1]."""
    H = states.shape[1]
    probes: list[list[int]] = [*([unit] for unit in range(H)), list(range(H))]
    accuracy = np.zeros(len(probes))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    for fit, held_out in folds.split(states, labels):
        scaler = StandardScaler().fit(states[fit])
        train, test = scaler.transform(states[fit]), scaler.transform(states[held_out])
        for i, units in enumerate(probes):
            probe = LogisticRegression(max_iter=1000).fit(train[:, units], labels[fit])
            accuracy[i] += probe.score(test[:, units], labels[held_out])
    return accuracy / FOLDS
