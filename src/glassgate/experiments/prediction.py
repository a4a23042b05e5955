"""What a trained language model expects, measured against the truth.

Shapes: V tokens; a context of n ids gives n distributions, one after each.
"""

from collections.abc import Sequence
from typing import TypedDict

import numpy as np
import torch

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
        right = [
            row[-1][language.ids[item.right]] > row[-1][language.ids[item.wrong]]
            for row, item in zip(rows, items, strict=True)
        ]
        accuracy = float(np.mean(right))
        found.append(
            {
                "construction": cell.construction,
                "cue_repeated": cell.cue_repeated,
                "distance_min": cell.distance_min,
                "distance_max": cell.distance_max,
                "n": len(items),
                "accuracy": accuracy,
            }
        )
    return found


def classes_of(language: Language, distribution: Floats) -> dict[str, float]:
    """Sum a distribution over tokens, [V], by the classes that the grammar's file declares."""
    shares = dict.fromkeys([*language.grammar.rules.file.classes.values(), "other"], 0.0)
    for word, i in language.ids.items():
        shares[language.grammar.word_class(word)] += float(distribution[i])
    return shares
