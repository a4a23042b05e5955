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

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence

from glassgate.experiments.pairs_file import Pair
from glassgate.experiments.score import language_model
from glassgate.nn.models import LanguageModel
from glassgate.nn.ragged import run_ragged
from glassgate.nn.steps import valid_steps
from glassgate.train.load import Loaded
from glassgate.train.tokens import EOS, Vocabulary

TIE = 1e-4  # bits; sums of float32 products are not exact to less
ROWS = 1024  # tokens that are scored at once


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
    bits: list[list[float]] = [[]] * len(read)
    done = 0
    for chosen in _batches([len(one.said) for one in read]):
        found = _bits(model, vocabulary.bos, [read[i].said for i in chosen])
        for i, one in zip(chosen, found, strict=True):
            bits[i] = one
        done += len(chosen)
        if progress is not None:
            progress(done)
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
    said = [vocabulary.encode(text) + ids for text in (pair.good, pair.bad)]
    spelt = [vocabulary.words(text) + marks for text in (pair.good, pair.bad)]
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


def _batches(lengths: list[int]) -> Iterator[list[int]]:
    """Give the indices of sequences, those of like length together, up to `ROWS` tokens."""
    chosen: list[int] = []
    for i in sorted(range(len(lengths)), key=lengths.__getitem__):
        if chosen and lengths[i] * (len(chosen) + 1) > ROWS:
            yield chosen
            chosen = []
        chosen.append(i)
    if chosen:
        yield chosen


@torch.no_grad()
def _bits(model: LanguageModel, bos: int, said: list[list[int]]) -> list[list[float]]:
    """Return the surprisal of every token of each sequence, in bits."""
    heard = pad_sequence([torch.tensor([bos, *ids[:-1]]) for ids in said])  # (T, B)
    wanted = pad_sequence([torch.tensor(ids) for ids in said])  # (T, B)
    lengths = torch.tensor([len(ids) for ids in said])  # (B,)
    valid = valid_steps(lengths, len(heard))  # (T, B)
    hidden = run_ragged(model.network, model.embedding(heard), lengths)  # (N, H)
    nats = torch.cat(
        [
            F.cross_entropy(model.decoder(rows).double(), targets, reduction="none")
            for rows, targets in zip(
                torch.split(hidden, ROWS), torch.split(wanted[valid], ROWS), strict=True
            )
        ]
    )  # (N,)
    bits = torch.zeros(wanted.shape, dtype=torch.float64)
    bits[valid] = nats / math.log(2)
    return [
        column[:length].tolist() for column, length in zip(bits.T, lengths.tolist(), strict=True)
    ]
