"""Where does the verdict stand? An SRN and a GRU read reviews, and the gates are looked at.

The experiment of the book review in Kostadinov's "Understanding GRU Networks" (2017): to tell
the class of a review one needs its verdict alone. If that stands at the end, the past can be
washed out; if it stands at the start, it has to be kept while the plot goes by. The reviews are
put together of made-up sentences, or of real ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from glassgate.experiments import common
from glassgate.experiments.verdict.gates import Reading, measure, readings
from glassgate.experiments.verdict.holds import right_if_held
from glassgate.experiments.verdict.reviews import (
    VERDICTS,
    Review,
    Sentences,
    document_reviews,
    split_sentences,
    write_reviews,
)
from glassgate.experiments.verdict.summary import (
    NETWORKS,
    Bools,
    Told,
    accuracies,
    pooled,
    statements,
)
from glassgate.inside.trace import trace
from glassgate.nn import GRU
from glassgate.nn.models import Classifier
from glassgate.nn.ragged import pad_ids
from glassgate.train.loop import fit
from glassgate.train.settings import MINIMUM_FREQUENCY, Settings
from glassgate.train.tasks import ClassifierTask
from glassgate.train.threads import on_threads
from glassgate.train.tokens import Vocabulary
from glassgate.train.watch import Watcher, Watching

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
    """What is trained on what.

    Validation reviews, others of the sentences to learn from, choose the epoch whose weights are
    kept; the test, of sentences that nothing was chosen by, sees them once.
    """

    sentences: int = 6  # on the plot, in every review
    train_reviews: int = 3600
    valid_reviews: int = 360
    test_reviews: int = 1800
    settings: Settings = SETTINGS  # of both networks, but for the name and the seed

    def to_json(self) -> dict[str, Any]:
        """Return the plan as a dictionary that JSON can hold."""
        shared = {
            k: v for k, v in self.settings.to_json().items() if k not in ("network", "seed", "bptt")
        }
        counts = {name: value for name, value in vars(self).items() if name != "settings"}
        return {**counts, "networks": list(NETWORKS), "training": shared}


MADE_UP = Plan()
REAL = Plan(
    sentences=3,
    train_reviews=10_800,
    valid_reviews=900,
    settings=replace(SETTINGS, dropout=0.5, epochs=10, schedule="linear", patience=10),
)
"""The plan for made-up sentences, and that for real ones, which take more reviews to learn from."""


@dataclass(frozen=True)
class Texts:
    """The reviews of a run, and the vocabulary of those to train on."""

    vocabulary: Vocabulary
    train: list[Review]
    valid: list[Review]
    test: list[Review]
    documents: list[Review]
    sentences: dict[str, int]  # different ones, of the verdict and on the plot, train and test

    def encode(self, reviews: Sequence[Review]) -> tuple[list[list[int]], list[int]]:
        """Return token ids and classes."""
        return [self.ids(one) for one in reviews], [VERDICTS.index(one.verdict) for one in reviews]

    def ids(self, review: Review) -> list[int]:
        """Return the token id of each word of a review."""
        return self.vocabulary.encode(" ".join(review.words))


def run(
    plan: Plan,
    sentences: Sentences,
    files: Mapping[str, str],
    seeds: Sequence[int],
    command: str,
    watcher: Watching | None = None,
    *,
    threads: int = 1,
) -> dict[str, Any]:
    """Train both networks with every seed, measure them, and return what results.json holds.

    `files` names where the sentences are from; none, if they are made up. `seeds` are two or more;
    `command` is the line that made it all. Every training is a work of 1 to the `watcher`.
    `threads`, 1..256, do the computing: products this small are slower on several. Raises
    `BadInput` for a number of sentences out of range, `Interrupted` after Ctrl-C.
    """
    runs, told = [], []
    with on_threads(threads):
        for seed in seeds:
            found, test = _run(plan, sentences, seed, watcher)
            runs.append(found)
            told.append(test)
    documents = [run["gates"].pop("reviews") for run in runs]
    results = {
        "experiment": "verdict",
        **common.provenance(command),
        "seeds": list(seeds),
        "files": dict(files),
        "plan": plan.to_json(),
        "words_in_a_review": _mean(len(one.words) for test in told for one in test.reviews),
        "words_in_a_verdict": _mean(one.end - one.begin for t in told for one in t.reviews),
        "networks": [{"name": name, **accuracies(told, name)} for name in NETWORKS],
        **pooled(runs, told),
        "reviews": documents[0],
        "runs": runs,
    }
    return results | {"statements": statements(results)}


def work(seeds: int) -> int:
    """Return how many trainings there are."""
    return len(NETWORKS) * seeds


def _run(
    plan: Plan, sentences: Sentences, seed: int, watcher: Watching | None
) -> tuple[dict[str, Any], Told]:
    """Train and measure both networks with one seed."""
    texts = make_texts(plan, sentences, seed)
    networks, models, right = [], {}, {}
    for name in NETWORKS:
        settings = replace(plan.settings, network=name, seed=seed)
        watchers = [watcher(f"{name}, seed {seed}", 1)] if watcher else []
        models[name], outcome = train(texts, settings, watchers)
        right[name] = are_right(models[name], texts, texts.test)
        networks.append(outcome)
    early = [review for review in texts.test if review.place == "start"]
    told = Told(texts.test, right, right_if_held(models["gru"], texts.ids, early))
    gates = measure(
        *(read_gates(models["gru"], texts, reviews) for reviews in (texts.test, texts.documents))
    )
    for document, review in zip(gates["reviews"], texts.documents, strict=True):
        document |= _taken_for(models["gru"], texts, review)
    found = {
        "seed": seed,
        "different_sentences": texts.sentences,
        "vocabulary_size": len(texts.vocabulary),
        "networks": [one | accuracies([told], one["name"]) for one in networks],
        "gates": gates,
    }
    return found, told


@torch.no_grad()
def _taken_for(model: Classifier, texts: Texts, review: Review) -> dict[str, Any]:
    """Say how probable the review's own class is to a network, and which words it does not know."""
    tokens, lengths, (own,) = _batch(texts, [review])
    unknown = (tokens[:, 0] == texts.vocabulary.unk).tolist()
    return {
        "probability": float(model(tokens, lengths).softmax(-1)[0, own]),
        "unknown": [word for word, new in zip(review.words, unknown, strict=True) if new],
    }


def make_texts(plan: Plan, sentences: Sentences, seed: int) -> Texts:
    """Write the reviews; no sentence of the test reviews stands in the others."""
    split = split_sentences(sentences, seed)
    train, valid, test = (
        write_reviews(part, count, plan.sentences, (seed, stream))
        for stream, (part, count) in enumerate(
            (
                (split.train, plan.train_reviews),
                (split.train, plan.valid_reviews),
                (split.test, plan.test_reviews),
            ),
            start=1,
        )
    )
    documents = document_reviews(split.test, plan.sentences, (seed, 4))
    different = {**_counts("train", split.train), **_counts("test", split.test)}
    words = (" ".join(review.words) for review in train)
    vocabulary = Vocabulary.learn(words, minimum_frequency=MINIMUM_FREQUENCY)
    return Texts(vocabulary, train, valid, test, documents, different)


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


@torch.no_grad()
def are_right(model: Classifier, texts: Texts, reviews: Sequence[Review]) -> Bools:
    """Return for each review whether the model tells its class."""
    found = []
    for chunk in _chunks(reviews):
        tokens, lengths, classes = _batch(texts, chunk)
        found.append((model(tokens, lengths).argmax(-1) == classes).numpy())
    return np.concatenate(found)


@torch.no_grad()
def read_gates(model: Classifier, texts: Texts, reviews: Sequence[Review]) -> list[Reading]:
    """Read the gates of a GRU over every review."""
    assert isinstance(model.network, GRU)
    found = []
    for chunk in _chunks(reviews):
        tokens, _, _ = _batch(texts, chunk)
        gates = trace(model.network, model.embedding(tokens))[0]
        found += readings(gates, chunk)
    return found


def _chunks(reviews: Sequence[Review]) -> Iterator[Sequence[Review]]:
    return (reviews[start : start + CHUNK] for start in range(0, len(reviews), CHUNK))


def _batch(
    texts: Texts, reviews: Sequence[Review]
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return tokens [T, B] filled at the end, lengths [B] and classes [B]."""
    ids, classes = texts.encode(reviews)
    return *pad_ids(ids), torch.tensor(classes)


def _counts(side: str, sentences: Sentences) -> dict[str, int]:
    verdicts = sum(len(kind) for kind in sentences.verdicts.values())
    return {f"{side}_verdicts": verdicts, f"{side}_plot": len(sentences.plot)}


def _mean(values: Iterable[int]) -> float:
    return float(np.mean(list(values)))
