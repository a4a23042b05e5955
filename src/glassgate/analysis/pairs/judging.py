"""Which of two sentences a language model prefers: minimal pairs, as in BLiMP.

Two methods judge a pair of which one sentence is grammatical and the other is not (Linzen, Dupoux
and Goldberg 2016; Marvin and Linzen 2018; Warstadt et al. 2020):

- *whole sentence*: the model is right if the good sentence as a whole is more probable than the bad
  one, each from `<bos>` and the zero state, `<eos>` included in a model of sentences.
- *critical word*: the model is right if the good sentence's critical word, given all that precedes
  it, is more probable than the bad one's. The critical words are the first tokens at which the two
  sentences differ, so both follow the same words; where one sentence ends and the other continues,
  the critical word of the shorter one is `<eos>`, if the model knows it. If the file names the
  critical words and their prefixes, these are used: they may be several tokens, and two prefixes
  may lead to one word. A pair without critical words, such as two equal sentences, is not judged
  by this method.

Sentences that differ by less than `TIE_MARGIN` bits are tied, and a tie counts as half right. Two
unknown critical words are tied, because the model reads both as `<unk>`. So are two contexts that
differ in an unknown word alone, when they lead to the same critical word. Such pairs are marked
`same_tokens`: they are ties by construction and say nothing about the model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from glassgate.analysis.pairs.file import Pair
from glassgate.analysis.scoring import language_model
from glassgate.analysis.surprisal import predict_sentences
from glassgate.train import Loaded
from glassgate.train.tokens import EOS, Vocabulary

TIE_MARGIN = 1e-4  # bits; float32 sums are no more exact than this


@dataclass(frozen=True)
class Critical:
    """The critical word of a sentence."""

    word: str  # as the sentence spells it
    before: int  # number of tokens before it
    unknown_before: int  # of these, read as `<unk>`
    known: bool  # whether none of it was read as `<unk>`
    bits: float  # its surprisal

    @property
    def known_throughout(self) -> bool:
        """Whether neither it nor any word before it was read as `<unk>`."""
        return self.known and self.unknown_before == 0


@dataclass(frozen=True)
class Side:
    """One sentence of a pair, as a model read it."""

    bits: float  # surprisal of the whole sentence
    tokens: int  # without `<bos>` and `<eos>`
    unknown: int  # tokens read as `<unk>`
    critical: Critical | None


@dataclass(frozen=True)
class Judged:
    """A judged pair: 1 if the model prefers the good sentence, 0 the bad one, 0.5 neither."""

    pair: Pair
    good: Side
    bad: Side
    same_tokens: bool = False  # to the model, up to and including the critical words

    @property
    def whole_sentence(self) -> float:
        """The judgement of the whole sentences."""
        return _mark(self.good.bits, self.bad.bits)

    @property
    def critical_word(self) -> float | None:
        """The judgement of the critical words; None if there are none."""
        if self.good.critical is None or self.bad.critical is None:
            return None
        return _mark(self.good.critical.bits, self.bad.critical.bits)


@dataclass(frozen=True)
class _Read:
    """A sentence as tokens."""

    targets: list[int]  # ids to predict, `<eos>` last if the model knows it
    spelt: list[str]
    critical: slice | None

    @property
    def to_critical(self) -> list[int]:
        """The ids up to and including the critical word; all of them without one."""
        return self.targets if self.critical is None else self.targets[: self.critical.stop]


def judge(
    loaded: Loaded, pairs: Sequence[Pair], progress: Callable[[int], object] | None = None
) -> list[Judged]:
    """Judge each pair. `progress` is called with the number of sentences done, two per pair.

    Raises `BadInput` for a classifier.
    """
    model, vocabulary = language_model(loaded), loaded.vocabulary
    read = [side for pair in pairs for side in _read(loaded, pair)]
    targets = [sentence.targets for sentence in read]
    predicted = predict_sentences(model, vocabulary.bos, targets, progress)
    between = "" if loaded.config.get("level") == "characters" else " "
    sides = [
        _side(sentence, [token.bits for token in tokens], vocabulary, between)
        for sentence, tokens in zip(read, predicted, strict=True)
    ]
    same = [
        good.to_critical == bad.to_critical for good, bad in zip(read[::2], read[1::2], strict=True)
    ]
    return [Judged(*one) for one in zip(pairs, sides[::2], sides[1::2], same, strict=True)]


def _mark(good: float, bad: float) -> float:
    if abs(good - bad) < TIE_MARGIN:
        return 0.5
    return 1.0 if good < bad else 0.0


def _side(sentence: _Read, bits: list[float], vocabulary: Vocabulary, between: str) -> Side:
    unknown = [i == vocabulary.unk for i in sentence.targets]
    tokens = sum(i != vocabulary.eos for i in sentence.targets)
    critical = None
    if (at := sentence.critical) is not None:
        word = between.join(sentence.spelt[at])
        critical = Critical(
            word=word,
            before=at.start,
            unknown_before=sum(unknown[: at.start]),
            known=not any(unknown[at]),
            bits=sum(bits[at]),
        )
    return Side(sum(bits), tokens, sum(unknown), critical)


def _read(loaded: Loaded, pair: Pair) -> list[_Read]:
    """Return the tokens of both sentences, and the positions of their critical words."""
    vocabulary = loaded.vocabulary
    by_sentence = loaded.config.get("by_sentence", False)
    ids, marks = ([vocabulary.eos], [EOS]) if by_sentence else ([], [])
    texts = (pair.good, pair.bad)
    cuts = list(zip(texts, vocabulary.cut(texts), strict=True))
    targets = [own + ids for _, (own, _) in cuts]
    spelt = [[text[start:stop] for start, stop in spans] + marks for text, (_, spans) in cuts]
    if pair.named is not None:
        critical = [
            _find_named(vocabulary, before, word, own)
            for (before, word), own in zip(pair.named, targets, strict=True)
        ]
    else:
        critical = [_first_difference(vocabulary, targets, spelt)] * 2
    return [_Read(*sentence) for sentence in zip(targets, spelt, critical, strict=True)]


def _find_named(vocabulary: Vocabulary, before: str, word: str, ids: list[int]) -> slice | None:
    """Return the position of a critical word that the file names; None if it is not there."""
    lead = f"{before.strip()} ".lstrip()  # only models of characters read a space as a token
    start, beginning = len(vocabulary.encode(lead)), vocabulary.encode(lead + word.strip())
    if len(beginning) == start or ids[: len(beginning)] != beginning:
        return None
    return slice(start, len(beginning))


def _first_difference(
    vocabulary: Vocabulary, targets: list[list[int]], spelt: list[list[str]]
) -> slice | None:
    """Return the first token at which two sentences differ; unknown words differ by spelling."""
    good, bad = (
        [word.lower() if i == vocabulary.unk else i for i, word in zip(ids, words, strict=True)]
        for ids, words in zip(targets, spelt, strict=True)
    )
    both = enumerate(zip(good, bad, strict=False))
    return next((slice(at, at + 1) for at, (token, other) in both if token != other), None)
