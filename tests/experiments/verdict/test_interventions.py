"""The causal tests of the verdict experiment, against the equations step by step."""

import numpy as np
import pytest
import torch

from glassgate.experiments.verdict.gates import part_means
from glassgate.experiments.verdict.interventions import (
    ALL_KEPT,
    KEPT_HELD,
    NO_RESET,
    NO_RESET_AFTER,
    NONE_KEPT,
    NOTHING,
    RESET_HELD,
    SWAPPED_AFTER,
    SWAPPED_BEFORE,
    ZEROED_AFTER,
    ZEROED_BEFORE,
    find_donors,
    intervene,
    margins,
)
from glassgate.experiments.verdict.reading import classify, read_gates
from glassgate.experiments.verdict.texts import class_ids
from tests.experiments.verdict.verdict_cases import FIRST, LAST, MIXED, Steps, random_network

ALL = (NOTHING, ZEROED_BEFORE, SWAPPED_BEFORE, RESET_HELD, KEPT_HELD, NO_RESET, ZEROED_AFTER,
       SWAPPED_AFTER, ALL_KEPT, NONE_KEPT, NO_RESET_AFTER)  # fmt: skip
PLOT = {"reset": np.linspace(0.1, 0.9, 6), "kept": np.linspace(0.8, 0.2, 6)}


@torch.no_grad()
def margins_by_hand(model, texts, reviews, intervention, donors):
    """Read each review alone, word by word, as the intervention says."""
    steps = Steps(model)

    def read(review, state, segment):
        cuts = {
            "before": (0, review.begin),
            "verdict": (review.begin, review.end),
            "after": (review.end, len(review.words)),
        }[segment]
        gates = intervention.gates if intervention.over == segment else {}
        held = {
            gate: torch.tensor(PLOT[gate] if value == "plot" else value, dtype=torch.float32)
            for gate, value in gates.items()
        }
        for token in texts.ids(review.words[slice(*cuts)]):
            *_, state = steps.step(token, state, **held)
        return state

    states = [torch.zeros(6) for _ in reviews]
    for segment in ("before", "verdict", "after"):
        states = [
            read(review, state, segment) for review, state in zip(reviews, states, strict=True)
        ]
        if intervention.at == segment:
            if intervention.change == "zeroed":
                states = [torch.zeros(6) for _ in reviews]
            else:
                states = [states[donor] for donor in donors]
    logits = [model.readout(state) for state in states]
    return np.array([float(positive - negative) for negative, positive in logits])


@pytest.mark.parametrize("intervention", ALL, ids=lambda intervention: intervention.name)
@pytest.mark.parametrize("design", [FIRST, LAST], ids=["first", "last"])
def test_an_intervention_does_what_it_says(design, intervention):
    model, texts = random_network(design, 1)
    reviews = texts.test[:8]
    donors = find_donors(reviews, 0)
    measured = margins(model, texts, reviews, intervention, PLOT, donors)
    expected = margins_by_hand(model, texts, reviews, intervention, donors)
    np.testing.assert_allclose(measured, expected, atol=2e-4)


def test_nothing_changed_gives_the_networks_own_answers_and_a_donor_is_of_the_other_class():
    model, texts = random_network(MIXED, 2)
    donors = find_donors(texts.test, 5)
    free = margins(model, texts, texts.test, NOTHING, PLOT, donors)
    np.testing.assert_array_equal(free > 0, classify(model, texts, texts.test))
    classes = np.array(class_ids(texts.test))
    assert (classes[donors] != classes).all()


def test_rows_count_answers_against_the_same_gates_held():
    model, texts = random_network(LAST, 3)
    parts = part_means(read_gates(model, texts, texts.valid), {"units": [0]})
    rows = {row["name"]: row for row in intervene(model, texts, texts.test, parts, 7)}
    assert list(rows) == [
        which.name for which in (ZEROED_BEFORE, SWAPPED_BEFORE, RESET_HELD, KEPT_HELD, NO_RESET)
    ]
    (plot,) = (row for row in parts if row["part"] == "plot before")
    means = {"reset": np.array(plot["reset_units"]), "kept": np.array(plot["kept_units"])}
    donors, classes = find_donors(texts.test, 7), np.array(class_ids(texts.test))
    for which in (SWAPPED_BEFORE, KEPT_HELD):
        changed = margins(model, texts, texts.test, which, means, donors)
        held = margins(
            model, texts, texts.test, which, means, range(len(donors))
        )  # each its own donor: the gates are held, and no state is changed
        row = rows[which.name]
        assert row["accuracy"] == np.mean((changed > 0) == classes)
        assert row["unchanged"] == np.mean((changed > 0) == (held > 0))
        assert row["shift"] == pytest.approx(np.abs(changed - held).mean() / np.abs(held).mean())
    assert rows[SWAPPED_BEFORE.name]["shift"] > 0


def test_a_mixed_network_is_tested_at_every_place():
    model, texts = random_network(MIXED, 4)
    parts = part_means(read_gates(model, texts, texts.valid), {"units": [0]})
    rows = intervene(model, texts, texts.test, parts, 7)
    counts = {
        place: sum(row["place"] == place for row in rows) for place in ("first", "middle", "last")
    }
    assert counts == {"first": 6, "middle": 10, "last": 5}
    assert all(row["accuracy_negated"] is not None for row in rows)
