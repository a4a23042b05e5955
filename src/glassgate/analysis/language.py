"""A language whose next-word distributions are known exactly, to train and measure networks on."""

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
    """Sentences of one grammar, and their exact next-word distributions.

    Attributes
    ----------
    ids
        The id of each word; `<eos>` marks the end of a sentence.
    train, valid, held_out
        Sentences to train on, to choose the best epoch with, and to measure on.
    truth
        The exact distribution of the next word at each position of each held-out sentence, its end
        included: [n + 1, V] over ids.
    items
        Forced choices at dependencies; empty where the grammar declares no construction, or where
        they were not requested.
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
        """Give the ids of a whole sentence, `<bos>` and `<eos>` included."""
        return [*self.context(words), self.vocabulary.eos]


def sample_language(
    grammar: Grammar, seed: int, train: int, held_out: int, *, items: bool = True
) -> Language:
    """Sample sentences and forced choices, each kind from its own random stream.

    `train` and `held_out` are numbers of sentences; the demo uses `TRAIN` and `HELD_OUT`.
    Forced choices take longer to sample than thousands of sentences; ``items=False`` skips them.

    Held-out sentences are new draws from the same grammar, so a short one may also occur in
    training.

    Raises
    ------
    BadInput
        If a word of the grammar is not one token, that is, lower-case letters or a single
        punctuation mark.
    """
    try:
        vocabulary = Vocabulary.of(grammar.words)
    except BadInput as error:
        raise BadInput(f"{grammar.rules.file.name}: {error}") from None
    seeds = [int(s) for s in np.random.SeedSequence(seed).generate_state(4, np.uint64)]
    ids = _ids_of(vocabulary)
    unseen = grammar.sample(held_out, seeds[2])
    return Language(
        grammar=grammar,
        vocabulary=vocabulary,
        ids=ids,
        train=grammar.sample(train, seeds[0]),
        valid=grammar.sample(VALID, seeds[1]),
        held_out=unseen,
        truth=[true_distributions(grammar, ids, words) for words in unseen],
        items=dependency_items(grammar, seeds[3]) if items else {},
    )


def _ids_of(vocabulary: Vocabulary) -> dict[str, int]:
    """Give the id of each token, in the order of the ids."""
    return {token: i for i, token in enumerate(vocabulary.tokens(range(len(vocabulary))))}


def true_distributions(grammar: Grammar, ids: Mapping[str, int], words: Sequence[str]) -> Floats:
    """Give the exact distribution of the next word at each position, [n + 1, V]."""
    truth = np.zeros((len(words) + 1, len(ids)), np.float32)
    for place, prefix in enumerate(grammar.prefixes(words)):
        for word, probability in prefix.next_words.items():
            truth[place, ids[word]] = probability
    return truth


def language_task(language: Language, settings: Settings) -> SentenceTask:
    """Give the task of training a new network on a language; the seed decides its weights."""
    model = new_model("language", language.vocabulary, (), settings)
    assert isinstance(model, LanguageModel)
    train, valid = (
        [language.sentence(words) for words in sentences]
        for sentences in (language.train, language.valid)
    )
    return SentenceTask(model, train, valid, settings)


def match_vocabulary(loaded: Loaded, language: Language) -> Language:
    """Convert a language to the ids of a model that `glassgate train` trained on its sentences.

    A language numbers its words in the grammar's order, a model by frequency. Functions that
    measure a model on a language assume the same ids in both, and cannot detect a mismatch.

    Parameters
    ----------
    loaded
        A language model at the level of words, as `glassgate.load` gives it.
    language
        From `sample_language`.

    Raises
    ------
    BadInput
        When the model predicts classes, or does not know a word of the grammar.
    """
    if loaded.kind != "language":
        raise BadInput(f"expected a language model, got a {loaded.kind}")
    vocabulary = loaded.vocabulary
    ids = _ids_of(vocabulary)
    unknown = [word for word in language.ids if word not in ids]
    if unknown:
        words = f"{len(unknown)} words of the grammar, such as {unknown[0]!r}"
        raise BadInput(f"the model must know the grammar's words, it does not know {words}")
    model_ids, language_ids = [ids[word] for word in language.ids], list(language.ids.values())

    def renumber(truth: Floats) -> Floats:  # (n + 1, V)
        renumbered = np.zeros((len(truth), len(ids)), truth.dtype)
        renumbered[:, model_ids] = truth[:, language_ids]
        return renumbered

    truth = [renumber(distribution) for distribution in language.truth]
    return replace(language, vocabulary=vocabulary, ids=ids, truth=truth)
