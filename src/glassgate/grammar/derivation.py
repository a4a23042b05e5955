"""Derive a sentence from left to right, at random or by repeating an earlier derivation.

A derivation records the choice made at each step. Repeated with one feature value swapped, it gives
the sentence's twin: "the boy who fell hurt his knee", "the girl who fell hurt her knee".
"""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from glassgate.grammar.file import Block, Symbol
from glassgate.grammar.rules import Rules, instantiate

Pending = tuple[Symbol | str | int, tuple[int, ...]]  # an item to write, its arguments' draws


class Mark(NamedTuple):
    """A category in a derivation: the span of its words, and the draws it depends on.

    `identities` has one number for each argument: the index of the draw that gave its value, or -1
    for a constant. Two symbols agree if they share a draw.
    """

    category: str
    begin: int
    end: int
    identities: tuple[int, ...]


@dataclass(frozen=True)
class Derivation:
    """A sentence, with the choices that produced it.

    Attributes
    ----------
    words
        The sentence.
    choices
        The index of the alternative chosen at each step, from 0.
    draws
        Each feature drawn and its value, in order.
    marks
        The categories that can be part of a dependency, in the order in which they open.
    bits
        -log2 of the derivation's probability.
    """

    words: list[str]
    choices: list[int]
    draws: list[tuple[str, str]]
    marks: list[Mark]
    bits: float


class RandomChoice:
    """Chooses alternatives by their probabilities, and values evenly."""

    def __init__(self, rules: Rules, chance: random.Random) -> None:
        self.rules, self.chance = rules, chance

    def alternative(self, block: Block, step: int) -> int:  # noqa: ARG002 - `Replay` uses it
        """Choose an alternative of `block`."""
        point = self.chance.random()
        for i, alternative in enumerate(block.alternatives):
            point -= alternative.probability
            if point < 0:
                return i
        return len(block.alternatives) - 1

    def value(self, feature: str, draw: int) -> str:  # noqa: ARG002
        """Choose a value of `feature`."""
        return self.chance.choice(self.rules.values(feature))


class Replay:
    """Repeats the choices of a derivation, with some of its draws swapped for other values."""

    def __init__(self, original: Derivation, swapped: Mapping[int, str]) -> None:
        self.original, self.swapped = original, swapped

    def alternative(self, block: Block, step: int) -> int:  # noqa: ARG002
        """Repeat the choice of this step."""
        return self.original.choices[step]

    def value(self, feature: str, draw: int) -> str:  # noqa: ARG002
        """Repeat the value of this draw, or return the value it is swapped for."""
        return self.swapped.get(draw, self.original.draws[draw][1])


def derive(rules: Rules, chooser: RandomChoice | Replay) -> Derivation:
    """Derive a sentence from left to right, expanding the leftmost symbol at each step.

    Raises
    ------
    LookupError
        If a replayed choice has no counterpart under the swapped values.
    """
    words: list[str] = []
    choices: list[int] = []
    draws: list[tuple[str, str]] = []
    marks: list[Mark] = []
    bits = 0.0
    waiting: list[Pending] = [(rules.start, ())]
    while waiting:
        item, identities = waiting.pop()
        if isinstance(item, str):
            words.append(item)
            continue
        if isinstance(item, int):  # the index of a mark whose words end here
            marks[item] = marks[item]._replace(end=len(words))
            continue
        if item.category in rules.dependency_categories:
            waiting.append((len(marks), ()))
            marks.append(Mark(item.category, len(words), -1, identities))
        block = rules.blocks[item]
        choices.append(chooser.alternative(block, len(choices)))
        alternative = block.alternatives[choices[-1]]
        bits -= math.log2(alternative.probability)
        value = dict(zip(block.head.arguments, item.arguments, strict=True))
        identity = dict(zip(block.head.arguments, identities, strict=True))
        for feature in alternative.draws:
            value[feature] = chooser.value(feature, len(draws))
            identity[feature] = len(draws)
            bits += math.log2(len(rules.values(feature)))
            draws.append((feature, value[feature]))
        for child in reversed(alternative.items):
            numbers = () if isinstance(child, str) else tuple(identity.get(a, -1) for a in child[1])
            waiting.append((instantiate(child, value), numbers))
    return Derivation(words, choices, draws, marks, bits)
