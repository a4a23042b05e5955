"""Lexical classes from the order of words: sentences, their exact distributions, mean states."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import resources

import numpy as np
import torch
from numpy.typing import NDArray

from glassgate.grammar import END, Grammar
from glassgate.grammar.grammar import Prefix
from glassgate.inside.clusters import MeanStates, similarity_tree
from glassgate.nn import LanguageModel

Floats = NDArray[np.float64]


def load_grammar() -> Grammar:
    """Return the grammar of the sentences, which stands beside this file."""
    text = resources.files("glassgate.reproductions.elman") / "lexical.grammar"
    return Grammar(text.read_text(encoding="utf-8"), "lexical.grammar")


def next_distributions(grammar: Grammar, words: Iterable[str]) -> Floats:
    """Return the exact distribution of the word after each, [N, V] in the order of the grammar.

    The words are those of sentences with nothing between them: where a sentence may have ended,
    the next word may be the first of another, and what comes later may tell.
    """
    places = {word: place for place, word in enumerate(grammar.words)}
    begin = grammar.begin()
    beliefs = {begin: 1.0}
    rows = []
    for word in words:
        beliefs = _follow(beliefs, word, begin)
        row = np.zeros(len(places))
        for prefix, probability in beliefs.items():
            for following, share in prefix.next_words.items():
                if following != END:
                    row[places[following]] += probability * share
                else:
                    for first, chance in begin.next_words.items():
                        row[places[first]] += probability * share * chance
        rows.append(row)
    return np.array(rows)


def _follow(beliefs: dict[Prefix, float], word: str, begin: Prefix) -> dict[Prefix, float]:
    """Return how probable each place in a sentence is after another word."""
    found: dict[Prefix, float] = {}
    for prefix, probability in beliefs.items():
        within = probability * prefix.next_words.get(word, 0.0)
        anew = probability * prefix.next_words.get(END, 0.0) * begin.next_words.get(word, 0.0)
        for start, share in ((prefix, within), (begin, anew)):
            if share:
                after = start.read(word)
                found[after] = found.get(after, 0.0) + share
    total = sum(found.values())
    return {prefix: share / total for prefix, share in found.items()}


def read_words(model: LanguageModel, ids: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Return the state after each of the words [N], [N, H], and the predicted words', [N, V]."""
    with torch.no_grad():
        output, _ = model.network(model.embedding(torch.from_numpy(ids)[:, None]))
        words = model.decoder(output[:, 0]).softmax(-1)[:, :-1]  # without the beginning
    return output[:, 0].double().numpy(), words.double().numpy()


def closeness(predicted: Floats, truth: Floats) -> tuple[float, float]:
    """Return the mean cosine of predicted and true distributions, and the root of their error.

    The error is the mean squared difference over positions and words.
    """
    lengths = np.linalg.norm(predicted, axis=1) * np.linalg.norm(truth, axis=1)
    cosines = (predicted * truth).sum(1) / lengths
    return float(cosines.mean()), float(np.sqrt(np.square(predicted - truth).mean()))


def split_purity(means: MeanStates, classes: dict[str, str]) -> float:
    """Return how purely the top of the tree of some words divides two classes, 0.5 to 1.

    It is the share of words that are on the side where most words are of their class. `classes`
    has the class of each word to be split; all others are left out of the tree.
    """
    chosen = [place for place, label in enumerate(means.labels) if label in classes]
    names = [means.labels[place] for place in chosen]
    groups = similarity_tree(means.means[chosen], names).groups(2)
    right = 0
    for group in set(groups.tolist()):
        members = [classes[name] for name, own in zip(names, groups, strict=True) if own == group]
        right += max(members.count(name) for name in set(members))
    return right / len(names)
