"""What the experiment on regulators says of its numbers."""

import pytest

from glassgate.analysis.agreement import pool_cells
from glassgate.analysis.intervals import t_interval
from glassgate.experiments.regulators.answers import answers
from glassgate.experiments.regulators.networks import (
    FIXED,
    FORMS,
    FULL,
    NO_RESET,
    NO_UPDATE,
    SHARED_GATE,
)
from glassgate.experiments.regulators.summary import claims, statements


def invented(kl: dict[str, list[float]], far: dict[str, list[float]]) -> dict:
    """Results in which each form has these divergences and far accuracies by seed."""

    def cell(accuracy: float) -> dict:
        return {
            "construction": "verb",
            "cue_repeated": False,
            "distance_min": 10,
            "distance_max": None,
            "n": 1000,
            "accuracy": accuracy,
        }

    forms = []
    for form in FORMS:
        runs = [
            {"kl_bits": bits, "agreement": [cell(accuracy)]}
            for bits, accuracy in zip(kl[form.name], far[form.name], strict=True)
        ]
        by_distance = pool_cells(cell for run in runs for cell in run["agreement"])
        forms.append({"name": form.name, "runs": runs, "by_distance": by_distance})
    return {"forms": forms, "statements": statements(forms)}


KL = {
    FULL.name: [0.030, 0.032, 0.031],
    NO_RESET.name: [0.020, 0.023, 0.021],
    NO_UPDATE.name: [0.100, 0.120, 0.110],
    SHARED_GATE.name: [0.029, 0.033, 0.030],
    FIXED.name: [0.050, 0.051, 0.049],
}
FAR = {
    FULL.name: [0.98, 0.97, 0.99],
    NO_RESET.name: [0.97, 0.99, 0.98],
    NO_UPDATE.name: [0.50, 0.51, 0.50],
    SHARED_GATE.name: [0.98, 0.97, 0.985],
    FIXED.name: [0.90, 0.92, 0.91],
}


def test_statements_are_differences_from_the_full_gru_seed_by_seed():
    said = {one["form"]: one for one in invented(KL, FAR)["statements"]}
    assert list(said) == [form.name for form in FORMS[1:]]
    low, high = t_interval([-0.010, -0.009, -0.010])
    assert said[NO_RESET.name]["kl_bits"] == {
        "mean": pytest.approx(-0.029 / 3),
        "low": pytest.approx(low),
        "high": pytest.approx(high),
        "verdict": "better",
    }
    assert said[NO_RESET.name]["far"]["verdict"] == "undecided"
    assert said[NO_UPDATE.name]["kl_bits"]["verdict"] == "worse"
    assert said[NO_UPDATE.name]["far"]["verdict"] == "worse"
    assert said[SHARED_GATE.name]["kl_bits"]["verdict"] == "undecided"


def test_answers_follow_the_numbers():
    one, missed, memory, fixed = answers(invented(KL, FAR))
    assert one == (
        "At equal numbers of parameters, one gate does better than two in the form “no reset gate” "
        "and does worse than two in the form “no update gate”; in the form “one gate for both” it "
        "is undecided."
    )
    assert missed == "Leaving out the reset gate helps; leaving out the update gate hurts."
    assert memory == (
        "Over 10+ words, whether the subject is remembered better than chance is undecided for “no "
        "update gate” (0.503)."
    )
    assert fixed.endswith("predict worse than the full GRU and remember worse than the full GRU.")

    turned = dict(zip(KL, reversed(KL.values()), strict=True))
    far = {name: [0.9, 0.91, 0.9] for name in FAR}
    one, missed, memory, fixed = answers(invented(turned | {FULL.name: [0.01, 0.011, 0.01]}, far))
    assert one == (
        "At equal numbers of parameters, one gate does worse than two in the form “no reset gate”, "
        "“no update gate” or “one gate for both”."
    )
    assert missed == "Leaving out the reset gate hurts; leaving out the update gate hurts."
    assert memory == "Every form remembers the subject over 10+ words better than chance."
    assert fixed.endswith("whether they remember better or worse than the full GRU is undecided.")
    alike = dict.fromkeys(KL, KL[FULL.name])
    assert answers(invented(alike, far))[:2] == [
        "At equal numbers of parameters, whether one gate does better or worse than two is "
        "undecided in every form.",
        "Whether leaving out the reset gate hurts is undecided; whether leaving out the update "
        "gate hurts is undecided.",
    ]
    below = {name: [0.4, 0.41, 0.4] for name in FAR}
    assert "remembered no better than chance by “GRU” (0.403)" in answers(invented(KL, below))[2]


PLAN = {"train": 50_000, "training": {"epochs": 4}}


def test_claims_are_that_two_gates_do_better():
    judged = {claim["id"]: claim for claim in claims(PLAN, invented(KL, FAR)["forms"])}
    assert len(judged) == 2 * (len(FORMS) - 1)
    better = judged[f"predicts: {NO_RESET.name}"]
    assert (better["confirmed"], better["measured"]) == ("no", pytest.approx(-0.029 / 3))
    assert better["interval"] == pytest.approx(t_interval([-0.010, -0.009, -0.010]))
    assert judged[f"predicts: {SHARED_GATE.name}"]["confirmed"] == "undecided"
    worse = judged[f"remembers: {NO_UPDATE.name}"]
    assert (worse["confirmed"], worse["measured"]) == ("yes", pytest.approx(1.43 / 3))
    assert "50,000 sentences" in worse["condition"]
