"""Which of two sentences a language model prefers: minimal pairs, as in BLiMP.

Two methods judge a pair of which one sentence is grammatical and the other is not (Linzen, Dupoux
and Goldberg 2016; Marvin and Linzen 2018; Warstadt et al. 2020):

- *whole sentence*: right is a higher probability of the whole good sentence than of the whole bad
  one, each from `<bos>` and the zero state, with its `<eos>` where the model is one of sentences.
- *critical word*: right is a higher probability of the good sentence's critical word, given all
  that stands before it, than of the bad one's. The critical words are the first tokens at which
  the two sentences differ, so that both are given the same words; a sentence that ends where the
  other goes on has `<eos>` there, if the model knows it. Where a file names the critical words and
  what stands before them, those are taken: they may be several tokens, and two prefixes may lead to
  one word. A pair without any, as of two equal sentences, is not judged by this method.

Sentences that differ by less than `TIE` bits are tied, and a tie is half right: so are two critical
words that are both unknown, which the model reads as the same `<unk>`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from glassgate.analysis.intervals import wilson
from glassgate.analysis.pairs_file import Pair
from glassgate.analysis.scoring import language_model
from glassgate.analysis.surprisal import sentence_bits
from glassgate.train import Loaded
from glassgate.train.tokens import EOS, Vocabulary

TIE = 1e-4  # bits; sums of float32 products are not exact to less


@dataclass(frozen=True)
class Critical:
    """The critical word of a sentence."""

    word: str  # as the sentence spells it
    before: int  # tokens that stand before it
    known: bool  # whether none of it was read as `<unk>`
    bits: float  # its surprisal


@dataclass(frozen=True)
class Side:
    """One sentence of a pair, as a model read it."""

    bits: float  # surprisal of the whole sentence
    tokens: int  # without the marks at its ends
    unknown: int  # of them, read as `<unk>`
    critical: Critical | None


@dataclass(frozen=True)
class Judged:
    """A pair, judged: 1 where the model prefers the good sentence, 0 the bad one, 0.5 neither."""

    pair: Pair
    good: Side
    bad: Side

    @property
    def whole_sentence(self) -> float:
        """What the whole sentences say."""
        return _mark(self.good.bits, self.bad.bits)

    @property
    def critical_word(self) -> float | None:
        """What the critical words say; None where there are none."""
        if self.good.critical is None or self.bad.critical is None:
            return None
        return _mark(self.good.critical.bits, self.bad.critical.bits)


@dataclass(frozen=True)
class _Read:
    """A sentence as tokens."""

    said: list[int]  # what the model is to predict, `<eos>` last if it knows one
    spelt: list[str]
    critical: slice | None


def judge(
    loaded: Loaded, pairs: Sequence[Pair], progress: Callable[[int], object] | None = None
) -> list[Judged]:
    """Judge each pair. `progress` is told how many sentences are done, of two a pair.

    `BadInput` for a classifier.
    """
    model, vocabulary = language_model(loaded), loaded.vocabulary
    read = [side for pair in pairs for side in _read(loaded, pair)]
    bits = sentence_bits(model, vocabulary.bos, [one.said for one in read], progress)
    between = "" if loaded.config.get("level") == "characters" else " "
    sides = [_side(one, own, vocabulary, between) for one, own in zip(read, bits, strict=True)]
    return [Judged(*both) for both in zip(pairs, sides[::2], sides[1::2], strict=True)]


def _mark(good: float, bad: float) -> float:
    if abs(good - bad) < TIE:
        return 0.5
    return 1.0 if good < bad else 0.0


def _side(one: _Read, bits: list[float], vocabulary: Vocabulary, between: str) -> Side:
    unknown = [i == vocabulary.unk for i in one.said]
    tokens = sum(i != vocabulary.eos for i in one.said)
    critical = None
    if (at := one.critical) is not None:
        word = between.join(one.spelt[at])
        critical = Critical(word, at.start, not any(unknown[at]), sum(bits[at]))
    return Side(sum(bits), tokens, sum(unknown), critical)


def _read(loaded: Loaded, pair: Pair) -> list[_Read]:
    """Return the tokens of both sentences, and where their critical words stand."""
    vocabulary = loaded.vocabulary
    by_sentence = loaded.config.get("by_sentence", False)
    ids, marks = ([vocabulary.eos], [EOS]) if by_sentence else ([], [])
    texts = (pair.good, pair.bad)
    cuts = list(zip(texts, vocabulary.cut(texts), strict=True))
    said = [own + ids for _, (own, _) in cuts]
    spelt = [[text[start:stop] for start, stop in spans] + marks for text, (_, spans) in cuts]
    if pair.named is not None:
        critical = [
            _named(vocabulary, *one, ids) for one, ids in zip(pair.named, said, strict=True)
        ]
    else:
        critical = [_first_difference(vocabulary, said, spelt)] * 2
    return [_Read(*one) for one in zip(said, spelt, critical, strict=True)]


def _named(vocabulary: Vocabulary, before: str, word: str, ids: list[int]) -> slice | None:
    """Return where a critical word stands that the file names; None if it does not stand there."""
    lead = f"{before.strip()} ".lstrip()  # a space is no token but of characters
    start, beginning = len(vocabulary.encode(lead)), vocabulary.encode(lead + word.strip())
    if len(beginning) == start or ids[: len(beginning)] != beginning:
        return None
    return slice(start, len(beginning))


def _first_difference(
    vocabulary: Vocabulary, said: list[list[int]], spelt: list[list[str]]
) -> slice | None:
    """Return the first token at which two sentences differ, unknown ones by their spelling."""
    good, bad = (
        [word.lower() if i == vocabulary.unk else i for i, word in zip(ids, words, strict=True)]
        for ids, words in zip(said, spelt, strict=True)
    )
    both = enumerate(zip(good, bad, strict=False))
    return next((slice(at, at + 1) for at, (one, other) in both if one != other), None)


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
