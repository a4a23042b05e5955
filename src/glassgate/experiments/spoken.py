"""A language in the ids of a model that was trained apart from it."""

from dataclasses import replace

import numpy as np

from glassgate.errors import BadInput
from glassgate.experiments.language import Floats, Language
from glassgate.train.load import Loaded


def spoken_by(loaded: Loaded, language: Language) -> Language:
    """Give a language in the ids of a model that `glassgate train` made of its sentences.

    A language numbers its words as the grammar lists them, a model by how often it read them.
    Whatever measures a model on a language takes both to have the same numbers, and cannot tell.

    Parameters
    ----------
    loaded
        A language model of words, as `glassgate.train.load.load` reads it.
    language
        As `sample_language` makes it.

    Raises
    ------
    BadInput
        When the model predicts classes, or does not know a word of the grammar.
    """
    if loaded.kind != "language":
        raise BadInput(f"expected a language model, got a {loaded.kind}")
    vocabulary = loaded.vocabulary
    ids = {token: i for i, token in enumerate(vocabulary.tokens(range(len(vocabulary))))}
    unknown = [word for word in language.ids if word not in ids]
    if unknown:
        words = f"{len(unknown)} words of the grammar, such as {unknown[0]!r}"
        raise BadInput(f"the model must know the grammar's words, it does not know {words}")
    places = [ids[word] for word in language.ids]

    def moved(truth: Floats) -> Floats:  # (n + 1, V)
        there = np.zeros((len(truth), len(ids)), truth.dtype)
        there[:, places] = truth[:, list(language.ids.values())]
        return there

    truth = [moved(distribution) for distribution in language.truth]
    return replace(language, vocabulary=vocabulary, ids=ids, truth=truth)
