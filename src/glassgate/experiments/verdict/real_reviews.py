"""Real sentences to write reviews from: verdicts of a CSV file, and a plot from a novel."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from glassgate.errors import BadInput
from glassgate.experiments.verdict.reviews import VERDICTS, Sentences, Words
from glassgate.train.corpus import read_text
from glassgate.train.reviews import read_reviews
from glassgate.train.tokens import Vocabulary

LENGTHS = range(4, 31)  # words of a sentence that is taken, marks included
LEAST = 40  # sentences of each kind
END = re.compile(r"(?<=[.!?])[\"'\u201d\u2019]*\s+")  # of a sentence, as far as marks show it


@dataclass(frozen=True)
class Files:
    """Where the sentences are from: a CSV file with columns of texts and labels, and a text."""

    verdicts: Path
    plot: Path
    text: str = "text"
    label: str = "label"

    def to_json(self) -> dict[str, str]:
        """Return the names of the files and columns as a dictionary that JSON can hold."""
        names = {"verdicts": self.verdicts.name, "plot": self.plot.name}
        return {**names, "text": self.text, "label": self.label}


def read_sentences(files: Files) -> Sentences:
    """Read verdicts of two classes and the sentences of a plot, each once, lower-cased.

    The class whose label comes first by the alphabet counts as negative. Only sentences of a
    number of words in `LENGTHS` are taken, and every text of the CSV file counts as one sentence.

    Raises
    ------
    BadInput
        As in `glassgate.train.reviews.read_reviews` and `glassgate.train.corpus.read_text`; where
        there are more than two classes, or fewer than `LEAST` sentences of a kind.
    """
    reviews, plot = read_reviews(files.verdicts, files.text, files.label), read_text(files.plot)
    if len(reviews.classes) != 2:
        raise BadInput(
            f"{files.verdicts} must have two classes in {files.label!r}, got "
            f"{len(reviews.classes)}, {reviews.classes[0]!r:.60} among them"
        )
    vocabulary = Vocabulary.learn([*reviews.texts, plot])
    verdicts = {}
    for verdict, name in zip(VERDICTS, reviews.classes, strict=True):
        own = (t for t, label in zip(reviews.texts, reviews.labels, strict=True) if label == name)
        verdicts[verdict, False] = _taken(vocabulary, own, f"{name} texts in {files.verdicts}")
    told = END.split(" ".join(plot.split()))
    return Sentences(verdicts, _taken(vocabulary, told, f"sentences in {files.plot}"))


def _taken(vocabulary: Vocabulary, texts: Iterable[str], what: str) -> tuple[Words, ...]:
    cut = (tuple(word.lower() for word in vocabulary.words(text)) for text in texts)
    found = tuple(dict.fromkeys(words for words in cut if len(words) in LENGTHS))
    if len(found) < LEAST:
        least, most = LENGTHS[0], LENGTHS[-1]
        raise BadInput(
            f"expected {LEAST} {what} or more of {least} to {most} words, got {len(found)}"
        )
    return found
