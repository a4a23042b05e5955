"""Forced choices: twins, distances, and what stands between."""

import random

import pytest

from glassgate.grammar.dependency import (
    DISTANCES,
    Item,
    dependencies,
    dependency_items,
    distance_class,
)
from glassgate.grammar.derivation import Replay, derive
from glassgate.grammar.grammar import Grammar

ENGLISH = Grammar.load()
ITEMS = dependency_items(ENGLISH, seed=3, twins=30, sentences=6000)


def pairs(items: list[Item]) -> list[tuple[Item, Item]]:
    return list(zip(items[::2], items[1::2], strict=True))


def test_right_is_possible_and_wrong_is_not():
    for items in ITEMS.values():
        for item in items:
            expected = ENGLISH.prefixes(item.words)[-1].next_words
            assert item.right in expected
            assert item.wrong not in expected


def test_twins_are_of_one_length_and_choose_between_the_same_two_words():
    for cell, items in ITEMS.items():
        for item, twin in pairs(items):
            assert len(item.words) == len(twin.words)
            assert (item.right, item.wrong) == (twin.wrong, twin.right)
            if not cell.cue_repeated and cell.distance_min > 0:
                assert item.words[-1] == twin.words[-1]


def test_where_no_cue_is_repeated_twins_agree_on_all_words_between_the_ends():
    for cell, items in ITEMS.items():
        if cell.distance_min:
            same = [
                item.words[-cell.distance_min :] == twin.words[-cell.distance_min :]
                for item, twin in pairs(items)
            ]
            assert all(same) or cell.cue_repeated
            assert cell.cue_repeated == cell.construction.endswith("cue repeated")


def test_every_construction_of_the_demo_reaches_ten_words():
    far = {cell.construction for cell in ITEMS if cell.distance_min == 10}
    named = {c.name for c in ENGLISH.rules.file.constructions} - {"verb"}
    assert named <= far


def test_the_cue_is_the_subject_whatever_stands_between():
    chance = random.Random(0)
    checked = 0
    for _ in range(3000):
        derivation = ENGLISH.derive(chance)
        for found in dependencies(ENGLISH, derivation):
            swapped = {
                i: v
                for i in found.target.identities
                for feature, value in [derivation.draws[i]]
                if feature == "number"
                for v in ("singular", "plural")
                if v != value
            }
            twin = derive(ENGLISH.rules, Replay(derivation, swapped)).words
            changed = [i for i, w in enumerate(twin) if w != derivation.words[i]]
            assert found.cue.begin in changed
            checked += 1
    assert checked > 3000


@pytest.mark.parametrize(("distance", "low"), [(0, 0), (1, 1), (2, 1), (5, 3), (9, 6), (40, 10)])
def test_classes_cover_all_distances(distance: int, low: int):
    assert distance_class(distance)[0] == low
    assert [b for _, b in DISTANCES[:-1]] == [a - 1 for a, _ in DISTANCES[1:]]


def test_items_are_a_function_of_the_seed_and_none_come_without_constructions():
    again = dependency_items(ENGLISH, seed=3, twins=30, sentences=6000)
    assert again == ITEMS
    assert dependency_items(Grammar("S\n    a | b"), seed=0, sentences=10) == {}
