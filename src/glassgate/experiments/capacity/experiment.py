"""How near does a network come to the truth with how many parameters? SRN, GRU, LSTM.

Each learns the demo's language at several hidden sizes, with several seeds; the truth is the
grammar's exact distribution of the next word.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import geometric_mean, mean
from typing import Any

import numpy as np

from glassgate.analysis import agreement
from glassgate.analysis.intervals import geometric_interval
from glassgate.analysis.language import Language, language_task
from glassgate.errors import BadInput
from glassgate.experiments import common
from glassgate.experiments.capacity.page import NETWORKS, statements
from glassgate.experiments.common import SETTINGS as DEMO
from glassgate.train.loop import fit
from glassgate.train.settings import Settings
from glassgate.train.threads import on_threads
from glassgate.train.watch import Watching

PAIRS = (("gru", "srn"), ("lstm", "srn"), ("gru", "lstm"))
COUNTS = 3  # of parameters, at which networks are compared
SETTINGS = replace(DEMO, epochs=4)


@dataclass(frozen=True)
class Plan:
    """What is trained on what; `BadInput` unless there are two sizes or more."""

    sizes: Sequence[int] = (4, 8, 16, 32, 64)  # units, each once
    train: int = 40_000  # sentences
    held_out: int = 2_000
    settings: Settings = SETTINGS  # but for network, size and seed

    def __post_init__(self) -> None:
        """Check the sizes."""
        if len(self.sizes) < 2 or len(set(self.sizes)) < len(self.sizes):
            said = ", ".join(map(str, self.sizes)) or "none"
            raise BadInput(f"sizes must be two or more, each named once, got {said}")
        for size in self.sizes:
            replace(self.settings, hidden_size=size)

    def to_json(self) -> dict[str, Any]:
        """Return the plan as a dictionary that JSON can hold."""
        return common.described(self, "hidden_size") | {"networks": list(NETWORKS)}


def read_sizes(text: str) -> tuple[int, ...]:
    """Read numbers of units from a list with commas; `BadInput` if one is no whole number.

    >>> read_sizes("4, 8")
    (4, 8)
    """
    named = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and len(part) < 9 for part in named):
        raise BadInput(f"sizes must be whole numbers with commas between them, got {text!r:.80}")
    return tuple(map(int, named))


def run(
    plan: Plan,
    languages: Mapping[int, Language],
    command: str,
    watcher: Watching | None = None,
    *,
    threads: int = 1,
) -> dict[str, Any]:
    """Train every network at every size with every seed, and return what results.json holds.

    `languages` are two or more, by seed; `command` is the line that made it all. Every training
    is a work of 1 to the `watcher`. `threads`, 1..256, do the computing. Raises `Interrupted`
    after Ctrl-C.
    """
    with on_threads(threads):
        runs = [
            _run(
                language, replace(plan.settings, network=name, hidden_size=size, seed=seed), watcher
            )
            for size in plan.sizes
            for name in NETWORKS
            for seed, language in languages.items()
        ]
    first = next(iter(languages.values()))
    results = {
        "experiment": "capacity",
        **common.provenance(command),
        "seeds": list(languages),
        "grammar": first.grammar.rules.file.name,
        "grammar_entropy_exact_bits": first.grammar.entropy() / first.grammar.mean_length,
        "vocabulary_size": len(first.vocabulary),
        "plan": plan.to_json(),
        "runs": runs,
        "networks": [_point(runs, name, size) for name in NETWORKS for size in plan.sizes],
        "comparisons": list(comparisons(runs)),
    }
    return results | {"statements": statements(results)}


def work(plan: Plan, seeds: int) -> int:
    """Return how many trainings there are."""
    return len(NETWORKS) * len(plan.sizes) * seeds


def comparisons(runs: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Compare networks at the same numbers of parameters, `COUNTS` of those that all of them span.

    Between two sizes the logarithm of a seed's KL divergence is taken to be linear in that of the
    parameters. What is compared is the ratio of two divergences, seed by seed: its geometric mean
    and 95% interval.
    """
    spans = [[r["parameters"] for r in runs if r["network"] == name] for name in NETWORKS]
    fewest, most = max(map(min, spans)), min(map(max, spans))
    if fewest > most:
        return
    for count in np.geomspace(fewest, most, COUNTS).round().astype(int).tolist():
        for name, other in PAIRS:
            reached = zip(
                _divergences(runs, name, count), _divergences(runs, other, count), strict=True
            )
            ratios = [kl / its for kl, its in reached]
            yield {
                "network": name,
                "other": other,
                "parameters": count,
                **_between(ratios),
            }


def _divergences(runs: Sequence[Mapping[str, Any]], network: str, parameters: int) -> list[float]:
    """Give each seed's KL divergence at a number of parameters, in bits."""
    found = []
    for seed in dict.fromkeys(run["seed"] for run in runs):
        own = [run for run in runs if (run["network"], run["seed"]) == (network, seed)]
        own.sort(key=lambda run: run["parameters"])
        x, y = (np.log([run[what] for run in own]) for what in ("parameters", "kl_bits"))
        found.append(math.exp(np.interp(math.log(parameters), x, y)))
    return found


def _run(language: Language, settings: Settings, watcher: Watching | None) -> dict[str, Any]:
    label = f"{settings.network}, {settings.hidden_size} units, seed {settings.seed}"
    task = language_task(language, settings)
    outcome = fit(task, settings, watchers=[watcher(label, 1)] if watcher else [])
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


def _point(runs: Sequence[Mapping[str, Any]], network: str, size: int) -> dict[str, Any]:
    """Put the seeds of a network of one size together."""
    own = [run for run in runs if (run["network"], run["hidden_size"]) == (network, size)]
    same = ("network", "hidden_size", "parameters", "parameters_of_the_network")
    return {
        **{name: own[0][name] for name in same},
        "train_seconds": mean(run["train_seconds"] for run in own),
        "kl_bits": _between([run["kl_bits"] for run in own]),
    }


def _between(values: Sequence[float]) -> dict[str, float]:
    """Give the geometric mean over seeds, and its 95% interval."""
    low, high = geometric_interval(values)
    return {"mean": geometric_mean(values), "low": low, "high": high}
