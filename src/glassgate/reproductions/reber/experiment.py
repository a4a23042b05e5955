"""Train SRN and GRU on strings of the Reber grammar, plain and embedded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from glassgate.experiments.common import check_counts
from glassgate.experiments.runner import ONE_BY_ONE, Runner
from glassgate.nn import LanguageModel
from glassgate.reproductions.networks import NETWORKS, make_model
from glassgate.reproductions.reber import strings
from glassgate.reproductions.reber.results import EmbeddedRun, PlainRun, Results
from glassgate.reproductions.reber.summary import compare, embedded_summary, plain_summary
from glassgate.train.loop import fit
from glassgate.train.parallel import Piece
from glassgate.train.settings import Settings
from glassgate.train.tasks import SentenceTask
from glassgate.train.watch import Watcher

EMBEDDED = ("embedded", "biased")
VALID = 500  # strings that choose the epoch whose weights are kept
LONGEST = 8  # letters of a random string, without b and e


@dataclass(frozen=True)
class Plan:
    """The numbers of a run; `BadInput` for one out of range."""

    networks: Sequence[str] = tuple(NETWORKS)
    train: int = 10_000  # strings
    epochs: int = 8  # passes through them
    batch_size: int = 16
    learning_rate: float = 0.01
    hidden_size: int = 3  # of the networks that learn the plain grammar
    embedded_size: int = 15  # of those that learn an embedded one
    test: int = 2_000  # strings
    random: int = 20_000  # random strings

    def __post_init__(self) -> None:
        """Check the numbers."""
        names = ("train", "epochs", "batch_size", "hidden_size", "embedded_size", "random")
        check_counts(self, *names)
        check_counts(self, "test", least=10)  # of which a tenth is the longest

    def settings(self, hidden_size: int, seed: int) -> Settings:
        """Return how a network is trained; its name is not part of it."""
        return Settings(
            network="srn",
            hidden_size=hidden_size,
            embedding_size=len(strings.LETTERS),
            dropout=0.0,
            epochs=self.epochs,
            patience=self.epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            weight_decay=0.0,
            schedule="linear",
            seed=seed,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the plan as a dictionary that JSON can hold."""
        shared = self.settings(self.hidden_size, 0)
        names = ("optimizer", "weight_decay", "clip", "schedule")
        return {**vars(self), "training": {name: getattr(shared, name) for name in names}}


def quick(plan: Plan) -> Plan:
    """Return the plan of a quick run: fewer strings and passes."""
    train = 2_000 if plan.train == Plan.train else plan.train
    return replace(plan, train=train, epochs=4, test=500, random=2_000)


def run(plan: Plan, seeds: Sequence[int], runner: Runner = ONE_BY_ONE) -> Results:
    """Train every network on every grammar with every seed, and measure what it accepts."""
    plain = runner.train(
        [
            Piece(f"reber: {network}, seed {seed}", train_plain, (network, seed, plan))
            for network in plan.networks
            for seed in seeds
        ]
    )
    embedded = runner.train(
        [
            Piece(f"{name}: {network}, seed {seed}", train_embedded, (name, network, seed, plan))
            for name in EMBEDDED
            for network in plan.networks
            for seed in seeds
        ]
    )
    return {
        "seeds": list(seeds),
        "plan": plan.to_json(),
        "bins": [f"{low}-{high}" if high else f"{low}+" for low, high in strings.BINS],
        "plain": plain_summary(plain),
        "embedded": embedded_summary(embedded),
        "plain_runs": plain,
        "embedded_runs": embedded,
        "comparisons": compare(plain, embedded),
    }


def train_plain(network: str, seed: int, plan: Plan, watchers: Sequence[Watcher]) -> PlainRun:
    """Train one network on the plain grammar, and judge new strings with it."""
    model, seconds = _train("reber", network, plan.hidden_size, seed, plan, watchers)
    grammar = strings.load_grammar("reber")
    test = sorted(strings.sample(grammar, plan.test, _test_seed(seed)), key=len)
    drawn = strings.random_strings(plan.random, LONGEST, np.random.default_rng(seed))
    valid = [strings.is_grammatical(grammar, string) for string in drawn]
    taken, random_taken = strings.accepted(model, test), strings.accepted(model, drawn)
    longest = taken[-(len(taken) // 10) :]
    wrong = [not one for one, own in zip(random_taken, valid, strict=True) if not own]
    return {
        "network": network,
        "seed": seed,
        "train_seconds": seconds,
        "parameters": _count_parameters(model),
        "grammatical": sum(taken) / len(taken),
        "longest": sum(longest) / len(longest),
        "random": sum(wrong) / len(wrong),
        "random_grammatical": sum(valid),
        "perfect": all(taken) and random_taken == valid,
    }


def train_embedded(
    grammar: str, network: str, seed: int, plan: Plan, watchers: Sequence[Watcher]
) -> EmbeddedRun:
    """Train one network on an embedded grammar, and ask for the letter that returns."""
    model, seconds = _train(grammar, network, plan.embedded_size, seed, plan, watchers)
    test = strings.sample(strings.load_grammar(grammar), plan.test, _test_seed(seed))
    answers = strings.repeated_right(model, test)
    lengths = [strings.embedded_length(string) for string in test]
    by_length = []
    for low, high in strings.BINS:
        own = [
            right
            for right, length in zip(answers, lengths, strict=True)
            if low <= length <= (high or length)
        ]
        by_length.append(sum(own) / len(own) if own else None)
    return {
        "grammar": grammar,
        "network": network,
        "seed": seed,
        "train_seconds": seconds,
        "parameters": _count_parameters(model),
        "right": sum(answers) / len(answers),
        "by_length": by_length,
    }


def _train(
    grammar: str,
    network: str,
    hidden_size: int,
    seed: int,
    plan: Plan,
    watchers: Sequence[Watcher],
) -> tuple[LanguageModel, float]:
    """Return a trained model and the seconds that it took."""
    drawn = strings.sample(strings.load_grammar(grammar), plan.train + VALID, 2 * seed)
    ids = strings.to_ids(drawn)
    torch.manual_seed(seed)
    model = make_model(network, torch.eye(len(strings.LETTERS)), hidden_size)
    settings = plan.settings(hidden_size, seed)
    outcome = fit(
        SentenceTask(model, ids[VALID:], ids[:VALID], settings), settings, watchers=watchers
    )
    return model, outcome.train_seconds


def _test_seed(seed: int) -> int:
    return 2 * seed + 1  # which no training has


def _count_parameters(model: LanguageModel) -> int:
    return sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
