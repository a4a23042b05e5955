"""Where does the verdict stand? An SRN and a GRU read reviews, and their gates are measured.

The experiment of the book review in Kostadinov's "Understanding GRU Networks" (2017): only the
verdict of a review decides its class. If it stands at the end, the past can be washed out; if it
stands at the start, it has to be kept while the plot goes by. The reviews are composed of made-up
sentences, or of real ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypedDict

import numpy as np
import torch

from glassgate.experiments.common import check_counts
from glassgate.experiments.runner import ONE_BY_ONE, Runner
from glassgate.experiments.verdict.gates import Reading, measure_gates, readings
from glassgate.experiments.verdict.holds import right_if_held
from glassgate.experiments.verdict.real_reviews import Files, read_sentences
from glassgate.experiments.verdict.results import (
    DocumentReview,
    Results,
    Run,
    SeedGates,
    Training,
)
from glassgate.experiments.verdict.reviews import (
    LEAST_PLOT_SENTENCES,
    VERDICTS,
    Review,
    Sentences,
    all_sentences,
    document_reviews,
    split_sentences,
    write_reviews,
)
from glassgate.experiments.verdict.summary import (
    NETWORKS,
    Bools,
    Classified,
    accuracies,
    pool,
    statements,
)
from glassgate.inside.trace import trace
from glassgate.nn import GRU
from glassgate.nn.models import Classifier
from glassgate.nn.ragged import pad_ids
from glassgate.train.loop import fit
from glassgate.train.parallel import Piece
from glassgate.train.settings import MINIMUM_FREQUENCY, Settings
from glassgate.train.tasks import ClassifierTask
from glassgate.train.tokens import Vocabulary
from glassgate.train.watch import Watcher

READ_BATCH = 100  # reviews that a trained network reads at once

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
    """The numbers of a run, and where its sentences are from; `BadInput` for one out of range.

    Validation reviews, which are other reviews of the training sentences, choose the epoch whose
    weights are kept. The test, of sentences that chose nothing, sees those weights once.
    """

    sentences: int = 6  # on the plot, in every review
    train_reviews: int = 3600
    valid_reviews: int = 360
    test_reviews: int = 1800
    settings: Settings = SETTINGS  # of both networks, but for name and seed
    files: Files | None = None  # made-up sentences if None

    def __post_init__(self) -> None:
        """Check the numbers; the sentences limit them from above, when they are read."""
        check_counts(self, "sentences", least=LEAST_PLOT_SENTENCES)
        check_counts(self, "train_reviews", "valid_reviews", "test_reviews")

    def to_json(self) -> dict[str, Any]:
        """Return the plan as a dictionary that JSON can hold."""
        settings = self.settings.to_json()
        omitted = ("network", "seed", "bptt")
        return {
            "sentences": self.sentences,
            "train_reviews": self.train_reviews,
            "valid_reviews": self.valid_reviews,
            "test_reviews": self.test_reviews,
            "networks": list(NETWORKS),
            "training": {name: settings[name] for name in settings if name not in omitted},
        }


MADE_UP = Plan()
REAL = Plan(
    sentences=3,
    train_reviews=10_800,
    valid_reviews=900,
    settings=replace(SETTINGS, dropout=0.5, epochs=10, schedule="linear", patience=10),
)
"""Plans for made-up sentences and for real ones, which take more reviews to learn from."""


def make_plan(sentences: int | None, files: Files | None) -> Plan:
    """Return the plan for made-up sentences or for those of files, perhaps with another number."""
    plan = replace(REAL, files=files) if files else MADE_UP
    return replace(plan, sentences=sentences) if sentences else plan


@dataclass(frozen=True)
class Texts:
    """The reviews of one seed, and the vocabulary of those to train on."""

    vocabulary: Vocabulary
    train: list[Review]
    valid: list[Review]
    test: list[Review]
    documents: list[Review]
    different_sentences: dict[
        str, int
    ]  # verdicts and plot sentences, to learn from and in the test

    def encode(self, reviews: Sequence[Review]) -> tuple[list[list[int]], list[int]]:
        """Return token ids and classes."""
        return [self.ids(one) for one in reviews], [VERDICTS.index(one.verdict) for one in reviews]

    def ids(self, review: Review) -> list[int]:
        """Return the token id of each word of a review."""
        return self.vocabulary.encode(" ".join(review.words))


class Trained(NamedTuple):
    """What one network showed with one seed; held gates and gates are those of the GRU alone."""

    training: Training
    vocabulary_size: int
    different_sentences: dict[str, int]
    reviews: list[Review]  # of the test
    right: Bools  # for each of them
    held: Mapping[str, Bools]
    gates: SeedGates | None
    documents: list[DocumentReview]


def run(plan: Plan, seeds: Sequence[int], runner: Runner = ONE_BY_ONE) -> Results:
    """Train both networks with every seed, and measure accuracy, gates and what holding them costs.

    Raises `BadInput` for more sentences than there are, and where `plan.files` cannot be read.
    """
    sentences = read_sentences(plan.files) if plan.files else all_sentences()
    keys = [(seed, network) for seed in seeds for network in NETWORKS]
    pieces = [
        Piece(f"{network}, seed {seed}", train_and_test, (plan, sentences, network, seed))
        for seed, network in keys
    ]
    trained = dict(zip(keys, runner.train(pieces), strict=True))
    by_seed = [{name: trained[seed, name] for name in NETWORKS} for seed in seeds]
    classified = [_classified(networks) for networks in by_seed]
    runs = [
        _run(seed, networks, tests)
        for seed, networks, tests in zip(seeds, by_seed, classified, strict=True)
    ]
    reviews = [review for one in classified for review in one.reviews]
    return {
        "seeds": list(seeds),
        "files": plan.files.to_json() if plan.files else {},
        "plan": plan.to_json(),
        "words_in_a_review": _mean(len(review.words) for review in reviews),
        "words_in_a_verdict": _mean(review.end - review.begin for review in reviews),
        "networks": [{"name": name, **accuracies(classified, name)} for name in NETWORKS],
        **pool(runs, classified),
        "reviews": trained[seeds[0], "gru"].documents,
        "runs": runs,
        "statements": statements(runs),
    }


def _classified(networks: Mapping[str, Trained]) -> Classified:
    """Put together which test reviews both networks of a seed classified correctly."""
    gru = networks["gru"]
    right = {name: network.right for name, network in networks.items()}
    return Classified(gru.reviews, right, gru.held)


def _run(seed: int, networks: Mapping[str, Trained], classified: Classified) -> Run:
    gru = networks["gru"]
    assert gru.gates is not None
    return {
        "seed": seed,
        "different_sentences": gru.different_sentences,
        "vocabulary_size": gru.vocabulary_size,
        "networks": [
            {**network.training, **accuracies([classified], name)}
            for name, network in networks.items()
        ],
        "gates": gru.gates,
    }


def train_and_test(
    plan: Plan, sentences: Sentences, network: str, seed: int, watchers: Sequence[Watcher]
) -> Trained:
    """Train one network with one seed, and test it; of the GRU read and hold the gates."""
    texts = make_texts(plan, sentences, seed)
    settings = replace(plan.settings, network=network, seed=seed)
    model, training = train(texts, settings, watchers)
    right = are_right(model, texts, texts.test)
    size = len(texts.vocabulary)
    shown = (training, size, texts.different_sentences, texts.test, right)
    if network != "gru":
        return Trained(*shown, held={}, gates=None, documents=[])
    early = [review for review in texts.test if review.place == "start"]
    gates, documents = measure_gates(
        read_gates(model, texts, texts.test), read_gates(model, texts, texts.documents)
    )
    reviews: list[DocumentReview] = [
        {**document, **_reception(model, texts, review)}
        for document, review in zip(documents, texts.documents, strict=True)
    ]
    held = right_if_held(model, texts.ids, early)
    return Trained(*shown, held=held, gates=gates, documents=reviews)


class _Reception(TypedDict):
    probability: float
    unknown: list[str]


@torch.no_grad()
def _reception(model: Classifier, texts: Texts, review: Review) -> _Reception:
    """Return how probable the review's own class is to a network, and words it does not know."""
    tokens, lengths, (own,) = _batch(texts, [review])
    unknown = (tokens[:, 0] == texts.vocabulary.unk).tolist()
    return {
        "probability": float(model(tokens, lengths).softmax(-1)[0, own]),
        "unknown": [word for word, new in zip(review.words, unknown, strict=True) if new],
    }


def make_texts(plan: Plan, sentences: Sentences, seed: int) -> Texts:
    """Write the reviews of a seed; no sentence of the test reviews is in the others."""
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
) -> tuple[Classifier, Training]:
    """Return a trained classifier, and what its training took."""
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
    """Return for each review whether the model classifies it correctly."""
    right = []
    for chunk in _chunks(reviews):
        tokens, lengths, classes = _batch(texts, chunk)
        right.append((model(tokens, lengths).argmax(-1) == classes).numpy())
    return np.concatenate(right)


@torch.no_grad()
def read_gates(model: Classifier, texts: Texts, reviews: Sequence[Review]) -> list[Reading]:
    """Read the gates of a GRU over every review."""
    assert isinstance(model.network, GRU)
    read = []
    for chunk in _chunks(reviews):
        tokens, _, _ = _batch(texts, chunk)
        gates = trace(model.network, model.embedding(tokens))[0]
        read += readings(gates, chunk)
    return read


def _chunks(reviews: Sequence[Review]) -> Iterator[Sequence[Review]]:
    return (reviews[start : start + READ_BATCH] for start in range(0, len(reviews), READ_BATCH))


def _batch(
    texts: Texts, reviews: Sequence[Review]
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return tokens [T, B] padded at the end, lengths [B] and classes [B]."""
    ids, classes = texts.encode(reviews)
    return *pad_ids(ids), torch.tensor(classes)


def _counts(side: str, sentences: Sentences) -> dict[str, int]:
    verdicts = sum(len(kind) for kind in sentences.verdicts.values())
    return {f"{side}_verdicts": verdicts, f"{side}_plot": len(sentences.plot)}


def _mean(values: Iterable[int]) -> float:
    return float(np.mean(list(values)))
