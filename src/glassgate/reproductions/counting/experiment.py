"""Train five networks on two languages, and measure how far each counts, and with which unit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import torch

from glassgate.errors import BadInput
from glassgate.experiments.common import check_counts
from glassgate.experiments.runner import ONE_BY_ONE, Runner
from glassgate.reproductions.counting.counters import (
    accepted_held,
    find_counters,
    moved_count,
    trace_states,
)
from glassgate.reproductions.counting.networks import (
    EMBEDDING_SIZE,
    FORMS,
    as_form,
    count_parameters,
    make_model,
)
from glassgate.reproductions.counting.results import Results, Run
from glassgate.reproductions.counting.summary import compare, summaries
from glassgate.reproductions.counting.words import LANGUAGES, Language, accepted, find_limits
from glassgate.train.loop import fit
from glassgate.train.parallel import Piece
from glassgate.train.settings import Settings
from glassgate.train.tasks import SentenceTask
from glassgate.train.watch import Watcher

PASSES = 10  # through the words, between two evaluations
QUICK_EPOCHS = 100


@dataclass(frozen=True)
class Plan:
    """The numbers of a run; `BadInput` for one out of range.

    `trained` and `tested` are the largest n of a^n b^n; of a^n b^n c^n they are half of them.
    """

    networks: Sequence[str] = tuple(FORMS)
    trained: int = LANGUAGES["anbn"].trained
    tested: int = LANGUAGES["anbn"].tested
    epochs: int = 1000  # passes through the words, rounded up to tens
    batch_size: int = 10  # words
    hidden_size: int = 10  # units
    learning_rates: dict[str, float] = field(default_factory=lambda: dict.fromkeys(FORMS, 0.02))

    def __post_init__(self) -> None:
        """Check the numbers."""
        check_counts(self, "epochs", "batch_size", "hidden_size")
        check_counts(self, "trained", least=8)  # quarters of half of it are counted to
        if not isinstance(self.tested, int) or self.tested < self.trained:
            raise BadInput(
                f"tested must be a whole number of at least trained, {self.trained}, "
                f"got {self.tested!r}"
            )

    def languages(self) -> list[Language]:
        """Return both languages at this plan's lengths."""
        return [
            language._replace(trained=self.trained // share, tested=self.tested // share)
            for language, share in zip(LANGUAGES.values(), (1, 2), strict=True)
        ]

    def settings(self, network: str, seed: int) -> Settings:
        """Return how a network is trained."""
        evaluations = -(-self.epochs // PASSES)
        return Settings(
            network="lstm" if network == "lstm" else "gru",
            hidden_size=self.hidden_size,
            embedding_size=EMBEDDING_SIZE,
            dropout=0.0,
            epochs=evaluations,
            patience=evaluations,
            batch_size=self.batch_size,
            learning_rate=self.learning_rates[network],
            weight_decay=0.0,
            schedule="linear",
            seed=seed,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the plan as a dictionary that JSON can hold."""
        shared = self.settings(self.networks[0], 0)
        names = ("optimizer", "weight_decay", "clip", "schedule")
        return {**vars(self), "training": {name: getattr(shared, name) for name in names}}


class Training(NamedTuple):
    """One network learning one language, with one seed."""

    language: Language
    network: str
    seed: int

    @property
    def name(self) -> str:
        """What watchers and files call it."""
        return f"{self.language.name}: {self.network}, seed {self.seed}"


def quick(plan: Plan) -> Plan:
    """Return the plan of a quick run: shorter words, fewer passes."""
    epochs = QUICK_EPOCHS if plan.epochs == Plan.epochs else plan.epochs
    return replace(plan, trained=20, tested=60, epochs=epochs)


def run(plan: Plan, seeds: Sequence[int], runner: Runner = ONE_BY_ONE) -> Results:
    """Train every network on both languages with every seed, and measure how they count."""
    trainings = [
        Training(language, network, seed)
        for language in plan.languages()
        for network in plan.networks
        for seed in seeds
    ]
    runs = runner.train(
        [
            Piece(training.name, train, (training, plan), work=_work(training))
            for training in trainings
        ]
    )
    networks = summaries(runs, plan.languages())
    return {
        "seeds": list(seeds),
        "plan": plan.to_json(),
        "floors": {language.name: floor(language) for language in plan.languages()},
        "runs": runs,
        "networks": networks,
        "comparisons": compare(networks, plan.languages()),
    }


def _work(training: Training) -> float:
    """Return about how long a training takes, in any unit."""
    lstm = 3.0 if training.network == "lstm" else 1.0
    return lstm * training.language.letters * training.language.trained**2


def floor(language: Language) -> float:
    """Return the least loss of the training words, nats a symbol.

    All words are as frequent, and a word is known once its first b is.
    """
    symbols = sum(len(word) - 1 for word in language.words(most=language.trained))
    return language.trained * math.log(language.trained) / symbols


def train(training: Training, plan: Plan, watchers: Sequence[Watcher]) -> Run:
    """Do one training, and measure how the network counts."""
    language, network, seed = training
    settings = plan.settings(network, seed)
    torch.manual_seed(seed)
    model = make_model(network, language, plan.hidden_size)
    words = language.words(most=language.trained)
    with as_form(network, model):
        task = SentenceTask(model, PASSES * words, words, settings)
        outcome = fit(task, settings, watchers=watchers)
        limits, counters = find_limits(model, language), find_counters(model, language)
        others = [unit for unit in range(plan.hidden_size) if unit not in counters.units]
        values = trace_states(model, language.word(language.trained)[:-1])[1:]
        taken = accepted(model, words, language, sure=True)
        return {
            "language": language.name,
            "network": network,
            "seed": seed,
            "parameters": count_parameters(network, model),
            "train_seconds": outcome.train_seconds,
            "loss": outcome.best.valid_loss,
            "miscounted": limits.miscounted,
            "rejected": limits.rejected,
            "longer": limits.longer,
            "shorter": limits.shorter,
            "units": counters.units,
            "correlation": counters.correlation,
            "intact": sum(taken) / len(taken),
            "held": accepted_held(model, language, counters.units),
            "moved": moved_count(model, language, counters.units),
            "moved_best": counters.moved,
            "moved_others": moved_count(model, language, others),
            "trace": values[:, counters.best].tolist(),
        }
