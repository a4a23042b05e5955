"""Accuracy by distance, beside sums made by hand."""

import pytest

from glassgate.analysis.agreement import drop_repeated_cues, pool_cells
from glassgate.analysis.intervals import wilson
from glassgate.analysis.language import sample_language
from glassgate.grammar.grammar import Grammar


def test_cells_of_one_distance_are_put_together_by_their_items():
    def cell(least, most, n, right, name="verb"):
        share = right / n
        return {
            "construction": name,
            "cue_repeated": False,
            "distance_min": least,
            "distance_max": most,
            "n": n,
            "accuracy": share,
        }

    cells = [cell(10, None, 7, 3), cell(0, 0, 10, 9), cell(10, None, 400, 399, "pronoun")]
    near, far = pool_cells(cells)
    assert (near["distance_min"], near["distance_max"], near["n"]) == (0, 0, 10)
    assert (far["distance_min"], far["distance_max"], far["n"]) == (10, None, 407)
    assert far["accuracy"] == 402 / 407
    assert (far["low"], far["high"]) == wilson(402, 407)
    assert near["accuracy"] == pytest.approx(0.9)


def test_what_repeats_the_cue_or_stands_near_is_left_out():
    language = sample_language(Grammar.load(), seed=1, train=5, held_out=2)
    clean, far = drop_repeated_cues(language), drop_repeated_cues(language, 10)
    assert {cell for cell in language.items if not cell.cue_repeated} == set(clean.items)
    assert {cell for cell in clean.items if cell.distance_min >= 10} == set(far.items)
    assert far.items
    assert all(items is language.items[cell] for cell, items in far.items.items())
    assert far.train is language.train
