"""The main job: four networks learn one language, and the gates show why the GRU remembers.

Every number of the result is computed here, from the seed alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any, NamedTuple, TypedDict

import numpy as np

from glassgate.analysis import agreement
from glassgate.analysis.agreement import Agreement
from glassgate.analysis.gradient import distant_items, gradient_by_lag
from glassgate.analysis.intervals import cluster_interval
from glassgate.analysis.language import Language, language_task, true_distributions
from glassgate.analysis.units import long_sentence, sentence_gates, unit_memory
from glassgate.experiments.common import SETTINGS
from glassgate.experiments.demo.phrase import (
    Phrase,
    Prediction,
    has_phrase,
    phrase_of,
    predict_phrase,
)
from glassgate.gates import Gates
from glassgate.grammar.dependency import Item
from glassgate.inside.memory import LONG, SHORT
from glassgate.nn.models import LanguageModel
from glassgate.train.loop import Outcome, fit
from glassgate.train.settings import Settings
from glassgate.train.watch import Watcher

NETWORKS = ("feedforward", "srn", "gru", "lstm")
LAGS = 12  # words back that the gradient is measured


class Network(TypedDict):
    """What one network reached.

    `intervals` has the 95% intervals of measures over the held-out sentences; `classes_after` the
    shares that the network gives the next classes.
    """

    name: str
    parameters: int
    train_seconds: float
    tokens_per_second: float
    cross_entropy_bits: float
    perplexity: float
    kl_bits: float
    intervals: dict[str, tuple[float, float]]
    agreement: list[Agreement]
    classes_after: dict[str, float]
    gradient_by_lag: dict[str, list[float]] | None


class Trained(NamedTuple):
    """A network of the demo, to be kept."""

    model: LanguageModel
    settings: Settings
    outcome: Outcome


class Results(TypedDict):
    """All that the demo measured; results.json adds `glassgate.experiments.common.Provenance`.

    `phrase` is None for a grammar that does not know it.
    """

    seed: int
    grammar: str
    sentences: dict[str, int]
    settings: dict[str, Any]
    grammar_entropy_bits: float
    grammar_entropy_exact_bits: float
    phrase: Phrase | None
    networks: list[Network]
    short_distance: dict[str, Any]
    memory: dict[str, Any]
    gates: dict[str, Any]


def run_demo(
    language: Language, seed: int, watcher: Callable[[str], Watcher], settings: Settings = SETTINGS
) -> tuple[Results, dict[str, Trained]]:
    """Train the four networks and answer the questions of the demo.

    Parameters
    ----------
    language
        What they learn.
    seed
        Of the networks' initial weights and of the order of the sentences.
    watcher
        Makes the watcher of the network of this name.
    settings
        How they are trained; network and seed are set here.

    Returns
    -------
    results
        What was measured.
    networks
        The trained networks by name.
    """
    gradient_items = distant_items(language)
    probe = _probe(language)
    networks: dict[str, Trained] = {}
    measured: list[Network] = []
    predictions: list[Prediction] = []
    for name in NETWORKS:
        trained, network = _train(
            language, replace(settings, network=name, seed=seed), watcher(name), gradient_items
        )
        networks[name] = trained
        measured.append(network)
        network["classes_after"] = _classes(trained.model, language, probe)
        if has_phrase(language):
            predictions += predict_phrase(trained.model, name, language)
    gru = networks["gru"].model
    return {
        "seed": seed,
        "grammar": language.grammar.rules.file.name,
        "sentences": {"train": len(language.train), "held_out": len(language.held_out)},
        "settings": {k: v for k, v in asdict(settings).items() if k not in ("network", "seed")},
        "grammar_entropy_bits": agreement.floor(language),
        "grammar_entropy_exact_bits": language.grammar.entropy() / language.grammar.mean_length,
        "phrase": phrase_of(language, predictions) if predictions else None,
        "networks": measured,
        "short_distance": {"after": " ".join(probe), "truth": _true_classes(language, probe)},
        "memory": _memory(gru, language),
        "gates": _gates(gru, language),
    }, networks


def _train(
    language: Language, settings: Settings, watcher: Watcher, items: Sequence[Item]
) -> tuple[Trained, Network]:
    task = language_task(language, settings)
    model = task.model.eval()
    recurrent = settings.network != "feedforward" and bool(items)
    before = gradient_by_lag(model, language, items, LAGS).tolist() if recurrent else []
    outcome = fit(task, settings, watchers=[watcher])
    after = gradient_by_lag(model, language, items, LAGS).tolist() if recurrent else []
    bits = agreement.word_bits(model, language)
    return Trained(model, settings, outcome), {
        "name": settings.network,
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "train_seconds": outcome.train_seconds,
        "tokens_per_second": outcome.tokens_per_second,
        **agreement.summarize_bits(bits),
        "intervals": {
            "cross_entropy_bits": cluster_interval([of.surprisal.tolist() for of in bits]),
            "kl_bits": cluster_interval([of.divergence.tolist() for of in bits]),
        },
        "agreement": agreement.agreement(model, language),
        "classes_after": {},
        "gradient_by_lag": {"before": before, "after": after} if recurrent else None,
    }


def _probe(language: Language) -> list[str]:
    """Choose the word whose successors are shown: "the", or the likeliest first word."""
    first = language.grammar.begin().next_words
    return ["the" if "the" in first else max(first, key=lambda word: first[word])]


def _classes(model: LanguageModel, language: Language, words: list[str]) -> dict[str, float]:
    log_q = agreement.log2_probabilities(model, [language.context(words)])[0][-1]
    return agreement.class_shares(language, np.exp2(log_q))


def _true_classes(language: Language, words: list[str]) -> dict[str, float]:
    truth = true_distributions(language.grammar, language.ids, words)[-1]
    return agreement.class_shares(language, truth)


def _memory(model: LanguageModel, language: Language) -> dict[str, Any]:
    memory = unit_memory(model, language)
    return {
        "kept": memory.kept.tolist(),
        "span_words": memory.span.tolist(),
        "long_from_words": LONG,
        "long_units": memory.long,
        "short_to_words": SHORT,
        "short_units": memory.short,
    }


def _gates(model: LanguageModel, language: Language) -> dict[str, Any]:
    words = long_sentence(language)
    gates: Gates = sentence_gates(model, language, words)
    return {
        "words": words,
        "reset": gates.reset[:, 0].tolist(),  # (T, H)
        "kept": gates.kept[:, 0].tolist(),  # (T, H)
    }
