"""The languages a^n b^n and a^n b^n c^n, and when a network accepts a word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from glassgate.nn.checks import valid_steps
from glassgate.nn.models import LanguageModel
from glassgate.nn.ragged import pad_ids

COLUMNS = 50  # words that are read at once
A_LETTER, B_LETTER = 0, 1  # the symbols a and b


class Language(NamedTuple):
    """Words of as many a as b (and c): symbol i is the i-th letter, then come end and begin.

    `name` is a key of `LANGUAGES`, `title` is for readers; `trained` is the largest n that is
    trained on and `tested` the largest that is tested.
    """

    name: str
    title: str
    letters: int
    trained: int
    tested: int

    @property
    def end(self) -> int:
        """The symbol after the last letter."""
        return self.letters

    @property
    def begin(self) -> int:
        """The symbol before the first letter."""
        return self.letters + 1

    @property
    def shortest(self) -> int:
        """The n from which on counting is judged, a tenth of `trained`.

        Shorter words have few symbols of all that are trained on: errors there say how long a
        network was trained, not how it counts.
        """
        return max(1, self.trained // 10)

    @property
    def threshold(self) -> float:
        """The probability that a symbol must have to be taken: half of the rarest one's.

        In training words of n = 1 to `trained`, all as frequent, the b after a single a has the
        probability 1 / `trained`, and no possible symbol is rarer.
        """
        return 0.5 / self.trained

    def word(self, n: int, extra: int = 0) -> list[int]:
        """Return a word of n of each letter, and `extra` more of the last one."""
        last = self.letters - 1
        letters = [letter for letter in range(self.letters) for _ in range(n)]
        letters = letters[:extra] if extra < 0 else letters + extra * [last]
        return [self.begin, *letters, self.end]

    def words(self, extra: int = 0, most: int | None = None) -> list[list[int]]:
        """Return the words of n = 1 to `most`, by default `tested`."""
        return [self.word(n, extra) for n in range(1, (most or self.tested) + 1)]


LANGUAGES = {
    language.name: language
    for language in (
        Language("anbn", "aⁿbⁿ", letters=2, trained=100, tested=400),
        Language("anbncn", "aⁿbⁿcⁿ", letters=3, trained=50, tested=200),
    )
}
"""The languages by name."""


def accepted(
    model: LanguageModel, words: Sequence[Sequence[int]], language: Language, *, sure: bool = False
) -> list[bool]:
    """Say of each word, begin and end included, whether the model accepts it.

    The published code accepts a word if every symbol has a probability above a threshold when it is
    due. If `sure`, every symbol after the first b must have more than a half: no other is as
    likely, and so the network counts exactly.
    """
    return [
        answer
        for start in range(0, len(words), COLUMNS)
        for answer in _accepted(model, words[start : start + COLUMNS], language, sure)
    ]


def _accepted(
    model: LanguageModel, words: Sequence[Sequence[int]], language: Language, sure: bool
) -> list[bool]:
    inputs, lengths = pad_ids([word[:-1] for word in words])  # (T, B)
    targets, _ = pad_ids([word[1:] for word in words])
    with torch.no_grad():
        logits, _ = model(inputs)  # (T, B, V)
    right = logits.softmax(-1).gather(-1, targets[..., None])[..., 0]  # (T, B)
    taken = (right > needed(inputs, language, sure)) | ~valid_steps(lengths, len(targets))
    return [bool(answer) for answer in taken.all(0)]


def needed(inputs: Tensor, language: Language, sure: bool) -> Tensor:
    """Return the probability that the symbol after each of `inputs` needs, of the same shape."""
    counted = (inputs != A_LETTER) & (inputs != language.begin)
    return torch.where(counted & sure, 0.5, language.threshold)


class Limits(NamedTuple):
    """The smallest n, from 1, at which a network errs; None if it never does up to `tested`."""

    miscounted: int | None  # a word is not predicted surely (see `accepted`), from `shortest` on
    rejected: int | None  # a word of the language is rejected
    longer: int | None  # one or two letters too many are accepted
    shorter: int | None  # one letter too few is accepted


def find_limits(model: LanguageModel, language: Language) -> Limits:
    """Find where a model first miscounts or rejects a word of the language, or accepts another.

    The other words have one or two of the last letter too many, or one too few.
    """
    takes = {extra: accepted(model, language.words(extra), language) for extra in (-1, 0, 1, 2)}
    longer = [one or two for one, two in zip(takes[1], takes[2], strict=True)]
    counted = accepted(model, language.words(), language, sure=True)
    return Limits(
        _first([not right for right in counted], language.shortest),
        _first([not taken for taken in takes[0]]),
        _first(longer),
        _first(takes[-1]),
    )


def _first(answers: Sequence[bool], start: int = 1) -> int | None:
    """Return the first n from `start` on whose answer is True; the first answer is that of 1."""
    return next((n for n, answer in enumerate(answers, start=1) if answer and n >= start), None)
