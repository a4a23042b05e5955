"""Forced choices at a dependency: "the boy who fell down hurt ..." requires "his", not "her".

Items come in pairs of twins: the twin is the same sentence with one feature of the cue swapped, so
that the right word of one is the wrong word of the other ("the girl who fell down hurt ..."). A
network that sees only the words the twins share gets exactly one of the two right, so chance is one
half by design.
"""

import itertools
import random
from collections import Counter
from collections.abc import Collection, Iterator
from typing import NamedTuple

from glassgate.grammar.derivation import Derivation, Mark, Replay, derive
from glassgate.grammar.grammar import Grammar

DISTANCES: tuple[tuple[int, int | None], ...] = ((0, 0), (1, 2), (3, 5), (6, 9), (10, None))
"""Classes of distance: the number of words between the two ends, both bounds included."""


class Cell(NamedTuple):
    """A construction and a class of distances: one cell of an agreement table.

    `cue_repeated` is true if a word between the ends shows the swapped feature again, like the
    first verb of "the boys who run ... chase".
    """

    construction: str
    cue_repeated: bool
    distance_min: int
    distance_max: int | None


class Item(NamedTuple):
    """The words before a choice, the right next word, and the wrong one."""

    words: list[str]
    right: str
    wrong: str


class Dependency(NamedTuple):
    """Two words of a derivation that must agree, and the construction's place in the file."""

    order: int
    construction: str
    cue: Mark
    target: Mark


class Twin(NamedTuple):
    """The words of a sentence with a feature of the cue swapped; `cue_repeated` as in `Cell`."""

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
        The seed of the sentences.
    twins
        Maximum number of pairs of items for each cell.
    sentences
        Number of sentences to sample.

    Returns
    -------
    dict
        The items of each cell, with twins next to each other; cells in the order of the file's
        constructions, then by distance.
    """
    chance = random.Random(seed)
    tried: Counter[tuple[int, int]] = Counter()  # dependencies, by construction and distance
    cells: dict[tuple[int, Cell], list[Item]] = {}
    for _ in range(sentences):
        derivation = grammar.derive(chance)
        for dependency in dependencies(grammar, derivation):
            low, high = distance_class(dependency.target.begin - dependency.cue.end)
            tried[dependency.order, low] += 1
            if tried[dependency.order, low] > 4 * twins:
                continue
            twin = find_twin(grammar, derivation, dependency, chance)
            if twin is None:
                continue
            name = dependency.construction + (", cue repeated" if twin.cue_repeated else "")
            cell = Cell(name, twin.cue_repeated, low, high)
            items = cells.setdefault((dependency.order, cell), [])
            if len(items) < 2 * twins:
                items.extend(_item_pair(derivation.words, twin.words, dependency.target.begin))
    return {
        cell: items for (_, cell), items in sorted(cells.items(), key=lambda c: _sort_key(*c[0]))
    }


def _sort_key(order: int, cell: Cell) -> tuple[int, bool, int]:
    return order, cell.cue_repeated, cell.distance_min


def distance_class(distance: int) -> tuple[int, int | None]:
    """Return the class of distances that contains a number of words.

    >>> distance_class(7)
    (6, 9)
    """
    return next((a, b) for a, b in DISTANCES if b is None or distance <= b)


def dependencies(grammar: Grammar, derivation: Derivation) -> Iterator[Dependency]:
    """Yield each dependency of a derivation, under the first construction that fits.

    The cue of a target is the last one before it that shares a draw with it. A construction with
    `after` fits if that category is the first of all categories named in any `after` to open and
    close between cue and target.
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
    """Swap features of the cue so that another word is right at the target.

    Swaps that leave the words between the two ends unchanged are preferred; one is chosen at random
    if there are several. Returns None if the grammar has no such sentence.
    """
    cue, target, words = dependency.cue, dependency.target, derivation.words
    twins = []
    for swapped in _swaps(grammar, derivation, target):
        try:
            twin = derive(grammar.rules, Replay(derivation, swapped)).words
        except LookupError:  # the grammar has no such sentence with these values
            continue
        if len(twin) == len(words) and twin[target.begin] != words[target.begin]:
            between = slice(cue.end, target.begin)
            twins.append(Twin(twin[between] != words[between], twin))
    clean = [twin for twin in twins if not twin.cue_repeated]
    return chance.choice(clean or twins) if twins else None


def _swaps(grammar: Grammar, derivation: Derivation, target: Mark) -> Iterator[dict[int, str]]:
    """Yield every other combination of values for the draws that the target depends on."""
    shared = sorted({identity for identity in target.identities if identity >= 0})
    drawn = [derivation.draws[identity] for identity in shared]
    for values in itertools.product(*(grammar.rules.values(feature) for feature, _ in drawn)):
        if values != tuple(value for _, value in drawn):
            yield dict(zip(shared, values, strict=True))


def _item_pair(words: list[str], twin: list[str], target: int) -> tuple[Item, Item]:
    right, wrong = words[target], twin[target]
    return Item(words[:target], right, wrong), Item(twin[:target], wrong, right)
