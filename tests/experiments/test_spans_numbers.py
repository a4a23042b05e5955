"""The numbers of the experiment on spans, and what it says of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from glassgate.analysis.agreement import pool_cells
from glassgate.analysis.intervals import t_interval
from glassgate.experiments.spans.answers import answers
from glassgate.experiments.spans.holds import GROUPS, WAYS
from glassgate.experiments.spans.summary import (
    LONGEST_DISTANCE,
    SHORT_DISTANCE,
    claims,
    costs,
    costs_alone,
    rank_correlation,
    rises,
    statements,
)


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=3, max_size=30))
def test_rank_correlation_is_scipys_and_0_where_one_side_is_all_equal(pairs):
    x, y = zip(*pairs, strict=True)
    if len(set(x)) == 1 or len(set(y)) == 1:
        assert rank_correlation(x, y) == 0
    else:
        assert rank_correlation(x, y) == pytest.approx(spearmanr(x, y).statistic)


def invented(shares: dict[str, list[list[float]]], alone: list[float]) -> dict:
    """Results of as many seeds as the lists are long; shares are near and far, of 100 items.

    A group's divergence after the word rises by its share of the far.
    """

    def rows(near: float, far: float) -> list[dict]:
        cell = {"construction": "verb", "cue_repeated": False, "n": 100}
        bounds = ((0, 0, 1.0), (1, 2, near), (10, None, far))
        return pool_cells(
            {**cell, "distance_min": a, "distance_max": b, "accuracy": c} for a, b, c in bounds
        )

    runs = []
    for i in range(len(shares["longest"])):
        group = [
            {
                "way": way,
                "name": name,
                "units": [unit],
                "by_distance": rows(*shares[name][i]),
                "kl_bits": 0.5,
                "kl_after_word": 0.1 + shares[name][i][1],
            }
            for way in WAYS
            for unit, name in enumerate([*GROUPS, "random"])
        ]
        far = [
            {"way": w, "units": [u], "far": rows(1, s)[-1]}
            for w in WAYS
            for u, s in enumerate(alone)
        ]
        runs.append(
            {
                "seed": i,
                "span": [9.0, 4.0, 2.0, 1.0, 0.5],
                "intact": {"by_distance": rows(1, 1), "kl_bits": 0.1, "kl_after_word": 0.1},
                "groups": group,
                "orders": [],
                "alone": far,
            }
        )
    results = {"runs": runs, "word": "the", "plan": {"training": {"hidden_size": 5}}}
    return results | {"statements": statements(runs)}


SHARES = {
    "longest": [[0.9, 0.5], [0.91, 0.52], [0.92, 0.5]],
    "middle": [[1.0, 0.95], [1.0, 0.96], [1.0, 0.95]],
    "shortest": [[1.0, 0.98], [1.0, 1.0], [1.0, 0.97]],
    "random": [[0.98, 0.85], [0.97, 0.86], [0.98, 0.87]],
}


def test_costs_and_rises_are_differences_from_the_network_as_it_is():
    runs = invented(SHARES, [0.7, 0.9, 1.0, 1.0, 0.99])["runs"]
    assert costs(runs, "forgets", "longest", LONGEST_DISTANCE) == pytest.approx([0.5, 0.48, 0.5])
    assert costs(runs, "silent", "longest", SHORT_DISTANCE) == pytest.approx([0.1, 0.09, 0.08])
    assert rises(runs, "silent", "random", "kl_after_word") == pytest.approx([0.85, 0.86, 0.87])
    assert rises(runs, "silent", "random", "kl_bits") == pytest.approx([0.4] * 3)
    assert costs_alone(runs[0], "silent") == pytest.approx([0.3, 0.1, 0, 0, 0.01])


def test_statements_compare_seed_by_seed():
    results = invented(SHARES, [0.7, 0.9, 1.0, 1.0, 0.99])
    said = {(s["way"], s["compared"]): s for s in results["statements"]}
    far = said["forgets", "far: longest, random"]
    assert (far["first"], far["other"]) == pytest.approx((0.49333, 0.14), abs=1e-4)
    assert (far["low"], far["high"]) == pytest.approx(t_interval([0.35, 0.34, 0.37]))
    assert far["verdict"] == "more"
    assert said["silent", "longest: far, near"]["mean"] == pytest.approx(0.40333, abs=1e-4)
    assert said["silent", "after the word: shortest, longest"]["verdict"] == "more"
    expected = spearmanr([9, 4, 2, 1, 0.5], [0.3, 0.1, 0, 0, 0.01]).statistic
    assert said["silent", "alone: correlation with span, none"]["mean"] == pytest.approx(expected)


def test_answers_follow_the_numbers():
    first, near, *_, after, alone, _ = answers(invented(SHARES, [0.7, 0.9, 1.0, 1.0, 0.99]))
    assert first == (
        "When the unit with the longest span forgets at every word, accuracy over 10+ words is "
        "0.507 (intact network: 1.000); it is 0.860 with as many random units, and 0.983 with the "
        "unit with the shortest span: the long units stand out."
    )
    assert near == (
        "Their forgetting costs 0.493 over 10+ words and 0.090 over 1-2 words: the first is larger."
    )
    assert (
        "shortest fifth costs 0.9833 bits and that of the longest 0.5067: the first is larger."
        in after
    )
    assert "matters most costs 0.300 over 10+ words" in alone
    turned = SHARES | {"longest": SHARES["shortest"], "shortest": SHARES["longest"]}
    first, near, *_, after, _, _ = answers(invented(turned, [1, 1, 1, 1, 1]))
    assert first.endswith("the long units do not stand out.")
    assert near == (
        "Their forgetting costs 0.017 over 10+ words and 0.000 over 1-2 words: which of the two is "
        "larger is undecided."
    )
    assert "0.5067 bits and that of the longest 0.9833: the first is smaller." in after
    alike = SHARES | {"random": SHARES["longest"]}
    assert answers(invented(alike, [1] * 5))[0].endswith(
        "whether the long units stand out is undecided."
    )


PLAN = {"train": 50_000, "training": {"hidden_size": 5}}


def judge(shares: dict[str, list[list[float]]]) -> dict[str, dict]:
    judged = claims(PLAN, "the", invented(shares, [1] * 5)["runs"])
    return {claim["id"]: claim for claim in judged}


def test_claims_are_those_of_the_document():
    judged = {
        claim["id"]: claim for claim in claims(PLAN, "the", invented(SHARES, [1] * 5)["runs"])
    }
    assert [claim["confirmed"] for claim in judged.values()] == ["yes"] * 6
    far = judged["silent: far: longest, random"]
    assert far["measured"] == pytest.approx(1.06 / 3)
    assert far["interval"] == pytest.approx(t_interval([0.35, 0.34, 0.37]))
    assert far["condition"].endswith("held units are silent")
    turned = SHARES | {"longest": SHARES["shortest"], "shortest": SHARES["longest"]}
    found = {
        c["id"]: c["confirmed"] for c in claims(PLAN, "the", invented(turned, [1] * 5)["runs"])
    }
    assert found["forgets: far: longest, random"] == "no"
    assert found["forgets: longest: far, near"] == "undecided"
    assert found["forgets: after the word: shortest, longest"] == "no"
