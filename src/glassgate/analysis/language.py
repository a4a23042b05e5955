"""A language whose truth is known, ready for networks to learn and to be measured on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from glassgate.errors import BadInput
from glassgate.grammar.dependency import Cell, Item, dependency_items
from glassgate.grammar.grammar import Grammar
from glassgate.nn.models import LanguageModel
from glassgate.train import Loaded
from glassgate.train.run import new_model
from glassgate.train.settings import Settings
from glassgate.train.tasks import SentenceTask
from glassgate.train.tokens import Vocabulary

Floats = NDArray[np.float32]

TRAIN, VALID, HELD_OUT = 80_000, 500, 5_000  # sentences


@dataclass(frozen=True)
class Language:
    """Sentences of one grammar, and what is true of them.

    Attributes
    ----------
    ids
        The id of each word; that of `<eos>` is the sentence's end.
    train, valid, held_out
        Sentences to learn from, to choose the best epoch by, and to measure on.
    truth
        The exact distribution of the next word at each place of each held-out sentence, its end
        included: [n + 1, V] over ids.
    items
        Forced choices at dependencies; none where the grammar declares no construction, or where
        nobody asked for them.
    """

    grammar: Grammar
    vocabulary: Vocabulary
    ids: Mapping[str, int]
    train: list[list[str]]
    valid: list[list[str]]
    held_out: list[list[str]]
    truth: list[Floats]
    items: dict[Cell, list[Item]]

    def context(self, words: Sequence[str]) -> list[int]:
        """Give the ids of `<bos>` and the words."""
        return [self.vocabulary.bos, *(self.ids[word] for word in words)]

    def sentence(self, words: Sequence[str]) -> list[int]:
        """Give the ids of a whole sentence between its marks."""
        return [*self.context(words), self.vocabulary.eos]


def sample_language(
    grammar: Grammar, seed: int, train: int, held_out: int, *, items: bool = True
) -> Language:
    """Sample sentences and forced choices, each kind from a random stream of its own.

    `train` and `held_out` are numbers of sentences; the demo takes `TRAIN` and `HELD_OUT`.
    Forced choices take longer than thousands of sentences: without `items` there are none.

    Held-out sentences are new draws from the same grammar: a short one may stand in both.

    Raises
    ------
    BadInput
        If a word of the grammar is not one token: lower-case letters, or a single mark.
    """
    try:
        vocabulary = Vocabulary.of(grammar.words)
    except BadInput as error:
        raise BadInput(f"{grammar.rules.file.name}: {error}") from None
    seeds = [int(s) for s in np.random.SeedSequence(seed).generate_state(4, np.uint64)]
    ids = {token: i for i, token in enumerate(vocabulary.tokens(range(len(vocabulary))))}
    heard = grammar.sample(held_out, seeds[2])
    return Language(
        grammar,
        vocabulary,
        ids,
        grammar.sample(train, seeds[0]),
        grammar.sample(VALID, seeds[1]),
        heard,
        [true_distributions(grammar, ids, words) for words in heard],
        dependency_items(grammar, seeds[3]) if items else {},
    )


def true_distributions(grammar: Grammar, ids: Mapping[str, int], words: Sequence[str]) -> Floats:
    """Give the exact distribution of the next word at each place of a sentence, [n + 1, V]."""
    truth = np.zeros((len(words) + 1, len(ids)), np.float32)
    for place, prefix in enumerate(grammar.prefixes(words)):
        for word, probability in prefix.next_words.items():
            truth[place, ids[word]] = probability
    return truth


def language_task(language: Language, settings: Settings) -> SentenceTask:
    """Give the task of learning a language with an untrained network, a function of the seed."""
    model = new_model("language", language.vocabulary, (), settings)
    assert isinstance(model, LanguageModel)
    train, valid = (
        [language.sentence(words) for words in sentences]
        for sentences in (language.train, language.valid)
    )
    return SentenceTask(model, train, valid, settings)


def spoken_by(loaded: Loaded, language: Language) -> Language:
    """Give a language in the ids of a model that `glassgate train` made of its sentences.

    A language numbers its words as the grammar lists them, a model by how often it read them.
    Whatever measures a model on a language takes both to have the same numbers, and cannot tell.

    Parameters
    ----------
    loaded
        A language model of words, as `glassgate.train.model` reads it.
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
