"""The pronoun that each network expects after “the boy fell down and hurt”, and after its twins."""

from typing import TypedDict

import numpy as np

from glassgate.analysis.agreement import log2_probabilities
from glassgate.analysis.language import Floats, Language, true_distributions
from glassgate.errors import BadInput
from glassgate.inside.clamp import clamp
from glassgate.nn.models import LanguageModel

PHRASE = "the {} fell down and hurt"
TWINS = {"boy": "his", "girl": "her", "boys": "their"}
"""The subjects, each with the one pronoun that agrees with it."""
PRONOUNS = ("his", "her", "its", "their")
HELD = {"kept": 0.0, "reset": 0.0}
"""The gates of all units, held so that nothing of the past reaches the state."""
GRAMMAR = "the grammar"
"""Stands for a network in `Prediction`: the truth."""


class Prediction(TypedDict):
    """What one network expects after one text, with its gates `held` or free."""

    network: str
    held: bool
    subject: str
    after: str
    probabilities: dict[str, float]  # by pronoun


class Phrase(TypedDict):
    """What all networks expect. `clamp` says, as an option of `glassgate predict`, what is held."""

    clamp: str
    right: dict[str, str]
    predictions: list[Prediction]


def has_phrase(language: Language) -> bool:
    """Whether the grammar allows the phrase of every subject and knows every pronoun."""
    if not all(word in language.ids for word in PRONOUNS):
        return False
    try:
        for subject in TWINS:
            language.grammar.prefixes(_words(subject))
    except BadInput:
        return False
    return True


def predict_phrase(model: LanguageModel, name: str, language: Language) -> list[Prediction]:
    """Ask a network for every subject; a GRU once more with its gates held."""
    predictions = _ask(model, name, language, held=False)
    if name == "gru":
        with clamp(model.network, kept=HELD["kept"], reset=HELD["reset"]):
            predictions += _ask(model, name, language, held=True)
    return predictions


def phrase_of(language: Language, predictions: list[Prediction]) -> Phrase:
    """Add what the grammar says to what networks predicted."""
    truths = [
        _prediction(
            GRAMMAR,
            subject,
            language,
            true_distributions(language.grammar, language.ids, _words(subject))[-1],
        )
        for subject in TWINS
    ]
    clamped = " ".join(f"{gate}={value:g}" for gate, value in HELD.items())
    return {"clamp": clamped, "right": dict(TWINS), "predictions": [*predictions, *truths]}


def _words(subject: str) -> list[str]:
    return PHRASE.format(subject).split()


def _ask(model: LanguageModel, name: str, language: Language, *, held: bool) -> list[Prediction]:
    contexts = [language.context(_words(subject)) for subject in TWINS]
    return [
        _prediction(name, subject, language, np.exp2(log_q[-1]), held=held)
        for subject, log_q in zip(TWINS, log2_probabilities(model, contexts), strict=True)
    ]


def _prediction(
    name: str, subject: str, language: Language, distribution: Floats, *, held: bool = False
) -> Prediction:
    return {
        "network": name,
        "held": held,
        "subject": subject,
        "after": PHRASE.format(subject),
        "probabilities": {word: float(distribution[language.ids[word]]) for word in PRONOUNS},
    }
