"""How surprising each word of a text is to a language model, and how uncertain the model was.

The surprisal of a token is -log2 of the probability that the model gave it beforehand (Hale 2001,
Levy 2008). A model of sentences starts each line from `<bos>` and the zero state, so a token is
conditioned on those before it in its line, the first on `<bos>` alone; the `<eos>` after the last
is scored as a token. A model of a stream reads `<bos>` from the zero state once, at the start of
the text, carries its state from line to line, and knows no `<eos>`.

A word, to a reader, is what stands between two spaces, like one region of a reading experiment. Its
surprisal is the sum over its tokens, which by the chain rule is that of the whole word.

The *entropy* at a word is that of the distribution that predicts its first token: how uncertain the
model is before the word. The *entropy reduction* of Hale (2006) is how much of the uncertainty a
word removes, max(0, H before - H after). Hale's H is over the derivations of a grammar; here it is
over the next token alone, the one-step approximation (Frank 2013): H before is the entropy at the
word and H after that at the next one, so the end of a sentence, `<eos>`, leaves an entropy of 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count, islice
from typing import TypeVar

from glassgate.analysis.surprisal import (
    Predicted,
    next_entropy,
    predict_sentences,
    predict_stream,
)
from glassgate.errors import BadInput
from glassgate.nn.models import LanguageModel
from glassgate.train import Loaded
from glassgate.train.threads import Pace
from glassgate.train.tokens import EOS, batches

MAX_TOKENS = 4096  # tokens yielded at once
WINDOW = 2**17  # characters of the lines scored at once

T = TypeVar("T")


@dataclass(frozen=True)
class Scored:
    """A piece of a text, or the `<eos>` after a line, and its surprisal."""

    sentence: int  # line of the text, from 1
    position: int  # in its line, from 1
    spelt: str  # as the text spells it
    known: bool  # whether none of it was scored as `<unk>`
    surprisal: float  # bits
    entropy: float  # bits, of the distribution that predicted its first token
    entropy_after: float  # bits, of the distribution that predicts what follows it
    rank: int | None  # 1 + the number of tokens that were more probable; None for several tokens

    @property
    def entropy_reduction(self) -> float:
        """How much less uncertain the model is after it than before, in bits; not negative."""
        return max(0.0, self.entropy - self.entropy_after)

    @property
    def is_end(self) -> bool:
        """Whether it is the `<eos>` after a line; one that the text spells is several tokens."""
        return self.spelt == EOS


@dataclass(frozen=True)
class ScoredToken(Scored):
    """A token of the model."""

    begins: bool  # whether it starts a word


@dataclass(frozen=True)
class ScoredWord(Scored):
    """What stands between two spaces; its surprisal is the sum over its tokens.

    Its rank is that of the one token that has letters or digits: of "knee" in "knee.".
    """

    pieces: int  # number of tokens
    length: int  # number of letters and digits

    @property
    def is_end(self) -> bool:
        """Whether it is the `<eos>` after a line."""
        return super().is_end and self.pieces == 1


def score(loaded: Loaded, text: str, pace: Pace | None = None) -> Iterator[list[ScoredToken]]:
    """Score every token of a text and, in a model of sentences, the `<eos>` after each line.

    Yields tokens in order, at most `MAX_TOKENS` at a time; `pace` chooses the threads. Raises
    `BadInput` for a classifier.
    """
    tokens = _score_tokens(loaded, language_model(loaded), text.rstrip(), pace)
    return iter(lambda: list(islice(tokens, MAX_TOKENS)), [])


def by_word(stretches: Iterable[list[ScoredToken]]) -> Iterator[list[ScoredWord]]:
    """Sum the tokens that `score` yields to words.

    White space, a token in models of characters only, belongs to the word before it, as it marks
    the end of that word. At the start of a text it belongs to the first word.
    """
    pieces: list[ScoredToken] = []
    sentence = position = 0
    for tokens in chain(stretches, [[]]):
        words = []
        for token in tokens:
            if token.begins and any(not piece.spelt.isspace() for piece in pieces):
                words.append(_sum_pieces(pieces, position))
                pieces = []
            if token.begins:
                position = position + 1 if token.sentence == sentence else 1
                sentence = token.sentence
            pieces.append(token)
        if words:
            yield words
    if pieces:
        yield [_sum_pieces(pieces, position)]


def language_model(loaded: Loaded) -> LanguageModel:
    """Return the language model of a folder; raise `BadInput` for a classifier."""
    if not isinstance(loaded.model, LanguageModel):
        raise BadInput("a classifier gives no surprisal: score needs a language model")
    return loaded.model


def core_of(pieces: Sequence[tuple[str, T]]) -> T | None:
    """Return what belongs to the one piece of a word that has letters or digits.

    In a word without any it is its only piece; None where there are several.

    >>> core_of([('"', 1), ("knee", 2), (".", 3)]), core_of([("well", 1), ("-", 2), ("known", 3)])
    (2, None)
    """
    named = [own for spelt, own in pieces if any(map(str.isalnum, spelt))]
    candidates = named or [own for _, own in pieces]
    return candidates[0] if len(candidates) == 1 else None


def _sum_pieces(pieces: list[ScoredToken], position: int) -> ScoredWord:
    first = next((piece for piece in pieces if piece.begins), pieces[0])
    word = "".join(piece.spelt for piece in pieces).strip()
    core = core_of([(piece.spelt, piece) for piece in pieces])
    return ScoredWord(
        sentence=first.sentence,
        position=position,
        spelt=word,
        known=all(piece.known for piece in pieces),
        surprisal=sum(piece.surprisal for piece in pieces),
        entropy=pieces[0].entropy,
        entropy_after=pieces[-1].entropy_after,
        rank=None if core is None else core.rank,
        pieces=len(pieces),
        length=0 if first.spelt == EOS else sum(map(str.isalnum, word)),
    )


def _score_tokens(
    loaded: Loaded, model: LanguageModel, text: str, pace: Pace | None
) -> Iterator[ScoredToken]:
    vocabulary, by_sentence = loaded.vocabulary, loaded.config.get("by_sentence", False)
    before, state = vocabulary.bos, None
    predicted: Iterator[tuple[Predicted, float]]
    numbers = count(1)
    for window in batches((match[0] for match in re.finditer(r".*\n|.+", text)), WINDOW):
        lines = list(zip(window, numbers, strict=False))
        if by_sentence:
            lines = [(line.strip(), number) for line, number in lines if not line.isspace()]
        cuts = vocabulary.cut([line for line, _ in lines])
        if by_sentence:
            sentences = [[*ids, vocabulary.eos] for ids, _ in cuts]
            each = predict_sentences(model, vocabulary.bos, sentences, pace=pace)
            predicted = chain.from_iterable(_with_next(sentence, 0.0) for sentence in each)
        else:
            stream = [i for ids, _ in cuts for i in ids]
            stretch, state = predict_stream(model, before, stream, state, pace)
            before = stream[-1] if stream else before
            predicted = _with_next(stretch, next_entropy(model, before, state))
        for (line, number), (ids, spans) in zip(lines, cuts, strict=True):
            scored = zip(spans, ids, predicted, strict=False)  # takes one of `predicted` per id
            yield from _tokens(number, line, scored, vocabulary.unk)
            if by_sentence:
                (bits, entropy, rank), after = next(predicted)
                yield ScoredToken(
                    number, len(ids) + 1, EOS, True, bits, entropy, after, rank, begins=True
                )


def _with_next(predicted: Sequence[Predicted], last: float) -> Iterator[tuple[Predicted, float]]:
    """Give each token with the entropy after it; `last` is that after the last one."""
    after = (token.entropy for token in predicted[1:])
    return zip(predicted, chain(after, [last]), strict=False)


def _tokens(
    number: int,
    line: str,
    scored: Iterable[tuple[tuple[int, int], int, tuple[Predicted, float]]],
    unk: int,
) -> Iterator[ScoredToken]:
    """Yield the scored tokens of a line from their spans, ids and predictions."""
    for position, ((start, stop), i, (predicted, after)) in enumerate(scored, 1):
        begins = not line[start].isspace() and (start == 0 or line[start - 1].isspace())
        bits, entropy, rank = predicted
        yield ScoredToken(
            number, position, line[start:stop], i != unk, bits, entropy, after, rank, begins
        )
