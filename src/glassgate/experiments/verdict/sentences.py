"""The made-up sentences of reviews: verdicts of a word, of a phrase and negated ones; the plot.

A phrase praises or blames ("i certainly like", "i certainly dislike"); negated, the same words mean
the opposite ("i can't say i like"), so that the word of praise or blame has to be read together
with what stands before it. Reasons are neutral, and plots have negations of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal, get_args

Words = tuple[str, ...]
Verdict = Literal["negative", "positive"]
Kind = Literal["word", "phrase", "negated"]

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)  # in the order of the classes
KINDS: tuple[Kind, ...] = get_args(Kind)

WORDS: Mapping[Verdict, Sequence[str]] = {
    "negative": ("awful", "dull", "tedious", "clumsy", "shallow", "dreadful", "tiresome", "flat"),
    "positive": ("superb", "gripping", "moving", "masterly", "witty", "brilliant", "vivid", "fine"),
}

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

    Verdicts are keyed by kind and class. Real ones are of the kind "phrase".
    """

    verdicts: Mapping[tuple[Kind, Verdict], tuple[Words, ...]]
    plot: tuple[Words, ...]


def all_sentences() -> Sentences:
    """Return every sentence that the templates can make, each once."""
    verdicts = {
        (kind, verdict): tuple(_verdicts(kind, verdict)) for kind in KINDS for verdict in VERDICTS
    }
    return Sentences(verdicts, tuple(_plot()))


def _verdicts(kind: Kind, verdict: Verdict) -> Iterator[Words]:
    """Write every verdict of a kind; negated blame is positive, negated praise negative."""
    if kind == "word":
        yield from ((word,) for word in WORDS[verdict])
        return
    negated = kind == "negated"
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
