"""Why not a single regulation? One language learned by units with two gates, one, and none.

The question of the first seed document: the GRU multiplies one copy of its previous state down and
another up, and adds the two: "why it's not just a single regulation (up or down) beats me!"
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from statistics import mean
from typing import Any

from glassgate.analysis import agreement
from glassgate.analysis.agreement import pooled, unrepeated
from glassgate.analysis.intervals import t_interval
from glassgate.analysis.language import Language, language_task
from glassgate.analysis.units import UnitMeans, unit_means
from glassgate.experiments import common
from glassgate.experiments.common import SETTINGS as DEMO
from glassgate.experiments.regulators.networks import BOTH, FIXED, FORMS, Form, held, shape
from glassgate.experiments.regulators.page import statements
from glassgate.nn.gru import GRU
from glassgate.train.loop import fit
from glassgate.train.settings import Settings
from glassgate.train.threads import on_threads
from glassgate.train.watch import Watcher, Watching

SETTINGS = replace(DEMO, hidden_size=32, epochs=4)


@dataclass(frozen=True)
class Plan:
    """What is trained on what; the hidden size of `settings` is that of the full GRU."""

    train: int = 50_000  # sentences
    held_out: int = 2_000
    traced: int = 2_000  # sentences to train on that the learned means are taken over
    settings: Settings = SETTINGS

    def to_json(self) -> dict[str, Any]:
        """Return the plan as a dictionary that JSON can hold."""
        return common.described(self, "hidden_size")


def run(
    plan: Plan,
    languages: Mapping[int, Language],
    command: str,
    watcher: Watching | None = None,
    *,
    threads: int = 1,
) -> dict[str, Any]:
    """Train every form with every seed, measure them, and return what results.json holds.

    `languages` are two or more, by seed; `command` is the line that made it all. Every training
    is a work of 1 to the `watcher`. `threads`, 1..256, do the computing. Raises `Interrupted`
    after Ctrl-C.
    """
    with on_threads(threads):
        forms = [_form(form, plan, languages, watcher) for form in FORMS]
    first = next(iter(languages.values()))
    results = {
        "experiment": "regulators",
        **common.provenance(command),
        "seeds": list(languages),
        "grammar": first.grammar.rules.file.name,
        "vocabulary_size": len(first.vocabulary),
        "plan": plan.to_json(),
        "forms": forms,
    }
    return results | {"statements": statements(results)}


def work(seeds: int) -> int:
    """Return how many trainings there are; fixed gates take two."""
    return (len(FORMS) + 1) * seeds


def _form(
    form: Form, plan: Plan, languages: Mapping[int, Language], watcher: Watching | None
) -> dict[str, Any]:
    """Train one form with every seed, and put the seeds together."""
    V, E = len(next(iter(languages.values())).vocabulary), plan.settings.embedding_size
    H = form.matched(V, E, BOTH.learned(V, E, plan.settings.hidden_size))
    runs = [
        _Run(plan, replace(plan.settings, hidden_size=H, seed=seed), language, watcher).of(form)
        for seed, language in languages.items()
    ]
    divergences = [run["kl_bits"] for run in runs]
    low, high = t_interval(divergences)
    return {
        "name": form.name,
        "what": form.what,
        "hidden_size": H,
        "learned_numbers": form.learned(V, E, H),
        "kl_bits": {"mean": mean(divergences), "low": low, "high": high},
        "train_seconds": mean(run["train_seconds"] for run in runs),
        "by_distance": pooled(cell for run in runs for cell in run["agreement"]),
        "runs": runs,
    }


@dataclass(frozen=True)
class _Run:
    """One seed's training of forms of one size."""

    plan: Plan
    settings: Settings
    language: Language
    watcher: Watching | None

    def of(self, form: Form) -> dict[str, Any]:
        """Train a form, and measure it under what it holds."""
        means = self._learned_means() if form == FIXED else None
        task = language_task(self.language, self.settings)
        network = task.model.network
        assert isinstance(network, GRU)
        shape(form, network)
        with held(form, network, means):
            outcome = fit(task, self.settings, watchers=self._watchers(form.name))
            return {
                "seed": self.settings.seed,
                "train_seconds": outcome.train_seconds,
                "epochs": len(outcome.history),
                "best_epoch": outcome.best.epoch,
                **agreement.score(task.model, self.language),
                "agreement": agreement.agreement(task.model, unrepeated(self.language)),
                "held": None if means is None else _listed(means),
            }

    def _learned_means(self) -> UnitMeans:
        """Train a full GRU of the same size, and give what its gates are on average."""
        task = language_task(self.language, self.settings)
        fit(task, self.settings, watchers=self._watchers(f"means for {FIXED.name}"))
        return unit_means(task.model, self.language, self.language.train[: self.plan.traced])

    def _watchers(self, name: str) -> list[Watcher]:
        label = f"{name}, seed {self.settings.seed}"
        return [self.watcher(label, 1)] if self.watcher else []


def _listed(means: UnitMeans) -> dict[str, list[float]]:
    return {"reset": means.reset.tolist(), "kept": means.kept.tolist()}
