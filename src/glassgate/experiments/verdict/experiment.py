"""Where does the verdict stand? An SRN and a GRU read reviews, and their gates are measured.

The experiment of the book review in Kostadinov's "Understanding GRU Networks" (2017): only the
verdict of a review decides its class. If it stands at the end, the past can be washed out; if it
stands at the start, it has to be kept while the plot goes by. The reviews are composed of made-up
sentences, or of real ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import torch

from glassgate.experiments.common import check_counts
from glassgate.experiments.runner import ONE_BY_ONE, Runner
from glassgate.experiments.verdict.gates import measure_gates
from glassgate.experiments.verdict.holds import correct_by_hold
from glassgate.experiments.verdict.reading import correct_mask, read_gates, reception
from glassgate.experiments.verdict.real_reviews import Files, read_sentences
from glassgate.experiments.verdict.results import (
    DocumentReview,
    Results,
    Run,
    SeedGates,
    Training,
)
from glassgate.experiments.verdict.reviews import (
    MIN_PLOT_SENTENCES,
    VERDICTS,
    Review,
    Sentences,
    all_sentences,
)
from glassgate.experiments.verdict.summary import (
    NETWORKS,
    Bools,
    Classified,
    accuracies,
    pool,
    statements,
)
from glassgate.experiments.verdict.texts import Texts, make_texts
from glassgate.nn.models import Classifier
from glassgate.train.loop import fit
from glassgate.train.parallel import Piece
from glassgate.train.settings import Settings
from glassgate.train.tasks import ClassifierTask
from glassgate.train.watch import Watcher

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
        check_counts(self, "sentences", least=MIN_PLOT_SENTENCES)
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
    classified = [_collect_tests(networks) for networks in by_seed]
    runs = [
        _run(seed, networks, tests)
        for seed, networks, tests in zip(seeds, by_seed, classified, strict=True)
    ]
    reviews = [review for tests in classified for review in tests.reviews]
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


def _collect_tests(networks: Mapping[str, Trained]) -> Classified:
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
    right = correct_mask(model, texts, texts.test)
    size = len(texts.vocabulary)
    shown = (training, size, texts.different_sentences, texts.test, right)
    if network != "gru":
        return Trained(*shown, held={}, gates=None, documents=[])
    early = [review for review in texts.test if review.place == "start"]
    gates, documents = measure_gates(
        read_gates(model, texts, texts.test), read_gates(model, texts, texts.documents)
    )
    reviews: list[DocumentReview] = [
        {**document, **reception(model, texts, review)}
        for document, review in zip(documents, texts.documents, strict=True)
    ]
    held = correct_by_hold(model, texts.ids, early)
    return Trained(*shown, held=held, gates=gates, documents=reviews)


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


def _mean(values: Iterable[int]) -> float:
    return float(np.mean(list(values)))
