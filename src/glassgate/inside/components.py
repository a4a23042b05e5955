"""The directions in which states differ most: principal components."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn.decomposition import PCA

from glassgate.errors import BadInput
from glassgate.formulation import Array
from glassgate.weights import require_shape


class Components(NamedTuple):
    """States in the K directions in which they differ most.

    Attributes
    ----------
    scores
        Where each state lies along each direction, from the mean of all, [N, K].
    shares
        The share of the variance of the states along each direction, 0..1, largest first, [K].
    directions
        Each a vector of length 1 over units, [K, H].
    """

    scores: Array
    shares: Array
    directions: Array


def principal_components(states: ArrayLike, count: int = 2) -> Components:
    """Find the directions in which states differ most (principal component analysis).

    Elman 1991, Distributed representations, simple recurrent networks, and grammatical structure,
    looked at the states of an SRN in this way.

    Parameters
    ----------
    states
        N states that are not all the same, [N, H].
    count
        The number of directions, K: 1 to the smaller of N and H.

    Raises
    ------
    BadInput
        When the shape does not fit, a state is not finite, all are the same, or there are too few
        for the count.

    Examples
    --------
    >>> found = principal_components([[0.0, 1.0], [2.0, 1.0], [4.0, 1.0]], count=1)
    >>> found.scores.round(3).tolist(), found.shares.tolist()
    ([[-2.0], [0.0], [2.0]], [1.0])
    """
    values = np.asarray(states, np.float64)
    require_shape("states", values.shape, ("N", "H"))
    if not 1 <= count <= min(values.shape):
        raise BadInput(f"count must be 1 to {min(values.shape)}, got {count}")
    if not np.isfinite(values).all():
        raise BadInput("states must be finite, got one that is not")
    if not np.ptp(values, axis=0).any():
        raise BadInput("states must differ, got the same one everywhere")
    fitted = PCA(count, svd_solver="full").fit(values)
    return Components(
        fitted.transform(values), fitted.explained_variance_ratio_, fitted.components_
    )
