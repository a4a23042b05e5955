"""How often a model is right: by method, and on pairs of whose words it knows enough.

The rows to cite are those of pairs whose words the model knows up to and including the critical
one. If a word before it is unknown, that may be the cue itself, such as the subject that a verb
agrees with, and the model can only guess. With as many pairs of either answer it is then right in
exactly half of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean

from glassgate.analysis.intervals import share_interval, wilson
from glassgate.analysis.pairs.judging import Critical, Judged

TO_CITE = "known to critical"  # the set of pairs whose accuracy says something

METHODS: Mapping[str, Callable[[Judged], float | None]] = {
    "whole sentence": lambda judged: judged.whole_sentence,
    "critical word": lambda judged: judged.critical_word,
}


def has_unknown(judged: Judged) -> bool:
    """Whether either sentence has a word that the model does not know."""
    return judged.good.unknown + judged.bad.unknown > 0


def knows_critical(judged: Judged) -> bool:
    """Whether the pair has critical words and the model knows both."""
    return all(critical is not None and critical.known for critical in _criticals(judged))


def knows_to_critical(judged: Judged) -> bool:
    """Whether the pair has critical words and the model knows them and all words before them."""
    return all(
        critical is not None and critical.known_throughout for critical in _criticals(judged)
    )


SETS: Mapping[str, Callable[[Judged], bool]] = {
    "all": lambda judged: True,  # noqa: ARG005
    "critical words known": knows_critical,
    TO_CITE: knows_to_critical,
    "all words known": lambda judged: not has_unknown(judged),
}


@dataclass(frozen=True)
class Accuracy:
    """How often a method is right on a set of pairs."""

    method: str  # one of METHODS
    pairs: str  # one of SETS
    n: int  # pairs that the method judges
    right: int
    tied: int  # each half right

    @property
    def share(self) -> float | None:
        """The accuracy, 0 to 1; None without pairs."""
        return (self.right + self.tied / 2) / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95% interval of the accuracy (Wilson 1927); None without pairs."""
        return wilson(self.right + self.tied / 2, self.n) if self.n else None


@dataclass(frozen=True)
class Counts:
    """How many pairs have features that a reader of the accuracies should know."""

    pairs: int
    unknown: int  # with a word that the model does not know
    unknown_critical: int  # with an unknown critical word
    unlike_length: int  # whose sentences differ in their number of tokens
    no_critical: int  # not judged by critical words
    no_prefix: int  # whose critical words come first, conditioned on <bos> alone
    unknown_before: int  # with an unknown word before a critical one
    same_tokens: int  # the same tokens to the model, up to the critical words: ties by construction


def accuracies(judged: Sequence[Judged]) -> list[Accuracy]:
    """Return the accuracy of each method on each set of pairs."""
    table = []
    for method, mark in METHODS.items():
        for name, belongs in SETS.items():
            marks = [mark(pair) for pair in judged if belongs(pair)]
            n = sum(value is not None for value in marks)
            table.append(Accuracy(method, name, n=n, right=marks.count(1.0), tied=marks.count(0.5)))
    return table


@dataclass(frozen=True)
class MeanAccuracy:
    """The mean accuracy of several models, by a method on a set of pairs."""

    method: str
    pairs: str
    n: tuple[int, ...]  # pairs judged, for each model: they may know different words
    share: float | None  # mean over models; None if one of them judges no pair
    interval: tuple[float, float] | None  # 95%, of the mean (`share_interval`)


def mean_accuracies(tables: Sequence[Sequence[Accuracy]]) -> list[MeanAccuracy]:
    """Average the `accuracies` of several models, two or more, row by row."""
    means = []
    for row in zip(*tables, strict=True):
        shares = [accuracy.share for accuracy in row if accuracy.share is not None]
        whole = len(shares) == len(row)
        means.append(
            MeanAccuracy(
                method=row[0].method,
                pairs=row[0].pairs,
                n=tuple(accuracy.n for accuracy in row),
                share=mean(shares) if whole else None,
                interval=share_interval(shares) if whole else None,
            )
        )
    return means


def counts(judged: Sequence[Judged]) -> Counts:
    """Count the pairs that need care in reading the accuracies."""
    return Counts(
        pairs=len(judged),
        unknown=sum(map(has_unknown, judged)),
        unknown_critical=sum(
            pair.critical_word is not None and not knows_critical(pair) for pair in judged
        ),
        unlike_length=sum(pair.good.tokens != pair.bad.tokens for pair in judged),
        no_critical=sum(pair.critical_word is None for pair in judged),
        no_prefix=sum(
            any(c is not None and c.before == 0 for c in _criticals(pair)) for pair in judged
        ),
        unknown_before=sum(
            any(c is not None and c.unknown_before > 0 for c in _criticals(pair)) for pair in judged
        ),
        same_tokens=sum(pair.same_tokens for pair in judged),
    )


def _criticals(judged: Judged) -> tuple[Critical | None, Critical | None]:
    return judged.good.critical, judged.bad.critical
