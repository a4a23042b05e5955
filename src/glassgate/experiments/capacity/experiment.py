"""How close does a network come to the truth with how many parameters? SRN, GRU, LSTM.

Each learns the demo's language at several hidden sizes, with several seeds; the truth is the
grammar's exact distribution of the next word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from glassgate.analysis import agreement
from glassgate.analysis.language import Language, language_task
from glassgate.errors import BadInput
from glassgate.experiments import common
from glassgate.experiments.capacity.results import Results, Run
from glassgate.experiments.capacity.summary import NETWORKS, claims, comparisons, points, statements
from glassgate.experiments.languages import sample_languages
from glassgate.experiments.runner import ONE_BY_ONE, Runner
from glassgate.train.loop import fit
from glassgate.train.parallel import Piece
from glassgate.train.settings import Settings
from glassgate.train.watch import Watcher

SETTINGS = replace(common.SETTINGS, epochs=4)


@dataclass(frozen=True)
class Plan:
    """The numbers of a run; `BadInput` for one out of range, or fewer than two different sizes."""

    sizes: Sequence[int] = (4, 8, 16, 32, 64)  # units
    train: int = 40_000  # sentences
    held_out: int = 2_000  # sentences
    settings: Settings = SETTINGS  # but for network, size and seed

    def __post_init__(self) -> None:
        """Check sizes and numbers of sentences."""
        common.check_counts(self, "train", "held_out")
        if len(self.sizes) < 2 or len(set(self.sizes)) < len(self.sizes):
            given = ", ".join(map(str, self.sizes)) or "none"
            raise BadInput(f"sizes must be two or more different numbers, got {given}")
        for size in self.sizes:
            replace(self.settings, hidden_size=size)

    def to_json(self) -> dict[str, Any]:
        """Return the plan as a dictionary that JSON can hold."""
        return common.plan_to_json(self, "hidden_size") | {"networks": list(NETWORKS)}


def read_sizes(text: str) -> tuple[int, ...]:
    """Read numbers of units with commas between them; `BadInput` unless they are whole numbers.

    >>> read_sizes("4, 8")
    (4, 8)
    """
    sizes = [part.strip() for part in text.split(",")]
    if not all(size.isdecimal() and len(size) < 9 for size in sizes):
        raise BadInput(f"sizes must be whole numbers with commas between them, got {text!r:.80}")
    return tuple(map(int, sizes))


def quick(plan: Plan) -> Plan:
    """Return the plan of a quick run."""
    return replace(plan, train=14_000, held_out=500, settings=replace(plan.settings, epochs=2))


def run(plan: Plan, seeds: Sequence[int], runner: Runner = ONE_BY_ONE) -> Results:
    """Train every network at every size with every seed, and compare them."""
    languages = sample_languages(plan, seeds, runner, items=False)
    pieces = [
        Piece(
            f"{settings.network}, {settings.hidden_size} units, seed {settings.seed}",
            train,
            (languages[settings.seed], settings),
        )
        for settings in trainings(plan, seeds)
    ]
    runs = runner.train(pieces)
    language = languages[seeds[0]]
    compared = list(comparisons(runs))
    return {
        "seeds": list(seeds),
        "grammar": language.grammar.rules.file.name,
        "grammar_entropy_exact_bits": language.grammar.entropy() / language.grammar.mean_length,
        "vocabulary_size": len(language.vocabulary),
        "plan": plan.to_json(),
        "runs": runs,
        "networks": points(runs),
        "comparisons": compared,
        "statements": statements(compared),
        "claims": claims(plan.to_json(), compared),
    }


def trainings(plan: Plan, seeds: Sequence[int]) -> list[Settings]:
    """Return the settings of each training, in the order of results.json."""
    return [
        replace(plan.settings, network=network, hidden_size=size, seed=seed)
        for size in plan.sizes
        for network in NETWORKS
        for seed in seeds
    ]


def train(language: Language, settings: Settings, watchers: Sequence[Watcher]) -> Run:
    """Train one network and measure it."""
    task = language_task(language, settings)
    outcome = fit(task, settings, watchers=watchers)
    network = sum(weight.numel() for weight in task.model.network.parameters())
    return {
        "network": settings.network,
        "hidden_size": settings.hidden_size,
        "seed": settings.seed,
        "parameters": sum(weight.numel() for weight in task.model.parameters()),
        "parameters_of_the_network": network,
        "train_seconds": outcome.train_seconds,
        "valid_loss": [epoch.valid_loss for epoch in outcome.history],
        **agreement.score(task.model, language),
    }
