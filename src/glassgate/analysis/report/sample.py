"""A sample of a text: lines or passages, drawn at random with a seed.

Everything in the report is measured over the sample, so that a text of a million words takes no
longer than one of twenty thousand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np

from glassgate.errors import BadInput
from glassgate.train import Loaded
from glassgate.train.tokens import Level

MAX_SEQUENCES = 200
MAX_TOKENS = 200  # of a sequence
PASSAGE_WORDS: dict[Level, int] = {"words": 100, "characters": 30}  # separated by white space
SENTENCE_TOKENS: dict[Level, tuple[int, int]] = {"words": (6, 20), "characters": (15, 60)}
"""Shortest and longest sentence that a picture has room for."""
SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")


@dataclass(frozen=True)
class Sample:
    """Sequences drawn from a text, in the order of the text.

    Attributes
    ----------
    kind
        Lines of the text, or passages for a model that reads a text as one stream.
    texts
        The sequences, each of at least one token.
    of
        How many sequences the text has.
    shortened
        How many of those drawn were longer than `MAX_TOKENS` and were cut.
    tokens
        Of all sequences drawn, without `<bos>` and `<eos>`.
    unknown
        How many of these tokens the model reads as `<unk>`.
    from_start
        Whether the first sequence drawn is also the first of the text.
    seed
        Of the random draw.
    """

    kind: Literal["lines", "passages"]
    texts: tuple[str, ...]
    of: int
    shortened: int
    tokens: int
    unknown: int
    from_start: bool
    seed: int


def draw_sample(loaded: Loaded, text: str, seed: int) -> Sample:
    """Draw at most `MAX_SEQUENCES` of the sequences of a text.

    A model of sentences and a classifier read every line that is not blank; a model of a stream
    reads passages, which end between two words. Raises `BadInput` when no sequence has a token.
    """
    by_line = reads_lines(loaded)
    sequences = _lines(text) if by_line else _passages(text, PASSAGE_WORDS[_level(loaded)])
    size = min(MAX_SEQUENCES, len(sequences))
    random = np.random.default_rng(seed)
    drawn = sorted(random.choice(len(sequences), size, replace=False).tolist())
    spans = {index: loaded.vocabulary.spans(sequences[index]) for index in drawn}
    texts = {
        index: sequences[index][: tokens[:MAX_TOKENS][-1][1]]
        for index, tokens in spans.items()
        if tokens
    }
    if not texts:
        raise BadInput(f"the text holds no token for the model to read, only {text.strip()[:20]!r}")
    ids = [i for sequence in texts.values() for i in loaded.vocabulary.encode(sequence)]
    return Sample(
        kind="lines" if by_line else "passages",
        texts=tuple(texts.values()),
        of=len(sequences),
        shortened=sum(len(tokens) > MAX_TOKENS for tokens in spans.values()),
        tokens=len(ids),
        unknown=ids.count(loaded.vocabulary.unk),
        from_start=0 in texts,
        seed=seed,
    )


def reads_lines(loaded: Loaded) -> bool:
    """Whether a model reads each line of a text for itself, rather than the text as one stream."""
    return loaded.kind == "classifier" or bool(loaded.config.get("by_sentence"))


def choose_sentences(loaded: Loaded, sample: Sample, number: int) -> tuple[str, ...]:
    """Choose sentences of the sample that a picture has room for.

    They are drawn with the sample's seed. A sentence ends with a full stop, a question mark, an
    exclamation mark or a line; if none has a fitting length, the beginning of the first sequence
    is taken.
    """
    shortest, longest = SENTENCE_TOKENS[_level(loaded)]
    sentences = dict.fromkeys(s for text in sample.texts for s in SENTENCE_END.split(text.strip()))
    fitting = [s for s in sentences if shortest <= len(loaded.vocabulary.spans(s)) <= longest]
    if not fitting:
        beginning = sample.texts[0].strip()
        return (beginning[: loaded.vocabulary.spans(beginning)[:longest][-1][1]],)
    order = np.random.default_rng(sample.seed).permutation(len(fitting))
    return tuple(fitting[index] for index in order[:number])


def _level(loaded: Loaded) -> Level:
    return "characters" if loaded.config.get("level") == "characters" else "words"


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


def _passages(text: str, words: int) -> list[str]:
    """Cut a text into passages of this many words, with the white space between them unchanged."""
    starts = [match.start() for match in re.finditer(r"\S+", text)][::words]
    return [text[a:b] for a, b in zip(starts, [*starts[1:], len(text)], strict=True)]
