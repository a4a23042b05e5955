"""What stands in the page beside its programs: networks, vocabularies, a grammar, sentences.

All of it is plain data, so that JSON holds it; weights are a safetensors file in base64.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from safetensors.torch import save

from glassgate import __version__
from glassgate.analysis.report.sample import SENTENCE_END, draw_sample, reads_lines
from glassgate.errors import BadInput
from glassgate.grammar import Grammar
from glassgate.train import Loaded
from glassgate.train.tokens import SPECIALS

MAX_WEIGHTS = 20_000_000  # bytes of all networks together, unless more are asked for
SENTENCES, SEED = 200, 0  # how many of the grammar are the example text, and their seed


@dataclass(frozen=True)
class Content:
    """What a page is about.

    Attributes
    ----------
    models
        The networks by the name that the page shows, in this order.
    grammar
        The grammar of their language, if there is one.
    text
        What to read: the page opens with its first sentence, and measures memory over a sample of
        it. If empty, sentences of the grammar take its place.
    """

    models: Mapping[str, Loaded]
    grammar: Grammar | None = None
    text: str = ""


def payload(content: Content, *, large: bool = False) -> dict[str, Any]:
    """Return the data of a page; `large` allows more than `MAX_WEIGHTS` bytes of weights.

    Raises
    ------
    BadInput
        When there is no model, the weights are too large, or no model knows the words of the
        grammar.
    """
    if not content.models:
        raise BadInput("expected at least one model to explore, got none")
    if not large:
        _check_size(content.models)
    grammar = _choose_grammar(content)
    examples = _examples(content, grammar)
    return {
        "version": __version__,
        "models": [_model(name, loaded) for name, loaded in content.models.items()],
        "grammar": None if grammar is None else _rules(grammar),
        "examples": examples,
        "text": _opening(content),
    }


def _check_size(models: Mapping[str, Loaded]) -> None:
    size = sum(
        weights.numel() * weights.element_size()
        for loaded in models.values()
        for weights in loaded.model.state_dict().values()
    )
    if size > MAX_WEIGHTS:
        raise BadInput(
            f"the weights take {size / 1e6:.1f} MB, expected at most {MAX_WEIGHTS / 1e6:.0f} for a "
            "page that opens at once: explore fewer or smaller models, or pass --large"
        )


def _model(name: str, loaded: Loaded) -> dict[str, Any]:
    weights = {key: value.contiguous() for key, value in loaded.model.state_dict().items()}
    return {
        "name": name,
        "config": loaded.config,
        "tokenizer": json.loads(loaded.vocabulary.to_json()),
        "weights": base64.b64encode(save(weights)).decode(),
    }


# The grammar --------------------------------------------------------------------------------------


def _choose_grammar(content: Content) -> Grammar | None:
    """Return the content's grammar, or the English one if a model reads exactly its words."""
    vocabularies = [_words(model) for model in content.models.values() if _reads_words(model)]
    if content.grammar is None:
        english = Grammar.load()
        return english if set(english.words) in vocabularies else None
    words = set(content.grammar.words)
    if not any(words <= vocabulary for vocabulary in vocabularies):
        unknown = min((words - vocabulary for vocabulary in vocabularies), key=len, default=words)
        raise BadInput(
            f"a model must know the words of {content.grammar.rules.file.name}, but none knows "
            f"{min(unknown)!r}: train one on sentences of that grammar"
        )
    return content.grammar


def _reads_words(loaded: Loaded) -> bool:
    return loaded.kind == "language" and loaded.config.get("level", "words") == "words"


def _words(loaded: Loaded) -> set[str]:
    return set(loaded.vocabulary.tokens(range(len(loaded.vocabulary)))) - set(SPECIALS)


def _rules(grammar: Grammar) -> dict[str, Any]:
    """Return every symbol that can occur, numbered from 0; the sentence is number 0.

    An item of an expansion is a word, or the number of a symbol.
    """
    numbers = {symbol: number for number, symbol in enumerate(grammar.rules.reachable)}
    return {
        "name": grammar.rules.file.name,
        "symbols": [
            {
                "name": str(symbol),
                "expansions": [
                    {
                        "probability": expansion.probability,
                        "items": [
                            item if isinstance(item, str) else numbers[item]
                            for item in expansion.items
                        ],
                    }
                    for expansion in expansions
                ],
            }
            for symbol, expansions in grammar.rules.reachable.items()
        ],
        "classes": {word: grammar.word_class(word) for word in grammar.words},
    }


# Sentences ----------------------------------------------------------------------------------------


def _examples(content: Content, grammar: Grammar | None) -> Sequence[str]:
    """Return the example text, a sentence or passage a line."""
    if content.text.strip():
        first = next(iter(content.models.values()))
        return draw_sample(first, content.text, SEED).texts
    if grammar is not None:
        return [" ".join(words) for words in grammar.sample(SENTENCES, SEED)]
    return []


def _opening(content: Content) -> str:
    """Return the first sentence of the text, or its first line for models that read lines."""
    first = next(iter(content.models.values()))
    line = content.text.strip().partition("\n")[0]
    return line if reads_lines(first) else SENTENCE_END.split(line)[0]
