"""Trees of mean states against distances worked out by hand, and principal components."""

import math

import numpy as np
import pytest

from glassgate import BadInput
from glassgate.inside import mean_states, principal_components, similarity_tree

# On a line: a pair at 0 and 1, a pair at 6 and 8, and one at 20.
POINTS, NAMES = [[8.0], [0.0], [20.0], [6.0], [1.0]], ["c", "a", "e", "d", "b"]


def test_those_are_joined_first_that_add_least_to_the_variance_within():
    tree = similarity_tree(POINTS, NAMES)
    joined = {
        "".join(sorted(tree.labels[leaf] for leaf in bracket.leaves)): bracket.distances[1]
        for bracket in tree.brackets
    }
    assert joined == pytest.approx(
        {
            "ab": 1,
            "cd": 2,
            "abcd": math.sqrt(2 * 2 * 2 / 4) * (7 - 0.5),
            "abcde": math.sqrt(2 * 4 * 1 / 5) * (20 - 3.75),
        }
    )
    points = np.array(POINTS)
    within = [_within(points, tree.groups(count)) for count in range(5, 0, -1)]
    for merge, more in zip(sorted(joined.values()), np.diff(within), strict=True):
        assert merge**2 / 2 == pytest.approx(more)


def _within(points, groups):
    """The squared distances of points to the mean of their group, summed."""
    return sum(((points[groups == g] - points[groups == g].mean()) ** 2).sum() for g in set(groups))


def test_brackets_lead_from_the_clusters_they_join():
    tree = similarity_tree(POINTS, NAMES)
    places = {leaf: place for place, leaf in enumerate(tree.order)}
    for bracket in tree.brackets:
        below, merge, same, other = bracket.distances
        assert max(below, other) <= merge == same
        spots = sorted(places[leaf] for leaf in bracket.leaves)
        assert spots == list(range(spots[0], spots[-1] + 1))  # leaves of a cluster are neighbours
        assert spots[0] <= min(bracket.places) < max(bracket.places) <= spots[-1]
        assert bracket.places[0] == bracket.places[1]
        assert bracket.places[2] == bracket.places[3]
    pair = next(b for b in tree.brackets if b.leaves in ((1, 4), (4, 1)))
    assert {pair.places[0], pair.places[3]} == {places[1], places[4]}
    assert (pair.distances[0], pair.distances[3]) == (0, 0)


def test_groups_are_numbered_from_top_to_bottom():
    tree = similarity_tree(POINTS, NAMES)
    for count in range(1, 6):
        groups = tree.groups(count)
        assert groups.max() + 1 == count
        from_top = groups[list(tree.order)].tolist()
        assert from_top == sorted(from_top)
    c, a, e, d, b = tree.groups(3)
    assert a == b != c == d != e


def test_states_are_averaged_by_label():
    states = np.arange(12.0).reshape(6, 2)
    labels, means, counts = mean_states(states, ["b", "a", "b", "c", "b", "a"])
    assert labels == ("a", "b", "c")
    assert counts.tolist() == [2, 3, 1]
    np.testing.assert_array_equal(
        means, [states[[1, 5]].mean(0), states[[0, 2, 4]].mean(0), states[3]]
    )


def test_components_are_the_directions_of_largest_variance():
    rng = np.random.default_rng(1)
    hidden = rng.normal(size=(500, 2)) * [3, 1]
    axes = np.linalg.qr(rng.normal(size=(5, 5)))[0][:2]
    states = hidden @ axes + 7
    scores, shares, directions = principal_components(states)
    eigenvalues, eigenvectors = np.linalg.eigh(np.cov(states.T))
    np.testing.assert_allclose(shares, eigenvalues[:-3:-1] / eigenvalues.sum(), rtol=1e-9)
    assert shares.sum() == pytest.approx(1)
    np.testing.assert_allclose(np.abs(directions @ eigenvectors[:, :-3:-1]), np.eye(2), atol=1e-7)
    np.testing.assert_allclose(scores @ directions, states - states.mean(0), atol=1e-9)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: similarity_tree([[0.0]], ["a"]), "a tree must have 2 to 500 labels, got 1"),
        (lambda: similarity_tree(np.eye(501), ["a"] * 501), "2 to 500 labels, got 501"),
        (lambda: similarity_tree([[0.0], [1.0]], ["a"]), "vectors must have shape"),
        (lambda: similarity_tree([[0.0], [np.nan]], ["a", "b"]), "vectors must be finite"),
        (lambda: similarity_tree(POINTS, NAMES).groups(6), "count must be 1 to 5, got 6"),
        (lambda: mean_states([[0.0]], ["a", "b"]), "labels must have shape"),
        (lambda: mean_states(np.zeros((0, 2)), []), "at least one, got none"),
        (lambda: principal_components([[0.0, 1.0]]), "count must be 1 to 1, got 2"),
        (lambda: principal_components(np.ones((4, 3))), "states must differ"),
        (lambda: principal_components([[0.0, 1.0], [np.inf, 2.0]]), "states must be finite"),
    ],
)
def test_bad_input_gets_one_sentence(call, message):
    with pytest.raises(BadInput, match=message):
        call()
