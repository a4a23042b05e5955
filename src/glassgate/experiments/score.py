"""How surprising each word of a text is to a language model.

The surprisal of a word is -log2 of the probability that the model gave it beforehand (Hale 2001,
Levy 2008). A model of sentences begins each line with `<bos>` and the zero state, so that a word
is judged by the words before it in its line. A model of a stream does so once, at the beginning
of the text, and carries its state on from line to line.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import NamedTuple

import torch
from torch.nn import functional as F

from glassgate.errors import BadInput
from glassgate.nn.models import LanguageModel, State
from glassgate.train.load import Loaded

STRETCH = 256  # words that are scored at once


@dataclass(frozen=True)
class ScoredWord:
    """A word of a text and its surprisal."""

    sentence: int  # line of the text, from 1
    position: int  # in its line, from 1
    word: str  # as the text spells it
    known: bool  # whether it was scored as itself and not as `<unk>`
    surprisal: float  # bits


class _Token(NamedTuple):
    line: int
    position: int
    word: str
    id: int


def score(loaded: Loaded, text: str) -> Iterator[list[ScoredWord]]:
    """Score every word of a text, or every character if those are the model's tokens.

    Gives the words in order, at most `STRETCH` at a time. `BadInput` for a classifier.
    """
    if not isinstance(loaded.model, LanguageModel):
        raise BadInput("a classifier gives no surprisal: score needs a language model")
    return _scored(loaded, loaded.model, text)


def _scored(loaded: Loaded, model: LanguageModel, text: str) -> Iterator[list[ScoredWord]]:
    by_sentence = loaded.config.get("by_sentence", False)
    lines = text.rstrip().split("\n")
    if by_sentence:
        runs: Iterable[Iterator[_Token]] = _lines(loaded, [line.strip() for line in lines])
    else:  # the line breaks are tokens of a stream of characters
        last = len(lines) - 1
        whole = [line + "\n" if index < last else line for index, line in enumerate(lines)]
        runs = [chain.from_iterable(_lines(loaded, whole))]
    for tokens in runs:
        yield from _run(loaded, model, tokens)


def _lines(loaded: Loaded, lines: Iterable[str]) -> Iterator[Iterator[_Token]]:
    """Give the tokens of each line."""
    vocabulary = loaded.vocabulary
    for number, line in enumerate(lines, 1):
        pairs = zip(vocabulary.words(line), vocabulary.encode(line), strict=True)
        yield (_Token(number, at, word, i) for at, (word, i) in enumerate(pairs, 1))


def _run(
    loaded: Loaded, model: LanguageModel, tokens: Iterator[_Token]
) -> Iterator[list[ScoredWord]]:
    """Score what shares one state, from `<bos>` and the zero state on."""
    state: State | None = None
    before, unk = loaded.vocabulary.bos, loaded.vocabulary.unk
    while stretch := list(islice(tokens, STRETCH)):
        ids = [token.id for token in stretch]
        bits, state = _surprisal(model, [before, *ids[:-1]], ids, state)
        yield [
            ScoredWord(token.line, token.position, token.word, token.id != unk, surprisal)
            for token, surprisal in zip(stretch, bits, strict=True)
        ]
        before = ids[-1]


@torch.no_grad()
def _surprisal(
    model: LanguageModel, heard: list[int], said: list[int], state: State | None
) -> tuple[list[float], State | None]:
    """Return the bits of each token said after those heard, and the state at the end."""
    logits, state = model(torch.tensor(heard)[:, None], state)  # (T, 1, V)
    nats = F.cross_entropy(logits[:, 0].double(), torch.tensor(said), reduction="none")  # (T,)
    bits: list[float] = (nats / math.log(2)).tolist()
    return bits, state
