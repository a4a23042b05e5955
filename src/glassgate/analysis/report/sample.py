"""A sample of a text: sequences of its model's kind, drawn with a seed.

What is measured over a text is measured over the sample, so that a million words cost as much as
twenty thousand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np

from glassgate.errors import BadInput
from glassgate.train import Loaded
from glassgate.train.tokens import Level

MOST_SEQUENCES = 200
MOST_TOKENS = 200  # of a sequence
STRETCH: dict[Level, int] = {"words": 100, "characters": 30}  # of what spaces part
READABLE: dict[Level, tuple[int, int]] = {"words": (6, 20), "characters": (15, 60)}  # tokens
SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")


@dataclass(frozen=True)
class Sample:
    """Sequences drawn from a text, in its order.

    Attributes
    ----------
    kind
        Lines of the text, or stretches of a stream that reads on over the ends of lines.
    texts
        The sequences, each of one token or more.
    of
        How many the text has.
    shortened
        How many of those drawn were longer than `MOST_TOKENS`, and are read up to there.
    tokens
        Of all sequences drawn, without the marks at their ends.
    unknown
        How many of these the model reads as `<unk>`.
    from_start
        Whether the first sequence is also the first of the text.
    seed
        What they were drawn with.
    """

    kind: Literal["lines", "stretches"]
    texts: tuple[str, ...]
    of: int
    shortened: int
    tokens: int
    unknown: int
    from_start: bool
    seed: int


def draw(loaded: Loaded, text: str, seed: int) -> Sample:
    """Draw at most `MOST_SEQUENCES` of the sequences of a text.

    A model of sentences and a classifier read each line that is not blank; a model of a stream
    reads stretches, which end between two words. `BadInput` where no sequence has a token.
    """
    by_line = loaded.kind == "classifier" or bool(loaded.config.get("by_sentence"))
    found = _lines(text) if by_line else _stretches(text, STRETCH[_level(loaded)])
    size = min(MOST_SEQUENCES, len(found))
    places = sorted(np.random.default_rng(seed).choice(len(found), size, replace=False).tolist())
    spans = {place: loaded.vocabulary.spans(found[place]) for place in places}
    kept = {
        place: found[place][: cuts[:MOST_TOKENS][-1][1]] for place, cuts in spans.items() if cuts
    }
    if not kept:
        raise BadInput(f"the text holds no token for the model to read, only {text.strip()[:20]!r}")
    ids = [i for sequence in kept.values() for i in loaded.vocabulary.encode(sequence)]
    return Sample(
        "lines" if by_line else "stretches",
        tuple(kept.values()),
        len(found),
        sum(len(cuts) > MOST_TOKENS for cuts in spans.values()),
        len(ids),
        ids.count(loaded.vocabulary.unk),
        0 in kept,
        seed,
    )


def readable(loaded: Loaded, sample: Sample, number: int) -> tuple[str, ...]:
    """Choose sentences of the sample that a picture has room for.

    They are drawn with the seed among the pieces that end with a full stop, a question mark, an
    exclamation mark or a line; where no piece has a fitting length, a beginning is taken.
    """
    shortest, longest = READABLE[_level(loaded)]
    pieces = dict.fromkeys(p for text in sample.texts for p in SENTENCE_END.split(text.strip()))
    fitting = [p for p in pieces if shortest <= len(loaded.vocabulary.spans(p)) <= longest]
    if not fitting:
        beginning = sample.texts[0].strip()
        return (beginning[: loaded.vocabulary.spans(beginning)[:longest][-1][1]],)
    order = np.random.default_rng(sample.seed).permutation(len(fitting))
    return tuple(fitting[place] for place in order[:number])


def _level(loaded: Loaded) -> Level:
    return "characters" if loaded.config.get("level") == "characters" else "words"


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


def _stretches(text: str, words: int) -> list[str]:
    """Cut a text into stretches of so many words, the spaces between them as they are."""
    places = [match.start() for match in re.finditer(r"\S+", text)][::words]
    return [text[a:b] for a, b in zip(places, [*places[1:], len(text)], strict=True)]
