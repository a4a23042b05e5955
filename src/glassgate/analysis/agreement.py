"""How well a trained language model knows its language, measured against the truth.

Shapes: V tokens; a context of n ids gives n distributions, one after each.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple, TypedDict

import numpy as np
import torch

from glassgate.analysis.intervals import wilson
from glassgate.analysis.language import Floats, Language
from glassgate.grammar.dependency import DISTANCES
from glassgate.nn.models import LanguageModel
from glassgate.nn.ragged import pad_ids

BATCH_SIZE = 256  # contexts that the model reads at once


def distance_name(low: int, high: int | None) -> str:
    """Name a range of distances.

    >>> [distance_name(*bounds) for bounds in ((0, 0), (1, 2), (10, None))]
    ['0 words', '1-2 words', '10+ words']
    """
    if high is None:
        return f"{low}+ words"
    return f"{low} words" if low == high else f"{low}-{high} words"


DISTANCE_NAMES = tuple(distance_name(least, most) for least, most in DISTANCES)


class Agreement(TypedDict):
    """Forced-choice accuracy in one cell; a distance_max of None means no upper limit."""

    construction: str
    cue_repeated: bool
    distance_min: int
    distance_max: int | None
    n: int
    accuracy: float


class Score(TypedDict):
    """How well a model predicts held-out sentences, in bits per word, the end included."""

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
        Token ids; each context starts from the zero state.

    Returns
    -------
    list
        One array per context, [n, V], n its length.
    """
    log2_q: dict[int, Floats] = {}
    order = sorted(range(len(contexts)), key=lambda i: len(contexts[i]))
    for chosen in (order[start : start + BATCH_SIZE] for start in range(0, len(order), BATCH_SIZE)):
        tokens, _ = pad_ids([contexts[i] for i in chosen])  # (T, B)
        logits, _ = model(tokens)  # (T, B, V)
        bits = (logits.log_softmax(-1) / np.log(2)).numpy()
        for column, i in enumerate(chosen):
            log2_q[i] = bits[: len(contexts[i]), column]
    return [log2_q[i] for i in range(len(contexts))]


class WordBits(NamedTuple):
    """Of each position of one sentence, its end included: [n + 1] each, in bits."""

    surprisal: Floats  # -log2 q(word)
    divergence: Floats  # sum_w p(w) log2 (p(w) / q(w)), p the truth


def word_bits(model: LanguageModel, language: Language) -> list[WordBits]:
    """Measure a model at each position of each held-out sentence."""
    contexts = [language.context(words) for words in language.held_out]
    bits = []
    for words, truth, log_q in zip(
        language.held_out, language.truth, log2_probabilities(model, contexts), strict=True
    ):
        targets = language.sentence(words)[1:]
        bits.append(WordBits(-log_q[range(len(targets)), targets], kl_divergence(truth, log_q)))
    return bits


def score(model: LanguageModel, language: Language) -> Score:
    """Measure a model on the held-out sentences: `summarize_bits` of `word_bits`."""
    return summarize_bits(word_bits(model, language))


def summarize_bits(bits: Sequence[WordBits]) -> Score:
    """Average over all positions of all sentences.

    Cross-entropy is the mean of -log2 q(word); KL divergence is the mean of
    sum_w p(w) log2 (p(w) / q(w)), p the truth (Kullback & Leibler 1951).
    """
    cross_entropy, kl = (
        float(np.concatenate(values).mean(dtype=np.float64)) for values in zip(*bits, strict=True)
    )
    return {
        "cross_entropy_bits": cross_entropy,
        "perplexity": 2.0**cross_entropy,
        "kl_bits": kl,
    }


def kl_divergence(truth: Floats, log2_q: Floats) -> Floats:
    """Give sum_w p(w) log2 (p(w) / q(w)) for each row of [n, V], in bits: [n].

    >>> kl_divergence(np.float32([[0.5, 0.5, 0]]), np.log2(np.float32([[0.25, 0.25, 0.5]])))
    array([1.], dtype=float32)
    """
    log2_p = np.log2(truth, out=np.zeros_like(truth), where=truth > 0)
    divergence: Floats = (truth * (log2_p - log2_q)).sum(1)
    return divergence


def floor(language: Language) -> float:
    """Give the truth's own cross-entropy on the held-out sentences, in bits per word."""
    bits = [
        -np.log2(truth[range(len(truth)), language.sentence(words)[1:]])
        for words, truth in zip(language.held_out, language.truth, strict=True)
    ]
    return float(np.concatenate(bits).mean(dtype=np.float64))


def agreement(model: LanguageModel, language: Language) -> list[Agreement]:
    """Return for each cell the share of items whose right word is the more probable one."""
    cells: list[Agreement] = []
    for cell, items in language.items.items():
        rows = log2_probabilities(model, [language.context(item.words) for item in items])
        right = [
            row[-1][language.ids[item.right]] > row[-1][language.ids[item.wrong]]
            for row, item in zip(rows, items, strict=True)
        ]
        cells.append(
            {
                "construction": cell.construction,
                "cue_repeated": cell.cue_repeated,
                "distance_min": cell.distance_min,
                "distance_max": cell.distance_max,
                "n": len(items),
                "accuracy": float(np.mean(right)),
            }
        )
    return cells


def class_shares(language: Language, distribution: Floats) -> dict[str, float]:
    """Sum a distribution over tokens, [V], by the classes that the grammar's file declares."""
    shares = dict.fromkeys([*language.grammar.rules.file.classes.values(), "other"], 0.0)
    for word, i in language.ids.items():
        shares[language.grammar.word_class(word)] += float(distribution[i])
    return shares


class Accuracy(TypedDict):
    """Forced-choice accuracy in one range of distances, with Wilson's 95% interval.

    A distance_max of None means no upper limit.
    """

    distance_min: int
    distance_max: int | None
    n: int
    accuracy: float
    low: float
    high: float


def drop_repeated_cues(language: Language, shortest: int = 0) -> Language:
    """Drop items whose cue is repeated, or closer to its target than `shortest` words.

    Where a word in between shows the feature again, a network need not remember the cue; where
    none does, a network without memory is right half of the time by design.
    """
    items = {
        cell: items
        for cell, items in language.items.items()
        if not cell.cue_repeated and cell.distance_min >= shortest
    }
    return replace(language, items=items)


def pool_cells(cells: Iterable[Agreement | Accuracy]) -> list[Accuracy]:
    """Pool cells of the same distance over all constructions, networks and seeds given."""
    counts: dict[tuple[int, int | None], tuple[int, int]] = {}
    for cell in cells:
        key = cell["distance_min"], cell["distance_max"]
        right, n = counts.get(key, (0, 0))
        counts[key] = right + round(cell["n"] * cell["accuracy"]), n + cell["n"]
    pools: list[Accuracy] = []
    for (least, most), (right, n) in sorted(counts.items(), key=lambda item: item[0][0]):
        low, high = wilson(right, n)
        pools.append(
            {
                "distance_min": least,
                "distance_max": most,
                "n": n,
                "accuracy": right / n,
                "low": low,
                "high": high,
            }
        )
    return pools
