"""A language in a model's own ids: the same words, the same truth, under other numbers."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from glassgate import BadInput
from glassgate.analysis.agreement import agreement, score
from glassgate.analysis.language import match_vocabulary
from glassgate.analysis.selectivity import feature_selectivity
from glassgate.nn.models import LanguageModel
from glassgate.train.tokens import Vocabulary


def model_of(words):
    torch.manual_seed(0)
    model = LanguageModel(len(words) + 3, "gru", 4, 5).eval()
    return SimpleNamespace(kind="language", vocabulary=Vocabulary.of(words), model=model)


def renumbered(language):
    """Two models that are one, under the language's ids and under others, two words more known."""
    own = model_of([*list(language.ids)[3:], "cow", "cows"])
    other = model_of(["cow", *reversed(list(language.ids)[3:]), "cows"])
    ids = {word: i for i, word in enumerate(other.vocabulary.tokens(range(len(other.vocabulary))))}
    order = [ids[word] for word in own.vocabulary.tokens(range(len(own.vocabulary)))]
    with torch.no_grad():
        by_word = (
            (m.embedding.weight, m.decoder.weight, m.decoder.bias) for m in (other.model, own.model)
        )
        for there, here in zip(*by_word, strict=True):
            there[order] = here
        other.model.network.load_state_dict(own.model.network.state_dict())
    return own, other


def test_a_model_is_measured_as_it_would_be_under_the_languages_own_ids(language):
    own, other = renumbered(language)
    found = []
    for loaded in (own, other):
        spoken = match_vocabulary(loaded, language)
        assert [loaded.vocabulary.tokens([i]) for i in spoken.ids.values()] == [
            [word] for word in spoken.ids
        ]
        selective = feature_selectivity(loaded.model, spoken, "number", 40, seed=0)
        found.append(
            [
                *selective.unit,
                *(cell["accuracy"] for cell in agreement(loaded.model, spoken)),
                *score(loaded.model, spoken).values(),
            ]
        )
    np.testing.assert_allclose(found[0], found[1], rtol=1e-5)


def test_the_truth_goes_with_the_words(language):
    spoken = match_vocabulary(renumbered(language)[1], language)
    for before, after in zip(language.truth, spoken.truth, strict=True):
        np.testing.assert_allclose(after.sum(-1), 1, rtol=1e-6)
        for word, place in language.ids.items():
            np.testing.assert_array_equal(after[:, spoken.ids[word]], before[:, place])


def test_what_does_not_speak_it_is_refused(language):
    few = model_of(["the", "boy"])
    with pytest.raises(BadInput, match=r"it does not know 10 words of the grammar, such as '\w+'$"):
        match_vocabulary(few, language)
    few.kind = "classifier"
    with pytest.raises(BadInput, match="expected a language model, got a classifier"):
        match_vocabulary(few, language)
