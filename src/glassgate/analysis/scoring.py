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

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, count, islice

from glassgate.analysis.surprisal import sentence_bits, stream_bits
from glassgate.errors import BadInput
from glassgate.nn.models import LanguageModel
from glassgate.train import Loaded
from glassgate.train.threads import Pace
from glassgate.train.tokens import EOS, batches

STRETCH = 4096  # tokens that are given at once
WINDOW = 2**17  # characters of the lines that are scored at once


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


def score(loaded: Loaded, text: str, pace: Pace | None = None) -> Iterator[list[ScoredToken]]:
    """Score every token of a text, a word, mark or character, and in a sentence its `<eos>`.

    Gives them in order, at most `STRETCH` at a time; `pace` chooses the threads. `BadInput` for a
    classifier.
    """
    tokens = _scored(loaded, language_model(loaded), text.rstrip(), pace)
    return iter(lambda: list(islice(tokens, STRETCH)), [])


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


def _scored(
    loaded: Loaded, model: LanguageModel, text: str, pace: Pace | None
) -> Iterator[ScoredToken]:
    vocabulary, by_sentence = loaded.vocabulary, loaded.config.get("by_sentence", False)
    before, state = vocabulary.bos, None
    bits: Iterator[float]
    numbers = count(1)
    for window in batches((match[0] for match in re.finditer(r".*\n|.+", text)), WINDOW):
        lines = list(zip(window, numbers, strict=False))
        if by_sentence:
            lines = [(line.strip(), number) for line, number in lines if not line.isspace()]
        cuts = vocabulary.cut([line for line, _ in lines])
        if by_sentence:
            sentences = [[*ids, vocabulary.eos] for ids, _ in cuts]
            bits = iter(chain(*sentence_bits(model, vocabulary.bos, sentences, pace=pace)))
        else:
            said = [i for ids, _ in cuts for i in ids]
            found, state = stream_bits(model, before, said, state, pace)
            bits, before = iter(found), said[-1] if said else before
        for (line, number), (ids, spans) in zip(lines, cuts, strict=True):
            scored = zip(spans, ids, bits, strict=False)  # of bits only as many as there are ids
            yield from _tokens(number, line, scored, vocabulary.unk)
            if by_sentence:
                yield ScoredToken(number, len(ids) + 1, EOS, True, next(bits), True)


def _tokens(
    number: int, line: str, scored: Iterable[tuple[tuple[int, int], int, float]], unk: int
) -> Iterator[ScoredToken]:
    """Give the tokens of a line, each of which is a span, an id and bits."""
    for position, ((start, stop), i, bits) in enumerate(scored, 1):
        begins = not line[start].isspace() and (start == 0 or line[start - 1].isspace())
        yield ScoredToken(number, position, line[start:stop], i != unk, bits, begins)
