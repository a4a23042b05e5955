"""Where does the verdict stand? An SRN and a GRU read reviews, and the gates are looked at.

The experiment of the book review in Kostadinov's "Understanding GRU Networks" (2017): to tell
the class of a review one needs its verdict alone. If that stands at the end, the past can be
washed out; if it stands at the start, it has to be kept while the plot goes by.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from glassgate.experiments import output, verdict_gates, verdict_page
from glassgate.experiments.intervals import wilson
from glassgate.experiments.threads import one_thread
from glassgate.experiments.verdict_text import (
    PLACES,
    VERDICTS,
    Review,
    Sentences,
    split_sentences,
    write_reviews,
)
from glassgate.inside.tracer import trace
from glassgate.nn import GRU
from glassgate.nn.models import Classifier
from glassgate.train.loop import fit
from glassgate.train.settings import Settings
from glassgate.train.tasks import ClassifierTask
from glassgate.train.tokens import Vocabulary
from glassgate.train.watch import Watcher

NETWORKS = ("srn", "gru")
BINS = 6  # of distance, beside that of no word
CHUNK = 100  # reviews read at once

SETTINGS = Settings(
    hidden_size=48,
    embedding_size=32,
    dropout=0.0,
    epochs=24,
    batch_size=32,
    learning_rate=2e-3,
    plateau_patience=4,
    patience=24,
)


@dataclass(frozen=True)
class Plan:
    """What is trained on what. Validation reviews choose the epoch; the test sees it once."""

    sentences: int = 6  # on the plot, in every review
    train_reviews: int = 3600
    valid_reviews: int = 360
    test_reviews: int = 1800
    settings: Settings = SETTINGS  # of both networks, but for the name

    def to_json(self) -> dict[str, Any]:
        """Return the plan as a dictionary that JSON can hold."""
        shared = {
            k: v for k, v in self.settings.to_json().items() if k not in ("network", "seed", "bptt")
        }
        counts = {name: value for name, value in vars(self).items() if name != "settings"}
        return {**counts, "networks": list(NETWORKS), "training": shared}


@dataclass(frozen=True)
class Texts:
    """The reviews of a run, and the vocabulary of those to train on."""

    vocabulary: Vocabulary
    train: list[Review]
    valid: list[Review]
    test: list[Review]
    sentences: dict[str, int]  # different ones, of the verdict and on the plot, train and test

    def encode(self, reviews: Sequence[Review]) -> tuple[list[list[int]], list[int]]:
        """Return token ids and classes."""
        ids = [self.vocabulary.encode(" ".join(review.words)) for review in reviews]
        return ids, [VERDICTS.index(review.verdict) for review in reviews]


def run(
    plan: Plan, seed: int, command: str, watcher: Callable[[str], Watcher] | None = None
) -> dict[str, Any]:
    """Train both networks, measure them, and return what results.json holds.

    `command` is the line that made them; `watcher` gives one for a network's name. One thread
    does it all: products this small are slower on several. Raises `BadInput` for a number of
    sentences out of range, `Interrupted` after Ctrl-C.
    """
    texts = make_texts(plan, seed)
    with one_thread():
        networks, models = [], {}
        for name in NETWORKS:
            settings = replace(plan.settings, network=name, seed=seed)
            watchers = [watcher(name)] if watcher else []
            models[name], outcome = train(texts, settings, watchers)
            networks.append(outcome | accuracies(models[name], texts))
        gates = verdict_gates.measure(read_gates(models["gru"], texts, texts.test))
    results = {
        "experiment": "verdict",
        **output.provenance(command),
        "seed": seed,
        "plan": plan.to_json(),
        "different_sentences": texts.sentences,
        "vocabulary_size": len(texts.vocabulary),
        "words_in_a_review": float(np.mean([len(review.words) for review in texts.test])),
        "words_in_a_verdict": float(np.mean([r.end - r.begin for r in texts.test])),
        "networks": networks,
        "gates": gates,
    }
    return results | {"statements": verdict_page.statements(results)}


def make_texts(plan: Plan, seed: int) -> Texts:
    """Write the reviews; no sentence of the test reviews stands in the others."""
    train_on, test_on = split_sentences(seed)
    train = write_reviews(train_on, plan.train_reviews, plan.sentences, (seed, 1))
    valid = write_reviews(train_on, plan.valid_reviews, plan.sentences, (seed, 2))
    test = write_reviews(test_on, plan.test_reviews, plan.sentences, (seed, 3))
    counts = {**_counts("train", train_on), **_counts("test", test_on)}
    vocabulary = Vocabulary.learn(" ".join(review.words) for review in train)
    return Texts(vocabulary, train, valid, test, counts)


def train(
    texts: Texts, settings: Settings, watchers: Sequence[Watcher]
) -> tuple[Classifier, dict[str, Any]]:
    """Return a trained classifier, and what it took."""
    sizes = (settings.network, settings.embedding_size, settings.hidden_size)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        model = Classifier(len(texts.vocabulary), len(VERDICTS), *sizes)
    task = ClassifierTask(model, texts.encode(texts.train), texts.encode(texts.valid), settings)
    outcome = fit(task, settings, watchers=watchers)
    return model, {
        "name": settings.network,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "train_seconds": outcome.train_seconds,
        "tokens_per_second": outcome.tokens_per_second,
        "epochs": len(outcome.history),
        "best_epoch": outcome.best.epoch,
        "valid_accuracy": outcome.best.valid_measure,
    }


def accuracies(model: Classifier, texts: Texts) -> dict[str, Any]:
    """Return a network's accuracy on the test: by place, distance and negation of the verdict."""
    test, right = texts.test, are_right(model, texts, texts.test)
    place = np.array([review.place for review in test])
    distance = np.array([review.distance for review in test])
    negated = np.array([review.negated for review in test])
    width = max(1, math.ceil(distance.max() / BINS))
    bins = [(0, 0), *((low, low + width - 1) for low in range(1, distance.max() + 1, width))]
    inside = [((low, high), (low <= distance) & (distance <= high)) for low, high in bins]
    return {
        "accuracy": proportion(right),
        "by_place": [{"place": p, **proportion(right[place == p])} for p in PLACES],
        "by_distance": [
            {"distance_min": low, "distance_max": high, **proportion(right[chosen])}
            for (low, high), chosen in inside
            if chosen.any()
        ],
        "by_negation": [{"negated": n, **proportion(right[negated == n])} for n in (False, True)],
    }


def proportion(right: np.ndarray[Any, np.dtype[np.bool_]]) -> dict[str, float | int]:
    """Return n, the share that is right, and its 95% interval (Wilson 1927)."""
    low, high = wilson(int(right.sum()), len(right))
    return {"n": len(right), "accuracy": float(right.mean()), "low": low, "high": high}


@torch.no_grad()
def are_right(
    model: Classifier, texts: Texts, reviews: Sequence[Review]
) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return for each review whether the model tells its class."""
    found = []
    for chunk in _chunks(reviews):
        tokens, lengths, classes = _batch(texts, chunk)
        found.append((model(tokens, lengths).argmax(-1) == classes).numpy())
    return np.concatenate(found)


@torch.no_grad()
def read_gates(
    model: Classifier, texts: Texts, reviews: Sequence[Review]
) -> list[verdict_gates.Reading]:
    """Read the gates of a GRU over every review."""
    assert isinstance(model.network, GRU)
    found = []
    for chunk in _chunks(reviews):
        tokens, _, _ = _batch(texts, chunk)
        gates = trace(model.network, model.embedding(tokens))[0]
        found += verdict_gates.readings(gates, chunk)
    return found


def _chunks(reviews: Sequence[Review]) -> Iterator[Sequence[Review]]:
    return (reviews[start : start + CHUNK] for start in range(0, len(reviews), CHUNK))


def _batch(
    texts: Texts, reviews: Sequence[Review]
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return tokens [T, B] filled at the end, lengths [B] and classes [B]."""
    ids, classes = texts.encode(reviews)
    columns = [torch.tensor(row) for row in ids]
    lengths = torch.tensor([len(row) for row in ids])
    return torch.nn.utils.rnn.pad_sequence(columns), lengths, torch.tensor(classes)


def _counts(side: str, sentences: Sentences) -> dict[str, int]:
    verdicts = sum(len(kind) for kind in sentences.verdicts.values())
    return {f"{side}_verdicts": verdicts, f"{side}_plot": len(sentences.plot)}
