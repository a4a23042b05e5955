"""What a trained language model expects, measured against the truth.

Shapes: V tokens; a context of n ids gives n distributions, one after each.
"""

from collections.abc import Mapping, Sequence
from typing import TypedDict

import numpy as np
import torch

from glassgate.data.dependency import Item
from glassgate.experiments.language import Floats, Language
from glassgate.nn.models import LanguageModel

CONTEXTS = 256  # run at once


class Agreement(TypedDict):
    """Forced-choice accuracy in one cell; a distance_max of None is open."""

    construction: str
    cue_repeated: bool
    distance_min: int
    distance_max: int | None
    n: int
    accuracy: float


class Score(TypedDict):
    """How well a model predicts held-out sentences, in bits a word (the end is a word, too)."""

    cross_entropy_bits: float
    perplexity: float
    kl_bits: float


@torch.no_grad()
def log2_probabilities(model: LanguageModel, contexts: Sequence[Sequence[int]]) -> list[Floats]:
    """Give log2 of the next token's distribution after each token of each context.

    Parameters
    ----------
    model
        In evaluation mode, on the CPU.
    contexts
        Ids, each context from zero state.

    Returns
    -------
    list
        One array a context, [n, V], n its length.
    """
    found: dict[int, Floats] = {}
    order = sorted(range(len(contexts)), key=lambda i: len(contexts[i]))
    for chosen in (order[start : start + CONTEXTS] for start in range(0, len(order), CONTEXTS)):
        tokens = torch.zeros(len(contexts[chosen[-1]]), len(chosen), dtype=torch.long)  # (T, B)
        for column, i in enumerate(chosen):
            tokens[: len(contexts[i]), column] = torch.tensor(contexts[i])
        logits, _ = model(tokens)  # (T, B, V)
        bits = (logits.log_softmax(-1) / np.log(2)).numpy()
        for column, i in enumerate(chosen):
            found[i] = bits[: len(contexts[i]), column]
    return [found[i] for i in range(len(contexts))]


def score(model: LanguageModel, language: Language) -> Score:
    """Measure a model on the held-out sentences.

    Cross-entropy is the mean of -log2 q(word) over the words that came; the KL divergence the
    mean over all places of sum_w p(w) log2 (p(w) / q(w)), p the truth (Kullback & Leibler 1951).
    """
    contexts = [language.context(words) for words in language.held_out]
    surprisal, divergence = [], []
    for words, truth, log_q in zip(
        language.held_out, language.truth, log2_probabilities(model, contexts), strict=True
    ):
        targets = language.sentence(words)[1:]
        surprisal.append(-log_q[range(len(targets)), targets])
        divergence.append(kl_divergence(truth, log_q))
    bits = float(np.concatenate(surprisal).mean(dtype=np.float64))
    kl = float(np.concatenate(divergence).mean(dtype=np.float64))
    return {"cross_entropy_bits": bits, "perplexity": 2.0**bits, "kl_bits": kl}


def kl_divergence(truth: Floats, log2_q: Floats) -> Floats:
    """Give sum_w p(w) log2 (p(w) / q(w)) for each row of [n, V], in bits: [n].

    >>> kl_divergence(np.float32([[0.5, 0.5, 0]]), np.log2(np.float32([[0.25, 0.25, 0.5]])))
    array([1.], dtype=float32)
    """
    log2_p = np.log2(truth, out=np.zeros_like(truth), where=truth > 0)
    divergence: Floats = (truth * (log2_p - log2_q)).sum(1)
    return divergence


def floor(language: Language) -> float:
    """Give the truth's own cross-entropy on the held-out sentences, in bits a word."""
    bits = [
        -np.log2(truth[range(len(truth)), language.sentence(words)[1:]])
        for words, truth in zip(language.held_out, language.truth, strict=True)
    ]
    return float(np.concatenate(bits).mean(dtype=np.float64))


def agreement(model: LanguageModel, language: Language) -> list[Agreement]:
    """Give the share of items at which the right word is more probable than its rival."""
    found: list[Agreement] = []
    for cell, items in language.items.items():
        rows = log2_probabilities(model, [language.context(item.words) for item in items])
        right = [_is_right(row[-1], item, language.ids) for row, item in zip(rows, items, strict=True)]
        accuracy = float(np.mean(right))
        found.append({**cell._asdict(), "n": len(items), "accuracy": accuracy})  # type: ignore[typeddict-item]
    return found


def _is_right(log_q: Floats, item: Item, ids: Mapping[str, int]) -> bool:
    return bool(log_q[ids[item.right]] > log_q[ids[item.wrong]])


def classes_after(
    language: Language, words: Sequence[str], distribution: Floats
) -> dict[str, float]:
    """Sum a distribution [V] over the classes of words that can follow `words`.

    A class is a category of the grammar that lists the word by itself, the first that does; what
    the grammar does not expect here at all is "other".
    """
    expected = language.grammar.prefixes(words)[-1].next_words
    shares: dict[str, float] = {}
    for word in expected:
        name = language.grammar.word_class(word)
        shares[name] = shares.get(name, 0.0) + float(distribution[language.ids[word]])
    return {**shares, "other": float(distribution.sum()) - sum(shares.values())}
