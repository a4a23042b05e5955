"""How the GRU did it: what each unit keeps, for how long, and its gates over a sentence."""

import torch

from glassgate.experiments.language import Language
from glassgate.gates import Gates
from glassgate.inside.memory import Memory
from glassgate.inside.tracer import trace
from glassgate.nn.gru import GRU
from glassgate.nn.models import LanguageModel

SENTENCES = 1_000  # held-out sentences that the means are taken over


def unit_memory(model: LanguageModel, language: Language) -> Memory:
    """Measure mean kept share and memory span of each unit over held-out sentences."""
    contexts = [language.context(words) for words in language.held_out[:SENTENCES]]
    lengths = [len(context) for context in contexts]
    tokens = torch.zeros(max(lengths), len(contexts), dtype=torch.long)  # (T, B)
    for column, context in enumerate(contexts):
        tokens[: len(context), column] = torch.tensor(context)
    return Memory.of(_gates(model, tokens).kept, lengths)


def sentence_gates(model: LanguageModel, language: Language, words: list[str]) -> Gates:
    """Read every gate over one sentence; arrays [n, 1, H], a step for each word.

    The step of `<bos>`, which every sentence shares, is left out.
    """
    gates = _gates(model, torch.tensor(language.context(words))[:, None])
    return Gates(*(getattr(gates, name)[1:] for name in Gates.__dataclass_fields__))


def _gates(model: LanguageModel, tokens: torch.Tensor) -> Gates:
    assert isinstance(model.network, GRU)
    with torch.no_grad():
        return trace(model.network, model.embedding(tokens))[0]


def long_sentence(language: Language, shortest: int = 13, longest: int = 18) -> list[str]:
    """Choose a sentence with a long dependency, short enough for a picture.

    The first forced choice over ten words or more that fits, completed by its right word; in a
    grammar without constructions, the longest held-out sentence that fits, or the
    shortest of all where none does.
    """
    for cell, items in language.items.items():
        if cell.distance_min >= 10:
            for item in items:
                if shortest <= len(item.words) < longest:
                    return [*item.words, item.right]
    fitting = [words for words in language.held_out if len(words) <= longest]
    return max(fitting, key=len) if fitting else min(language.held_out, key=len)
