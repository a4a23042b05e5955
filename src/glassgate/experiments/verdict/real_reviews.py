"""Real sentences to write reviews from: verdicts in a CSV file, and a plot in a novel."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from glassgate.errors import BadInput
from glassgate.experiments.verdict.sentences import VERDICTS, Kind, Sentences, Verdict, Words
from glassgate.train.corpus import fingerprint, read_text
from glassgate.train.reviews import read_reviews
from glassgate.train.tokens import Vocabulary

LENGTHS = range(4, 31)  # words of a sentence that is used, punctuation included
MIN_SENTENCES = 40  # of each kind
SENTENCE_END = re.compile(r"(?<=[.!?])[\"'\u201d\u2019]*\s+")


@dataclass(frozen=True)
class Files:
    """Where the sentences are from: a CSV file with columns of texts and labels, and a text."""

    verdicts: Path
    plot: Path
    text: str = "text"
    label: str = "label"

    def to_json(self) -> dict[str, str]:
        """Return the names of files and columns, and one hash of both files, as JSON can hold them.

        Raises `BadInput` for a file that is missing.
        """
        names = {"verdicts": self.verdicts.name, "plot": self.plot.name}
        sha256 = fingerprint([self.verdicts, self.plot])
        return {**names, "sha256": sha256, "text": self.text, "label": self.label}


def choose_files(verdicts: Path | None, plot: Path | None, text: str, label: str) -> Files | None:
    """Return the files to read, or None for made-up sentences; `BadInput` for one file alone."""
    if verdicts and plot:
        return Files(verdicts, plot, text, label)
    if verdicts or plot:
        raise BadInput("--verdicts and --plot go together: name both files, or neither")
    return None


def read_sentences(files: Files) -> Sentences:
    """Read verdicts of two classes and the sentences of a plot, each once, lower-cased.

    The class whose label comes first in the alphabet counts as negative. Only sentences whose
    number of words is in `LENGTHS` are used; every text of the CSV file counts as one sentence.

    Raises
    ------
    BadInput
        As in `glassgate.train.reviews.read_reviews` and `glassgate.train.corpus.read_text`; where
        there are more than two classes, or fewer than `MIN_SENTENCES` sentences of a kind.
    """
    reviews, plot = read_reviews(files.verdicts, files.text, files.label), read_text(files.plot)
    if len(reviews.classes) != 2:
        raise BadInput(
            f"{files.verdicts} must have two classes in {files.label!r}, got "
            f"{len(reviews.classes)}, {reviews.classes[0]!r:.60} among them"
        )
    vocabulary = Vocabulary.learn([*reviews.texts, plot])
    verdicts: dict[tuple[Kind, Verdict], tuple[Words, ...]] = {}
    for verdict, name in zip(VERDICTS, reviews.classes, strict=True):
        own = (t for t, label in zip(reviews.texts, reviews.labels, strict=True) if label == name)
        verdicts["phrase", verdict] = _select(vocabulary, own, f"{name} texts in {files.verdicts}")
    plot_sentences = SENTENCE_END.split(" ".join(plot.split()))
    return Sentences(verdicts, _select(vocabulary, plot_sentences, f"sentences in {files.plot}"))


def _select(vocabulary: Vocabulary, texts: Iterable[str], what: str) -> tuple[Words, ...]:
    """Return the texts as words in small letters, each once, if their length is in `LENGTHS`."""
    split = (tuple(word.lower() for word in vocabulary.words(text)) for text in texts)
    sentences = tuple(dict.fromkeys(words for words in split if len(words) in LENGTHS))
    if len(sentences) < MIN_SENTENCES:
        least, most = LENGTHS[0], LENGTHS[-1]
        raise BadInput(
            f"expected {MIN_SENTENCES} or more {what} of {least} to {most} words, got "
            f"{len(sentences)}"
        )
    return sentences
