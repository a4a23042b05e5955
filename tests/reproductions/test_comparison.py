"""When a published figure or statement counts as reproduced."""

import pytest

from glassgate.analysis.intervals import t_interval
from glassgate.experiments.claims import claim_above
from glassgate.reproductions import compare_claim, compare_magnitude, compare_value
from glassgate.reproductions.page import comparison_sections


@pytest.mark.parametrize(
    ("values", "different", "outcome"),
    [
        ((0.90, 0.91, 0.92), (), "reproduced"),
        ((0.90, 0.91, 0.92), ("size",), "reproduced"),
        ((0.80, 0.90, 1.00), (), "undecided"),
        ((0.50, 0.51, 0.52), (), "not reproduced"),
        ((0.50, 0.51, 0.52), ("size",), "other conditions"),
    ],
)
def test_a_figure_is_compared_by_the_whole_interval(values, different, outcome):
    found = compare_value(
        "a", "accuracy", 0.91, values, margin=0.05, same=["data"], different=different
    )
    assert found["outcome"] == outcome
    assert found["interval"] == list(t_interval(values))
    assert found["measured"] == pytest.approx(sum(values) / 3)
    assert (found["same"], found["different"]) == (["data"], list(different))


@pytest.mark.parametrize(
    ("values", "different", "outcome"),
    [
        ((1.0, 1.1, 1.2), ("size",), "reproduced"),
        ((-1.0, 1.1, 3.0), ("size",), "undecided"),
        ((-1.0, -1.1, -1.2), ("size",), "other conditions"),
        ((-1.0, -1.1, -1.2), (), "not reproduced"),
    ],
)
def test_a_statement_is_compared_by_its_claim(values, different, outcome):
    claim = claim_above("a", "it rises", values, 0.0, "all")
    found = compare_claim(claim, "rises", same=["data"], different=different)
    assert found["outcome"] == outcome
    assert (found["published"], found["interval"]) == ("rises", claim["interval"])


def test_a_smaller_problem_reproduces_nothing():
    claim = claim_above("a", "it rises", (1.0, 1.1, 1.2), 0.0, "all")
    known = {"same": ["data"], "different": ["T = 60 instead of 600"], "same_size": False}
    values = (0.90, 0.91, 0.92)
    for compared in (
        compare_claim(claim, "rises", **known),
        compare_value("a", "error", 0.91, values, margin=0.05, **known),
        compare_magnitude("a", "error", 0.91, values, factor=10, **known),
    ):
        assert compared["outcome"] == "other conditions"


def test_the_page_shows_each_comparison_and_its_conditions():
    claim = claim_above("a", "it rises", (1.0, 1.1, 1.2), 0.0, "all")
    outcomes, conditions = comparison_sections(
        [
            compare_claim(claim, "rises", same=["data", "size"]),
            compare_claim(claim, "rises", same=["data"], different=["size"]),
        ],
        ".2f",
    )
    row = ("reproduced", "rises", "1.10", "0.85 to 1.35")
    assert list(outcomes.body.rows) == [("1. it rises", *row), ("2. it rises", *row)]
    assert list(conditions.body.rows) == [("data", "all rows", ""), ("size", "row 1", "row 2")]
