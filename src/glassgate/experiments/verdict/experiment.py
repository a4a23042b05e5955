"""Where does the verdict stand? Networks trained apart for each place, read and interfered with.

The experiment of the book review in Kostadinov's "Understanding GRU Networks" (2017): only the
verdict of a review decides its class. If it stands at the end, the past can be washed out; if it
stands at the start, it has to be kept while the plot goes by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from glassgate.experiments.common import check_counts
from glassgate.experiments.runner import ONE_BY_ONE, Runner
from glassgate.experiments.verdict.conditions import MADE_UP, REAL, Condition
from glassgate.experiments.verdict.gates import find_carriers, part_means, position_means, show
from glassgate.experiments.verdict.interventions import intervene
from glassgate.experiments.verdict.judgements import claims
from glassgate.experiments.verdict.reading import Classes, classify, read_gates
from glassgate.experiments.verdict.real_reviews import Files, read_sentences
from glassgate.experiments.verdict.results import (
    ConditionResults,
    Gates,
    PlaceAccuracy,
    Results,
    Run,
    Shown,
)
from glassgate.experiments.verdict.reviews import (
    MIN_PLOT_SENTENCES,
    PLACES,
    Review,
    check_sentences,
    split_sentences,
)
from glassgate.experiments.verdict.sentences import Sentences, all_sentences
from glassgate.experiments.verdict.summary import place_estimates
from glassgate.experiments.verdict.texts import Texts, class_ids, make_texts
from glassgate.nn.models import Classifier
from glassgate.train.loop import fit
from glassgate.train.parallel import Piece
from glassgate.train.settings import Settings
from glassgate.train.tasks import ClassifierTask
from glassgate.train.watch import Watcher

SETTINGS = Settings(
    hidden_size=24,
    embedding_size=16,
    dropout=0.0,
    epochs=40,
    batch_size=32,
    learning_rate=0.01,
    weight_decay=0.0,
    schedule="linear",
    patience=40,
)


@dataclass(frozen=True)
class Plan:
    """The numbers of a run; `BadInput` for one out of range.

    Validation reviews, which are other reviews of the training sentences, choose the epoch whose
    weights are kept, and the units that carry the class. The test, of sentences that chose
    nothing, sees those weights once.
    """

    sentences: int = 6  # on the plot, in every review
    train_reviews: int = 3600
    valid_reviews: int = 360
    test_reviews: int = 600
    settings: Settings = SETTINGS  # of all networks, but for name and seed
    files: Files | None = None  # made-up sentences if None

    def __post_init__(self) -> None:
        """Check the numbers; the sentences limit them from above, when they are read."""
        check_counts(self, "sentences", least=MIN_PLOT_SENTENCES)
        check_counts(self, "train_reviews", "valid_reviews", "test_reviews")

    @property
    def conditions(self) -> Sequence[Condition]:
        """The networks, and the reviews that each learns from."""
        return REAL if self.files else MADE_UP

    def to_json(self) -> dict[str, Any]:
        """Return the plan as a dictionary that JSON can hold."""
        settings = self.settings.to_json()
        omitted = ("network", "seed", "bptt")
        return {
            "sentences": self.sentences,
            "train_reviews": self.train_reviews,
            "valid_reviews": self.valid_reviews,
            "test_reviews": self.test_reviews,
            "files": self.files.to_json() if self.files else {},
            "training": {name: settings[name] for name in settings if name not in omitted},
        }


MADE_UP_PLAN = Plan()
REAL_PLAN = Plan(
    sentences=3,
    train_reviews=10_800,
    valid_reviews=900,
    test_reviews=900,
    settings=replace(
        SETTINGS, dropout=0.5, hidden_size=48, embedding_size=32, epochs=10, patience=10
    ),
)
"""Plans for made-up sentences and for real ones, which take more reviews to learn from."""


def make_plan(sentences: int | None, files: Files | None) -> Plan:
    """Return the plan for made-up sentences or for those of files, perhaps with another number."""
    plan = replace(REAL_PLAN, files=files) if files else MADE_UP_PLAN
    return replace(plan, sentences=sentences) if sentences else plan


def quick(plan: Plan) -> Plan:
    """Return the plan of a quick run."""
    settings = replace(plan.settings, epochs=6)
    return replace(plan, train_reviews=1200, valid_reviews=120, test_reviews=120, settings=settings)


def run(plan: Plan, seeds: Sequence[int], runner: Runner = ONE_BY_ONE) -> Results:
    """Train the network of every condition with every seed, read its gates, and interfere.

    Raises `BadInput` for more sentences than there are, and where `plan.files` cannot be read.
    """
    sentences = read_sentences(plan.files) if plan.files else all_sentences()
    most = min(len(part.plot) for part in split_sentences(sentences, seeds[0]))
    check_sentences(plan.sentences, most)  # here, before anything is trained
    keys = [(condition, seed) for condition in plan.conditions for seed in seeds]
    pieces = [
        Piece(f"{condition.id}, seed {seed}", train_and_test, (plan, sentences, condition, seed))
        for condition, seed in keys
    ]
    runs = dict(zip(keys, runner.train(pieces), strict=True))
    for (_, seed), one in runs.items():
        if seed != seeds[0]:
            one["shown"] = None
    conditions = [
        _condition(condition, [runs[condition, seed] for seed in seeds])
        for condition in plan.conditions
    ]
    return {
        "seeds": list(seeds),
        "files": plan.files.to_json() if plan.files else {},
        "plan": plan.to_json(),
        "conditions": conditions,
        "claims": claims({condition["id"]: condition for condition in conditions}),
    }


def _condition(condition: Condition, runs: list[Run]) -> ConditionResults:
    design = condition.design
    return {
        "id": condition.id,
        "reviews": condition.reviews,
        "unit": condition.unit,
        "layout": design.layout,
        "kind": design.kind,
        "distractors": design.distractors,
        "network": condition.network,
        "weights": condition.weights,
        "reset": condition.reset,
        "accuracy": place_estimates(runs),
        "runs": runs,
    }


def train_and_test(
    plan: Plan,
    sentences: Sentences,
    condition: Condition,
    seed: int,
    watchers: Sequence[Watcher],
) -> Run:
    """Train one network with one seed, and test it; of a GRU read and change gates and states."""
    texts = make_texts(plan, sentences, condition.design, seed)
    settings = replace(plan.settings, network=condition.network, seed=seed)
    model = _initial(condition, texts, settings)
    task = ClassifierTask(model, texts.encode(texts.train), texts.encode(texts.valid), settings)
    outcome = fit(task, settings, watchers=watchers)
    gates, shown = (
        _measure_gates(model, texts, seed) if condition.network == "gru" else (None, None)
    )
    return {
        "seed": seed,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "train_seconds": outcome.train_seconds,
        "epochs": len(outcome.history),
        "best_epoch": outcome.best.epoch,
        "valid_accuracy": outcome.best.valid_measure,
        "words_in_a_review": float(np.mean([len(review.words) for review in texts.test])),
        "words_in_a_verdict": float(np.mean([r.end - r.begin for r in texts.test])),
        "accuracy": _accuracies(texts.test, classify(model, texts, texts.test)),
        "gates": gates,
        "shown": shown,
    }


def _initial(condition: Condition, texts: Texts, settings: Settings) -> Classifier:
    """Return the network before training; chrono's time constants reach over a mean review."""
    longest = round(float(np.mean([len(review.words) for review in texts.train])))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        sizes = (settings.embedding_size, settings.hidden_size)
        return condition.make(len(texts.vocabulary), sizes, longest, settings.dropout)


def _measure_gates(model: Classifier, texts: Texts, seed: int) -> tuple[Gates, Shown]:
    """Read the gates over test reviews, interfere with them, and show one review word by word.

    That is the document's own where the network reads its kind, else the first of the test.
    """
    model.eval()
    valid, test = (read_gates(model, texts, reviews) for reviews in (texts.valid, texts.test))
    carriers = find_carriers(model, valid, test)
    parts = part_means(test, carriers)
    (reading,) = read_gates(model, texts, [texts.document or texts.test[0]])
    gates: Gates = {
        "carriers": carriers,
        "parts": parts,
        "positions": position_means(test, carriers),
        "interventions": intervene(model, texts, texts.test, part_means(valid, carriers), seed),
    }
    return gates, show(model, texts, reading, carriers)


def _accuracies(reviews: Sequence[Review], classes: Classes) -> list[PlaceAccuracy]:
    """Return the accuracy at each place that verdicts stand at."""
    right = classes == np.array(class_ids(reviews))
    place = np.array([review.place for review in reviews])
    negated = np.array([review.negated for review in reviews])

    def accuracy(which: np.ndarray[Any, np.dtype[np.bool_]]) -> float | None:
        return float(right[which].mean()) if which.any() else None

    rows: list[PlaceAccuracy] = []
    for p in PLACES:
        own = place == p
        if own.any():
            rows.append(
                {
                    "place": p,
                    "n": int(own.sum()),
                    "accuracy": float(right[own].mean()),
                    "accuracy_plain": accuracy(own & ~negated),
                    "accuracy_negated": accuracy(own & negated),
                }
            )
    return rows
