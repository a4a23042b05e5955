"""What the seeds of the verdict experiment say together."""

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from glassgate.experiments.verdict.answers import NAMES, answers
from glassgate.experiments.verdict.holds import HOLDS
from glassgate.experiments.verdict.page import tables
from glassgate.experiments.verdict.reviews import (
    write_reviews,
)
from glassgate.experiments.verdict.summary import Classified, accuracies, pool, statements
from tests.experiments.verdict.verdict_cases import TRAIN


def some_classified(seed: int) -> Classified:
    reviews = write_reviews(TRAIN, 36, 3, (seed, 1))
    random = np.random.default_rng(seed)
    early = sum(review.place == "start" for review in reviews)
    held = {name: random.random(early) < 0.5 for name in HOLDS}
    return Classified(reviews, {name: random.random(36) < 0.7 for name in ("srn", "gru")}, held)


def test_reviews_of_all_seeds_are_counted_once_in_each_group():
    classified = [some_classified(0), some_classified(1)]
    found = accuracies(classified, "gru")
    pairs = [
        (review, right)
        for one in classified
        for review, right in zip(one.reviews, one.right["gru"], strict=True)
    ]
    for group in ("by_place", "by_distance", "by_negation"):
        assert sum(row["n"] for row in found[group]) == 72
    for row in found["by_place"]:
        right = [r for review, r in pairs if review.place == row["place"]]
        assert (row["n"], row["accuracy"]) == (len(right), np.mean(right))
    for row in found["by_distance"]:
        inside = range(row["distance_min"], row["distance_max"] + 1)
        right = [r for review, r in pairs if review.distance in inside]
        assert (row["n"], row["accuracy"]) == (len(right), np.mean(right))
    assert found["by_distance"][0]["distance_max"] == 0


def a_run(
    kept_after: float, reset_late: float, gru: float, late: float = 0.95
) -> dict[str, object]:
    """Give a run whose networks tell 0.5 and `gru` at the start, `late` and all at the end."""
    rows = [
        {"place": place, "part": part, "n": 10, **dict.fromkeys(MEANS, 0.5)}
        for place, part in (
            ("start", "verdict"),
            ("start", "plot after"),
            ("end", "plot before"),
            ("end", "verdict"),
        )
    ]
    rows[1] |= {"kept": kept_after, "kept_carrying": 0.9 + kept_after / 10}
    rows[3] |= {"reset": reset_late, "reset_carrying": 0.5}
    networks = [
        {
            "name": name,
            "by_place": [{"place": "start", "accuracy": share}, {"place": "end", "accuracy": end}],
        }
        for name, share, end in (("srn", 0.5, late), ("gru", gru, 1.0))
    ]
    around = [{"place": "start", "offset": 0, "kept": kept_after, "reset": 0.5}]
    return {"gates": {"by_place": rows, "around": around}, "networks": networks}


MEANS = ("kept", "reset", "kept_carrying", "reset_carrying", "kept_high", "reset_low")


def test_by_hand_what_the_document_says_is_compared_seed_by_seed():
    runs = [a_run(0.6, 0.55, 0.9), a_run(0.7, 0.45, 0.8), a_run(0.65, 0.6, 1.0)]
    classified = [some_classified(seed) for seed in range(3)]
    results = {"runs": runs, **pool(runs, classified)}
    said = {(one["statement"], one["units"]): one for one in statements(results["runs"])}
    assert len(said) == 7
    kept = said["after a verdict at the start, the kept share rises towards 1", "all"]
    half = stats.t.ppf(0.975, 2) * 0.05 / math.sqrt(3)  # the seeds' spread is 0.05
    assert kept["measured"] == pytest.approx({"first": 0.5, "then": 0.65})
    assert kept["difference"]["low"] == pytest.approx(0.15 - half)
    assert (kept["direction"], kept["extent"]) == (True, False)
    assert said["after a verdict at the start, the kept share rises towards 1", "carrying"][
        "extent"
    ]
    reset = said["over a verdict at the end, the reset gate falls towards 0", "all"]
    assert (reset["difference"]["verdict"], reset["direction"]) == ("undecided", False)
    lost = said[
        "with the verdict at the start, not the end, the GRU loses less accuracy than the SRN", None
    ]
    assert lost["direction"]
    assert lost["measured"] == pytest.approx({"srn": 0.45, "gru": 0.1})
    assert lost["difference"]["mean"] == pytest.approx(-0.35)
    row = next(r for r in results["gates"] if (r["place"], r["part"]) == ("start", "plot after"))
    assert row["n"] == 30
    assert row["kept"]["mean"] == pytest.approx(0.65)
    assert results["around"] == [
        {"place": "start", "offset": 0, "kept": pytest.approx(0.65), "reset": 0.5}
    ]
    nothing, *others = results["held"]
    assert nothing["cost"]["mean"] == 0
    for one in others:
        shares = [one_seed.held[one["held"]].mean() for one_seed in classified]
        assert one["by_seed"] == pytest.approx(shares)
        assert one["cost"]["mean"] == pytest.approx(np.mean(nothing["by_seed"]) - np.mean(shares))
    sentences = " ".join(answers(results | {"statements": statements(results["runs"])}))
    assert (
        "After a verdict at the start, the kept share rises (0.500 to 0.650); in the carrying "
        "units it rises (0.500 to 0.965). Is that what the document says? Yes."
    ) in sentences
    assert (
        "Over a verdict at the end, the reset gate is not shown to rise or fall (0.500 to 0.533); "
        "in the carrying units it is not shown to rise or fall (0.500 to 0.500). Is that what the "
        "document says? Undecided."
    ) in sentences


def results_of(late: tuple[float, ...]) -> dict[str, Any]:
    """Give the results of seeds whose SRNs tell so much of the verdicts at the end."""
    runs = [a_run(0.6, 0.5, 0.8, share) for share in late]
    classified = [some_classified(seed) for seed in range(len(runs))]
    networks = [{"name": name, **accuracies(classified, name)} for name in NAMES]
    results = {"runs": runs, "networks": networks, **pool(runs, classified)}
    return results | {"statements": statements(results["runs"])}


@pytest.mark.parametrize("late", [(0.53, 0.49, 0.5), (0.6, 0.7, 0.8)])  # 0.7 - 0.248 < 0.5
def test_a_network_that_tells_no_verdict_says_nothing_of_memory(late: tuple[float, ...]):
    results = results_of(late)
    lost = results["statements"][0]
    assert lost["learned"] == {"srn": False, "gru": True}
    assert lost["direction"] is None
    assert answers(results)[0] == (
        "Whether the GRU remembers better than the SRN is undecided: even with the verdict at the "
        "end, where nothing has to be remembered, accuracy above chance is not shown for the SRN."
    )
    (row,) = (row for row in tables(results)[1].rows if row[0] == lost["statement"])
    assert row[-2:] == ("undecided", "")


def test_a_loss_that_is_not_classified_apart_is_not_said_to_be_less():
    results = results_of((0.7, 0.75, 0.8))
    assert results["statements"][0]["direction"] is False
    assert answers(results)[0] == (
        "When the verdict is at the start instead of the end, the SRN's accuracy changes by "
        "-25.0 points and the GRU's by -20.0; whether the GRU loses less is undecided."
    )
