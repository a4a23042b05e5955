"""Prefixes of sentences and the exact distribution of the word that follows each."""

import random
from collections.abc import Iterator
from typing import Any

from glassgate.explorer.payload import Content, payload
from glassgate.grammar import END, Grammar
from glassgate.train import Loaded, Settings, Vocabulary
from glassgate.train.model import build

PREFIXES = 2000
AMBIGUOUS = """
feature number = singular plural
class noun = Noun

Sentence
    2 Phrase[number] Tail | Noun[singular] Noun[singular]
    Maybe Maybe stop
Phrase[number]
    0.5 the Noun[number] | the Noun[number] of Phrase[number]
Tail
    (nothing) | 3 of Phrase[number] Tail | stop
Maybe
    (nothing) | the
Noun[singular]
    dog | man
Noun[plural]
    dogs | man
"""


def grammar_cases() -> Iterator[dict[str, Any]]:
    """Yield grammars as the page holds them, with `PREFIXES` prefixes of the English one."""
    yield grammar_case(Grammar.load(), PREFIXES)
    yield grammar_case(Grammar(AMBIGUOUS, "ambiguous.grammar"), 200)


def grammar_case(grammar: Grammar, count: int) -> dict[str, Any]:
    """Return a grammar's data and some of its prefixes with their next words."""
    chosen = prefixes(grammar, count)
    return {
        "grammar": payload(Content({"any": untrained(grammar)}, grammar))["grammar"],
        "words": grammar.words,
        "classes": [grammar.word_class(word) for word in grammar.words],
        "prefixes": [
            {"words": words, "next": grammar.prefixes(words)[-1].next_words} for words in chosen
        ],
    }


def prefixes(grammar: Grammar, count: int) -> list[list[str]]:
    """Return different prefixes of random sentences, whole sentences among them."""
    seen: dict[tuple[str, ...], None] = {(): None}
    draw, seed = random.Random(0), 0
    while len(seen) < count:
        (words,) = grammar.sample(1, seed)
        seed += 1
        for stop in {draw.randint(0, len(words)), len(words)}:
            seen[tuple(words[:stop])] = None
    return [list(words) for words in list(seen)[:count]]


def untrained(grammar: Grammar) -> Loaded:
    """Return a model that knows a grammar's words, since a page has one."""
    vocabulary = Vocabulary.of([word for word in grammar.words if word != END])
    settings = Settings(hidden_size=2, embedding_size=2)
    model = build("language", len(vocabulary), 0, settings)
    config = {"level": "words", "kind": "language", "settings": settings.to_json()}
    return Loaded(model, vocabulary, settings, config)  # type: ignore[arg-type]
