"""Reviews of books: neutral sentences on the plot, and one that gives the verdict.

The sentences are read from files (`real_reviews`) or made up here. Every made-up verdict is one of
four kinds: a word of praise or of blame, plain or negated ("i certainly like", "i can't say i
like", "i certainly dislike", "i can't say i dislike"). One in three is negated, so that any single
word decides two reviews of three at most: the word of praise or blame has to be read together with
what stands before it. Reasons are neutral, and plots have negations of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal, NamedTuple, get_args

import numpy as np

from glassgate.errors import BadInput

Words = tuple[str, ...]
Verdict = Literal["negative", "positive"]
Place = Literal["start", "middle", "end"]

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)  # in the order of the classes
PLACES: tuple[Place, ...] = get_args(Place)
NEGATED = (False, False, True)  # one verdict in three
TEST_SHARE = 0.25  # of all sentences, for the test alone
MIN_PLOT_SENTENCES = 2  # in a review: the verdict can stand between them

OBJECTS = ("the book", "this novel", "the whole story", "the author's latest work")
REASONS = (
    "because i think it captures too many details",
    "because every chapter is a letter",
    "because of the way it ends",
    "since the author explains so much",
    "since it takes place in one room",
    "as the narrator keeps changing",
)

# Each frame with what fills it: plain and negated beginnings, words of praise and of blame. The
# reason comes before or after it.
VERDICT_FRAMES: tuple[tuple[str, tuple[Sequence[str], ...]], ...] = (
    (
        "{how} {what} {it}",
        (
            ("i really", "i certainly", "i must say i", "all in all i"),
            ("i do not", "i didn't quite", "i can't say i", "i never came to"),
            ("like", "admire", "enjoy", "recommend"),
            ("dislike", "regret", "resent", "despise"),
        ),
    ),
    (
        "reading {it} was {how} {what}",
        (
            ("truly", "certainly", "clearly", "in the end"),
            ("hardly", "never", "not at all", "anything but"),
            ("a pleasure", "a delight", "a joy", "a success"),
            ("a chore", "a disappointment", "a bore", "a mistake"),
        ),
    ),
    (
        "{how} {what} {it}",
        (
            ("you should", "everyone should", "my friends should", "i tell people to"),
            ("you should not", "nobody should", "my friends shouldn't", "i tell no one to"),
            ("buy", "borrow", "try", "look for"),
            ("skip", "avoid", "return", "stay away from"),
        ),
    ),
)

HEROES = (
    "a young sailor",
    "an old clockmaker",
    "the king's daughter",
    "a village doctor",
    "the lighthouse keeper",
    "a travelling musician",
    "her brother",
    "the new teacher",
)
TOWNS = ("a mountain village", "the northern coast", "a city of canals", "an island", "the capital")
THINGS = ("a silver key", "an unfinished map", "the stolen letters", "a sealed box", "a lost diary")
TIMES = ("one winter morning", "years later", "after the war", "on the same night", "before long")

PLOT_FRAMES: tuple[tuple[str, dict[str, Sequence[str]]], ...] = (
    (
        "this is a {kind} {book} which {illustrates} {theme}",
        {
            "kind": ("fantasy", "historical", "detective", "spy"),
            "book": ("book", "novel", "story"),
            "illustrates": ("illustrates", "describes", "portrays", "follows"),
            "theme": (
                "family life",
                "a journey by sea",
                "the fall of a kingdom",
                "friends who do not speak",
                "a town that never sleeps",
            ),
        },
    ),
    (
        "{time} {hero} leaves {town} with {thing}",
        {"time": TIMES, "hero": HEROES, "town": TOWNS, "thing": THINGS},
    ),
    (
        "{hero} meets {other} who {does} {thing}",
        {
            "hero": HEROES,
            "other": ("a stranger", "a thief", "a rival", "a merchant"),
            "does": ("sold", "had never seen", "did not open", "found"),
            "thing": THINGS,
        },
    ),
    (
        "{hero} {knows} that {other} hid {thing}",
        {
            "hero": HEROES,
            "knows": ("knows", "does not know", "suspects", "never learns"),
            "other": ("the innkeeper", "a cousin", "the captain", "nobody"),
            "thing": THINGS,
        },
    ),
    (
        "the {nth} chapter takes {hero} to {town}",
        {
            "nth": ("first", "second", "third", "next", "last"),
            "town": TOWNS,
            "hero": HEROES,
        },
    ),
    (
        "{hero} returns to {town} because {reason}",
        {
            "hero": HEROES,
            "town": TOWNS,
            "reason": (
                "winter has come",
                "a letter arrived",
                "no ship would sail",
                "the house is sold",
            ),
        },
    ),
)


@dataclass(frozen=True)
class Sentences:
    """Sentences to write reviews from; the punctuation at their ends counts as a word.

    Verdicts are keyed by their class and by whether they are negated; where that is not known, all
    of them count as plain.
    """

    verdicts: dict[tuple[Verdict, bool], tuple[Words, ...]]
    plot: tuple[Words, ...]


class Split(NamedTuple):
    """Sentences to learn from, and those of the test; they have none in common."""

    train: Sentences
    test: Sentences


@dataclass(frozen=True)
class Review:
    """One review, and where its verdict stands: the words from `begin` to before `end`."""

    words: Words
    verdict: Verdict
    negated: bool
    place: Place
    begin: int
    end: int

    @property
    def distance(self) -> int:
        """Number of words between the verdict and the end of the review."""
        return len(self.words) - self.end


def all_sentences() -> Sentences:
    """Return every sentence that the templates can make, each once."""
    verdicts = {kind: tuple(_verdicts(*kind)) for kind in product(VERDICTS, (False, True))}
    return Sentences(verdicts, tuple(_plot()))


def split_sentences(every: Sentences, seed: int) -> Split:
    """Split the sentences at random.

    The two quoted from the source document, if present, always go to the test set.
    """
    random = np.random.default_rng([seed, 0])
    plot = _split(every.plot, random)
    verdicts = {kind: _split(sentences, random) for kind, sentences in every.verdicts.items()}
    return Split(
        *(
            Sentences({kind: parts[side] for kind, parts in verdicts.items()}, plot[side])
            for side in (0, 1)
        )
    )


def document_reviews(
    sentences: Sentences, plot_sentences: int, seed: Sequence[int]
) -> list[Review]:
    """Write the document's own review twice, with its verdict at the end and at the start.

    The document gives the beginning and the verdict; the plot in between is from `sentences`.
    """
    random = np.random.default_rng(list(seed))
    pool = [words for words in sentences.plot if words != OPENING]
    chosen = random.choice(len(pool), plot_sentences - 1, replace=False)
    plot = OPENING + _join(pool[j] for j in chosen)
    n, m = len(plot), len(DOCUMENT)
    return [
        Review(plot + DOCUMENT, "negative", True, "end", n, n + m),
        Review(DOCUMENT + plot, "negative", True, "start", 0, m),
    ]


def write_reviews(
    sentences: Sentences, count: int, plot_sentences: int, seed: Sequence[int]
) -> list[Review]:
    """Write `count` reviews of one verdict and `plot_sentences` different sentences on the plot.

    Each class occurs equally often in each place, and one verdict in three is negated there if
    there are negated ones (exactly so if `count` is a multiple of 18). In the middle, a verdict
    stands between any two sentences on the plot with equal probability. `BadInput` for fewer than
    two sentences on the plot, or more than there are.
    """
    most = len(sentences.plot)
    if not MIN_PLOT_SENTENCES <= plot_sentences <= most:
        raise BadInput(
            f"sentences must be from {MIN_PLOT_SENTENCES} to {most}, got {plot_sentences}"
        )
    random = np.random.default_rng(list(seed))
    negations = NEGATED if any(negated for _, negated in sentences.verdicts) else (False,)
    kinds = list(product(negations, PLACES, VERDICTS))
    reviews = []
    for i in random.permutation(count):
        negated, place, verdict = kinds[i % len(kinds)]
        pool = sentences.verdicts[verdict, negated]
        own = pool[random.integers(len(pool))]
        chosen = random.choice(most, plot_sentences, replace=False)
        middle = int(random.integers(1, plot_sentences))
        after = {"start": 0, "middle": middle, "end": plot_sentences}[place]
        before = _join(sentences.plot[j] for j in chosen[:after])
        rest = _join(sentences.plot[j] for j in chosen[after:])
        begin, end = len(before), len(before) + len(own)
        reviews.append(Review(before + own + rest, verdict, negated, place, begin, end))
    return reviews


def _join(sentences: Iterable[Words]) -> Words:
    return tuple(word for sentence in sentences for word in sentence)


def _verdicts(verdict: Verdict, negated: bool) -> Iterator[Words]:
    """Write every verdict of a kind; negated blame is positive, negated praise negative."""
    for frame, (plain, denied, praise, blame) in VERDICT_FRAMES:
        whats = praise if (verdict == "positive") != negated else blame
        for how, what, it, why in product(denied if negated else plain, whats, OBJECTS, REASONS):
            opinion = frame.format(how=how, what=what, it=it)
            yield _words(f"{opinion} {why}")
            yield _words(f"{why} {opinion}")


def _plot() -> Iterator[Words]:
    for frame, slots in PLOT_FRAMES:
        for chosen in product(*slots.values()):
            yield _words(frame.format(**dict(zip(slots, chosen, strict=True))))


def _words(sentence: str) -> Words:
    return (*sentence.split(), ".")


DOCUMENT = _words("i didn't quite enjoy the book because i think it captures too many details")
OPENING = _words("this is a fantasy book which illustrates the fall of a kingdom")
"""The verdict of the review in Kostadinov's document, and its opening words, which we complete."""


def _split(sentences: tuple[Words, ...], random: np.random.Generator) -> list[tuple[Words, ...]]:
    """Split sentences at random into those to learn from and those of the test."""
    order = [sentences[i] for i in random.permutation(len(sentences))]
    order.sort(key=lambda words: words not in (DOCUMENT, OPENING))
    cut = round(len(order) * TEST_SHARE)
    return [tuple(order[cut:]), tuple(order[:cut])]
