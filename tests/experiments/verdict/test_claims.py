"""The claims of the verdict experiment: judged by intervals, and only where a task was learned."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassgate.analysis.intervals import share_estimate
from glassgate.experiments.claims import claim_above, claim_below
from glassgate.experiments.verdict.answers import answers, main_condition
from glassgate.experiments.verdict.conditions import FIRST, LAST, LAST_CHRONO
from glassgate.experiments.verdict.interventions import (
    KEPT_HELD,
    RESET_HELD,
    SWAPPED_BEFORE,
    ZEROED_BEFORE,
)
from glassgate.experiments.verdict.judgements import claims
from glassgate.experiments.verdict.summary import place_estimates
from glassgate.experiments.verdict.tables import claim_tables, opening_tables

NOISE = (-0.01, 0.0, 0.01)  # of three seeds


def a_run(noise, accuracy=1.0):
    """Return a run of the GRU for a verdict last, of two units, one of which carries."""

    def part(name, kept, reset):
        return {"place": "last", "part": name, "n": 10, "kept_carriers": kept + noise,
                "reset_carriers": reset + noise}  # fmt: skip

    def position(offset, kept, reset):
        return {"place": "last", "offset": offset, "kept_carriers": kept, "reset_carriers": reset}

    def intervention(which, unchanged, shift):
        return {"place": "last", "name": which.name, "accuracy": 1.0, "accuracy_negated": None,
                "unchanged": unchanged, "shift": shift + noise / 10}  # fmt: skip

    return {
        "accuracy": [{"place": "last", "accuracy": accuracy, "accuracy_negated": None}],
        "gates": {
            "parts": [part("plot before", 0.5, 0.6)],
            "positions": [position(-1, 0.1 - noise, 0.9), position(0, 0.1 + noise, 0.6 - noise)],
            "interventions": [
                intervention(ZEROED_BEFORE, 1.0, 0.4),
                intervention(SWAPPED_BEFORE, 1.0, 0.02),
                intervention(RESET_HELD, 1.0, 0.02 - noise / 5),
                intervention(KEPT_HELD, 0.9, 0.3),
            ],
        },
    }  # fmt: skip


def a_condition(runs):
    return {
        "id": LAST.id,
        "reviews": LAST.reviews,
        "unit": LAST.unit,
        "layout": "last",
        "kind": "word",
        "distractors": True,
        "network": "gru",
        "weights": "torch",
        "reset": "after",
        "accuracy": place_estimates(runs),
        "runs": runs,
    }


@pytest.fixture
def condition():
    return a_condition([a_run(noise) for noise in NOISE])


def test_each_claim_is_judged_by_its_interval(condition):
    judged = {claim["id"].split(":")[1]: claim for claim in claims({LAST.id: condition})}
    assert {name: claim["confirmed"] for name, claim in judged.items()} == {
        "learned-last": "yes",
        "washed-out": "yes",
        "state-gone": "no",  # zeroed, it moves the margin by .4
        "reset-falls": "undecided",  # .6 to .6
        "reset-falls-at": "yes",  # .9 at the word before
        "reset-near-zero": "no",
        "kept-falls": "yes",
        "kept-falls-at": "undecided",  # it has fallen at the word before
        "reset-washes": "no",  # .02 and .02: less than is noticeable
        "update-washes": "yes",
        "update-more": "yes",
    }
    assert judged["kept-falls"]["measured"] == pytest.approx(-0.4)
    assert judged["kept-falls"]["condition"] == (
        "GRU, torch weights, reset after; verdict last, one word, other verdicts"
    )


def test_nothing_else_is_judged_of_a_network_that_did_not_learn(condition):
    failed = a_condition([a_run(noise, accuracy=0.5 + noise) for noise in NOISE])
    (judged,) = claims({LAST.id: failed})
    assert (judged["id"], judged["confirmed"]) == (f"{LAST.id}:learned-last", "no")
    results = {"conditions": [failed]}
    assert main_condition(results, "last") is None
    assert answers(results, "last") == (
        "No GRU learned reviews with the verdict last: there is no policy to look at."
    )


def test_the_opening_says_undecided_of_what_was_not_learned_and_names_each_condition(condition):
    failed = a_condition([a_run(noise, accuracy=0.5 + noise) for noise in NOISE])
    failed |= {"id": LAST_CHRONO.id, "weights": "chrono"}
    both = {LAST.id: condition, LAST_CHRONO.id: failed}
    results = {"conditions": [*both.values()], "claims": claims(both)}
    (table,) = opening_tables(results)
    assert table.caption == "The last of three verdicts counts; GRUs"
    assert table.columns == (
        "claim",
        "one word,\ntorch's weights",
        "one word,\nchrono's weights",
    )
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows["The kept share falls from the plot to the verdict"] == (
        "yes: -0.400\n-0.400 to -0.400",
        "undecided:\nnot learned",
    )
    assert {row[2] for row in table.rows[1:]} == {"undecided:\nnot learned"}
    captions = [table.caption for table in claim_tables(results)]
    assert captions == [
        "The last of three verdicts counts, one word; GRU, torch's initial weights",
        "The last of three verdicts counts, one word; GRU, chrono's initial weights",
    ]


def test_it_is_said_how_much_of_a_fall_comes_before_the_verdict(condition):
    for run, noise in zip(condition["runs"], NOISE, strict=True):
        run["gates"]["positions"][0]["kept_carriers"] = 0.2 + noise
    assert (
        "kept share is 0.500 over the plot, 0.200 at the word before the verdict, which ends a "
        "sentence, and 0.100 at the verdict's first word: 75% of the fall comes before the verdict."
    ) in answers({"conditions": [condition]}, "last")


def test_an_interval_that_holds_both_is_undecided(condition):
    condition = copy.deepcopy(condition)
    for run, unchanged in zip(condition["runs"], (1.0, 0.9, 1.0), strict=True):
        run["gates"]["interventions"][1]["unchanged"] = unchanged
    judged = {claim["id"].split(":")[1]: claim for claim in claims({LAST.id: condition})}
    assert judged["washed-out"]["confirmed"] == "undecided"


def test_claims_above_and_below_mirror_each_other():
    for values, above in (((0.2, 0.3, 0.25), "yes"), ((-0.2, -0.3, -0.25), "no"),
                          ((-0.4, 0.4, 0.02), "undecided")):  # fmt: skip
        assert claim_above("a", "text", values, 0, "here")["confirmed"] == above
        mirrored = claim_below("a", "text", [-value for value in values], 0, "here")
        assert mirrored["confirmed"] == above
        assert mirrored["interval"][0] == pytest.approx(
            -claim_above("a", "text", values, 0, "here")["interval"][1]
        )


@given(
    st.lists(st.floats(0, 1), min_size=2, max_size=6),
    st.floats(0, 1, exclude_min=True, exclude_max=True),
)
def test_the_ends_of_a_share_change_no_claim(values: list[float], bound: float):
    for judge in (claim_above, claim_below):
        free = judge("a", "text", values, bound, "here")
        ending = judge("a", "text", values, bound, "here", share_estimate)
        assert ending["confirmed"] == free["confirmed"]
        assert 0 <= ending["interval"][0] <= ending["interval"][1] <= 1


def test_the_contrast_needs_both_conditions(condition):
    assert not [c for c in claims({LAST.id: condition}) if c["id"].startswith("contrast")]
    assert FIRST.weights == "chrono"
