"""How surprising each word of a text is to a language model.

The surprisal of a token is -log2 of the probability that the model gave it beforehand (Hale 2001,
Levy 2008). A model of sentences begins each line with `<bos>` and the zero state, so that a token
is judged by those before it in its line, the first by `<bos>` alone; `<eos>` after the last is
judged as a token. A model of a stream has `<bos>` and the zero state once, at the beginning of the
text, carries its state on from line to line, and knows no `<eos>`.

A word of a reader is what stands between two spaces, as one region of a reading experiment. Its
surprisal is the sum over its tokens: by the chain rule, that of all of them together.
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
from glassgate.train.tokens import EOS

STRETCH = 256  # tokens that are scored at once


@dataclass(frozen=True)
class Scored:
    """A piece of a text, or the `<eos>` after a line, and its surprisal."""

    sentence: int  # line of the text, from 1
    position: int  # in its line, from 1
    spelt: str  # as the text spells it
    known: bool  # whether all of it was scored as itself and not as `<unk>`
    surprisal: float  # bits

    @property
    def is_end(self) -> bool:
        """Whether it is the `<eos>` after a line: one that a text spells is several tokens."""
        return self.spelt == EOS


@dataclass(frozen=True)
class ScoredToken(Scored):
    """A token of the model."""

    begins: bool  # whether it is the first of what stands between two spaces


@dataclass(frozen=True)
class ScoredWord(Scored):
    """What stands between two spaces; its surprisal is the sum over its tokens."""

    pieces: int  # tokens that it is made of
    length: int  # letters and digits; marks do not count

    @property
    def is_end(self) -> bool:
        """Whether it is the `<eos>` after a line."""
        return super().is_end and self.pieces == 1


class _Token(NamedTuple):
    line: int
    position: int
    spelt: str
    id: int
    begins: bool


def score(loaded: Loaded, text: str) -> Iterator[list[ScoredToken]]:
    """Score every token of a text, a word, mark or character, and in a sentence its `<eos>`.

    Gives them in order, at most `STRETCH` at a time. `BadInput` for a classifier.
    """
    return _scored(loaded, language_model(loaded), text)


def by_word(stretches: Iterable[list[ScoredToken]]) -> Iterator[list[ScoredWord]]:
    """Sum what `score` gives to words.

    White space, which is a token of characters only, goes with the word before it: it is what
    says that the word has ended. At the beginning of a text it goes with the first word.
    """
    pieces: list[ScoredToken] = []
    sentence = position = 0
    for tokens in chain(stretches, [[]]):
        done = []
        for token in tokens:
            if token.begins and any(not piece.spelt.isspace() for piece in pieces):
                done.append(_summed(pieces, position))
                pieces = []
            if token.begins:
                position = position + 1 if token.sentence == sentence else 1
                sentence = token.sentence
            pieces.append(token)
        if done:
            yield done
    if pieces:
        yield [_summed(pieces, position)]


def language_model(loaded: Loaded) -> LanguageModel:
    """Return the model of a folder; `BadInput` for a classifier."""
    if not isinstance(loaded.model, LanguageModel):
        raise BadInput("a classifier gives no surprisal: score needs a language model")
    return loaded.model


def _summed(pieces: list[ScoredToken], position: int) -> ScoredWord:
    first = next((piece for piece in pieces if piece.begins), pieces[0])
    word = "".join(piece.spelt for piece in pieces).strip()
    return ScoredWord(
        first.sentence,
        position,
        word,
        all(piece.known for piece in pieces),
        sum(piece.surprisal for piece in pieces),
        len(pieces),
        0 if first.spelt == EOS else sum(map(str.isalnum, word)),
    )


def _scored(loaded: Loaded, model: LanguageModel, text: str) -> Iterator[list[ScoredToken]]:
    by_sentence = loaded.config.get("by_sentence", False)
    lines = text.rstrip().split("\n")
    if by_sentence:
        stripped = [line.strip() for line in lines]
        runs: Iterable[Iterator[_Token]] = _lines(loaded, stripped, ended=True)
    else:  # the line breaks are tokens of a stream of characters
        last = len(lines) - 1
        whole = [line + "\n" if index < last else line for index, line in enumerate(lines)]
        runs = [chain.from_iterable(_lines(loaded, whole, ended=False))]
    for tokens in runs:
        yield from _run(loaded, model, tokens)


def _lines(loaded: Loaded, lines: Iterable[str], *, ended: bool) -> Iterator[Iterator[_Token]]:
    """Give the tokens of each line, `<eos>` after those of a line that is not blank if `ended`."""
    for number, line in enumerate(lines, 1):
        yield _tokens(loaded, number, line, ended=ended and bool(line))


def _tokens(loaded: Loaded, number: int, line: str, *, ended: bool) -> Iterator[_Token]:
    vocabulary = loaded.vocabulary
    spans, ids = vocabulary.spans(line), vocabulary.encode(line)
    for at, ((start, stop), i) in enumerate(zip(spans, ids, strict=True), 1):
        begins = not line[start].isspace() and (start == 0 or line[start - 1].isspace())
        yield _Token(number, at, line[start:stop], i, begins)
    if ended:
        yield _Token(number, len(ids) + 1, EOS, vocabulary.eos, True)


def _run(
    loaded: Loaded, model: LanguageModel, tokens: Iterator[_Token]
) -> Iterator[list[ScoredToken]]:
    """Score what shares one state, from `<bos>` and the zero state on."""
    state: State | None = None
    before, unk = loaded.vocabulary.bos, loaded.vocabulary.unk
    while stretch := list(islice(tokens, STRETCH)):
        ids = [token.id for token in stretch]
        bits, state = _surprisal(model, [before, *ids[:-1]], ids, state)
        yield [
            ScoredToken(t.line, t.position, t.spelt, t.id != unk, surprisal, t.begins)
            for t, surprisal in zip(stretch, bits, strict=True)
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
