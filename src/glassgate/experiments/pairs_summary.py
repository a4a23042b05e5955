"""What judged pairs say together: how many a model gets right, and how sure that is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from glassgate.experiments.intervals import wilson
from glassgate.experiments.pairs import Critical, Judged

METHODS: Mapping[str, Callable[[Judged], float | None]] = {
    "whole sentence": lambda judged: judged.whole_sentence,
    "critical word": lambda judged: judged.critical_word,
}


def has_unknown(judged: Judged) -> bool:
    """Whether the model does not know every word of both sentences."""
    return judged.good.unknown + judged.bad.unknown > 0


def knows_critical(judged: Judged) -> bool:
    """Whether a pair has critical words and the model knows them."""
    return all(critical is not None and critical.known for critical in _criticals(judged))


SETS: Mapping[str, Callable[[Judged], bool]] = {
    "all": lambda judged: True,  # noqa: ARG005
    "critical words known": knows_critical,
    "all words known": lambda judged: not has_unknown(judged),
}


@dataclass(frozen=True)
class Accuracy:
    """How often a method is right on a set of pairs."""

    method: str  # one of METHODS
    pairs: str  # one of SETS
    n: int  # pairs that the method judges
    right: int
    tied: int  # each counts as half right

    @property
    def share(self) -> float | None:
        """The accuracy, 0 to 1; None of no pair."""
        return (self.right + self.tied / 2) / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The ends of its 95% interval (Wilson 1927); None of no pair."""
        return wilson(self.right + self.tied / 2, self.n) if self.n else None


@dataclass(frozen=True)
class Counts:
    """How many pairs are out of the ordinary."""

    pairs: int
    unknown: int  # hold words that the model does not know
    unknown_critical: int  # of them, at a critical word
    unlike_length: int  # one sentence has more tokens
    no_critical: int  # are not judged by critical words
    no_prefix: int  # differ from the first word on: the critical words are given <bos> alone


def accuracies(judged: Sequence[Judged]) -> list[Accuracy]:
    """Return how often each method is right, on each set of pairs."""
    found = []
    for method, mark in METHODS.items():
        for name, belongs in SETS.items():
            marks = [mark(one) for one in judged if belongs(one)]
            n = sum(value is not None for value in marks)
            found.append(Accuracy(method, name, n, marks.count(1.0), marks.count(0.5)))
    return found


def counts(judged: Sequence[Judged]) -> Counts:
    """Count what a reader of the accuracies has to know."""
    return Counts(
        len(judged),
        sum(map(has_unknown, judged)),
        sum(one.critical_word is not None and not knows_critical(one) for one in judged),
        sum(one.good.tokens != one.bad.tokens for one in judged),
        sum(one.critical_word is None for one in judged),
        sum(any(c is not None and c.before == 0 for c in _criticals(one)) for one in judged),
    )


def _criticals(judged: Judged) -> tuple[Critical | None, Critical | None]:
    return judged.good.critical, judged.bad.critical
