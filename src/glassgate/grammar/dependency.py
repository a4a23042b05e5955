"""Forced choices at a dependency: "the boy who fell down hurt ..." calls for his, not her.

Items come in twins: the same sentence with one feature of the cue swapped, so that what is right
in one is wrong in the other ("the girl who fell down hurt ..."). A network that sees only words
that the twins share is right in exactly one of the two: chance is one half, by design.
"""

import itertools
import random
from collections import Counter
from collections.abc import Collection, Iterator
from typing import NamedTuple

from glassgate.grammar.derivation import Derivation, Mark, Replay, derive
from glassgate.grammar.grammar import Grammar

DISTANCES: tuple[tuple[int, int | None], ...] = ((0, 0), (1, 2), (3, 5), (6, 9), (10, None))
"""Classes of distance, in words between the two ends; both bounds belong to the class."""


class Cell(NamedTuple):
    """A construction at a class of distances: one number of an agreement table.

    `cue_repeated` says whether a word between the ends shows the swapped feature again, as the
    first verb does in "the boys who run ... chase".
    """

    construction: str
    cue_repeated: bool
    distance_min: int
    distance_max: int | None


class Item(NamedTuple):
    """The words before a choice, the word that is right there, and its rival."""

    words: list[str]
    right: str
    wrong: str


class Dependency(NamedTuple):
    """Two words of a derivation that must agree, and where the construction stands in the file."""

    order: int
    construction: str
    cue: Mark
    target: Mark


class Twin(NamedTuple):
    """A sentence's words with a feature of the cue swapped; `cue_repeated` as in `Cell`."""

    cue_repeated: bool
    words: list[str]


def dependency_items(
    grammar: Grammar, seed: int, twins: int = 200, sentences: int = 40_000
) -> dict[Cell, list[Item]]:
    """Collect forced choices from sampled sentences.

    Parameters
    ----------
    grammar
        A grammar that declares cues and constructions.
    seed
        Of the sentences.
    twins
        How many pairs of items to collect for a cell, at most.
    sentences
        How many sentences to look through.

    Returns
    -------
    dict
        The items of each cell found, twins side by side; cells in the order of the file's
        constructions, then by distance.
    """
    chance = random.Random(seed)
    looked: Counter[tuple[int, int]] = Counter()
    cells: dict[tuple[int, Cell], list[Item]] = {}
    for _ in range(sentences):
        derivation = grammar.derive(chance)
        for dependency in dependencies(grammar, derivation):
            low, high = distance_class(dependency.target.begin - dependency.cue.end)
            looked[dependency.order, low] += 1
            if looked[dependency.order, low] > 4 * twins:
                continue
            twin = find_twin(grammar, derivation, dependency, chance)
            if twin is None:
                continue
            name = dependency.construction + (", cue repeated" if twin.cue_repeated else "")
            cell = Cell(name, twin.cue_repeated, low, high)
            items = cells.setdefault((dependency.order, cell), [])
            if len(items) < 2 * twins:
                items.extend(_both(derivation.words, twin.words, dependency.target.begin))
    return {cell: items for (_, cell), items in sorted(cells.items(), key=lambda c: _place(*c[0]))}


def _place(order: int, cell: Cell) -> tuple[int, bool, int]:
    return order, cell.cue_repeated, cell.distance_min


def distance_class(distance: int) -> tuple[int, int | None]:
    """Give the class that a number of words belongs to.

    >>> distance_class(7)
    (6, 9)
    """
    return next((a, b) for a, b in DISTANCES if b is None or distance <= b)


def dependencies(grammar: Grammar, derivation: Derivation) -> Iterator[Dependency]:
    """Find each target that agrees with an earlier cue, under the first construction that fits.

    The cue is the last one before the target that shares a draw with it. A construction `after` a
    category fits where that is the first such category to open and close between the two.
    """
    file = grammar.rules.file
    middles = {construction.after for construction in file.constructions}
    for target in derivation.marks:
        cue = _cue(file.cues, derivation, target)
        if cue is None:
            continue
        between = (
            mark.category
            for mark in derivation.marks
            if mark.category in middles and cue.end <= mark.begin and mark.end <= target.begin
        )
        middle = next(between, None)
        for order, construction in enumerate(file.constructions):
            if target.category in construction.targets and construction.after in (None, middle):
                yield Dependency(order, construction.name, cue, target)
                break


def _cue(cues: Collection[str], derivation: Derivation, target: Mark) -> Mark | None:
    shared = {identity for identity in target.identities if identity >= 0}
    agreeing = (
        mark
        for mark in reversed(derivation.marks)
        if mark.category in cues and mark.end <= target.begin and shared & set(mark.identities)
    )
    return next(agreeing, None)


def find_twin(
    grammar: Grammar, derivation: Derivation, dependency: Dependency, chance: random.Random
) -> Twin | None:
    """Swap the cue's features so that another word is right at the target.

    Of all such swaps one that leaves the words between the ends alone is taken where there is
    one, by chance among several; None where the grammar has no counterpart at all.
    """
    cue, target, words = dependency.cue, dependency.target, derivation.words
    found = []
    for swapped in _swaps(grammar, derivation, target):
        try:
            twin = derive(grammar.rules, Replay(derivation, swapped)).words
        except LookupError:  # under these values the grammar has no such sentence
            continue
        if len(twin) == len(words) and twin[target.begin] != words[target.begin]:
            between = slice(cue.end, target.begin)
            found.append(Twin(twin[between] != words[between], twin))
    clean = [twin for twin in found if not twin.cue_repeated]
    return chance.choice(clean or found) if found else None


def _swaps(grammar: Grammar, derivation: Derivation, target: Mark) -> Iterator[dict[int, str]]:
    """Every other combination of values for the draws that the target agrees in."""
    shared = sorted({identity for identity in target.identities if identity >= 0})
    drawn = [derivation.draws[identity] for identity in shared]
    for values in itertools.product(*(grammar.rules.values(feature) for feature, _ in drawn)):
        if values != tuple(value for _, value in drawn):
            yield dict(zip(shared, values, strict=True))


def _both(words: list[str], twin: list[str], target: int) -> tuple[Item, Item]:
    right, wrong = words[target], twin[target]
    return Item(words[:target], right, wrong), Item(twin[:target], wrong, right)
