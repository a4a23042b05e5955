"""Why not a single regulation? One language learned by units with two gates, one, and none.

The question of the first seed document: the GRU multiplies one copy of its previous state down and
another up, and adds the two: "why it's not just a single regulation (up or down) beats me!"
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from glassgate.analysis import agreement
from glassgate.analysis.agreement import drop_repeated_cues
from glassgate.analysis.language import Language, language_task
from glassgate.analysis.units import unit_means
from glassgate.experiments import common
from glassgate.experiments.languages import sample_languages
from glassgate.experiments.regulators.networks import FIXED, FORMS, FULL, Form, hold, shape
from glassgate.experiments.regulators.results import Results, Run
from glassgate.experiments.regulators.summary import claims, statements, summarize
from glassgate.experiments.runner import ONE_BY_ONE, Runner
from glassgate.nn.gru import GRU
from glassgate.train.loop import fit
from glassgate.train.parallel import Piece
from glassgate.train.settings import Settings
from glassgate.train.watch import Watcher

SETTINGS = replace(common.SETTINGS, hidden_size=32, epochs=4)


@dataclass(frozen=True)
class Plan:
    """The numbers of a run; the hidden size of `settings` is that of the full GRU.

    Raises `BadInput` for a number out of range.
    """

    train: int = 50_000  # sentences
    held_out: int = 2_000  # sentences
    traced: int = 2_000  # training sentences that the learned means are taken over
    settings: Settings = SETTINGS  # but for hidden size and seed

    def __post_init__(self) -> None:
        """Check the numbers of sentences; settings check themselves."""
        common.check_counts(self, "train", "held_out", "traced")

    def to_json(self) -> dict[str, Any]:
        """Return the plan as a dictionary that JSON can hold."""
        return common.plan_to_json(self, "hidden_size")


def quick(plan: Plan) -> Plan:
    """Return the plan of a quick run."""
    settings = replace(plan.settings, hidden_size=16, epochs=2)
    return replace(plan, train=20_000, held_out=500, traced=500, settings=settings)


def run(plan: Plan, seeds: Sequence[int], runner: Runner = ONE_BY_ONE) -> Results:
    """Train every form with every seed, and compare each with the full GRU."""
    languages = sample_languages(plan, seeds, runner)
    language = languages[seeds[0]]
    V, E = len(language.vocabulary), plan.settings.embedding_size
    sizes = hidden_sizes(V, plan.settings)
    runs = _train_all(plan, seeds, languages, sizes, runner)
    forms = [
        summarize(
            form,
            hidden_size=sizes[form],
            learned_numbers=form.count_learned(V, E, sizes[form]),
            runs=[runs[form, seed] for seed in seeds],
        )
        for form in FORMS
    ]
    return {
        "seeds": list(seeds),
        "grammar": language.grammar.rules.file.name,
        "vocabulary_size": V,
        "plan": plan.to_json(),
        "forms": forms,
        "statements": statements(forms),
        "claims": claims(plan.to_json(), forms),
    }


def hidden_sizes(vocabulary_size: int, settings: Settings) -> dict[Form, int]:
    """Return the hidden size at which each form learns as many numbers as the full GRU."""
    V, E = vocabulary_size, settings.embedding_size
    learned = FULL.count_learned(V, E, settings.hidden_size)
    return {form: form.matching_size(V, E, learned) for form in FORMS}


def _train_all(
    plan: Plan,
    seeds: Sequence[int],
    languages: Mapping[int, Language],
    sizes: Mapping[Form, int],
    runner: Runner,
) -> dict[tuple[Form, int], Run]:
    """Train every form with every seed; before that full GRUs, for the means of fixed gates."""

    def settings(form: Form, seed: int) -> Settings:
        return replace(plan.settings, hidden_size=sizes[form], seed=seed)

    mean_pieces = [
        Piece(
            f"means for {FIXED.name}, seed {seed}",
            learn_means,
            (plan.traced, languages[seed], settings(FIXED, seed)),
        )
        for seed in seeds
    ]
    means = dict(zip(seeds, runner.train(mean_pieces), strict=True))
    keys = [(form, seed) for form in FORMS for seed in seeds]
    pieces = [
        Piece(
            f"{form.name}, seed {seed}",
            train,
            (form, means[seed] if form == FIXED else None, languages[seed], settings(form, seed)),
        )
        for form, seed in keys
    ]
    return dict(zip(keys, runner.train(pieces), strict=True))


def learn_means(
    traced: int, language: Language, settings: Settings, watchers: Sequence[Watcher]
) -> dict[str, list[float]]:
    """Train a full GRU, and return the means of its gates over `traced` training sentences."""
    task = language_task(language, settings)
    fit(task, settings, watchers=watchers)
    means = unit_means(task.model, language, language.train[:traced])
    return {"reset": means.reset.tolist(), "kept": means.kept.tolist()}


def train(
    form: Form,
    means: dict[str, list[float]] | None,
    language: Language,
    settings: Settings,
    watchers: Sequence[Watcher],
) -> Run:
    """Train a form and measure it, with its gates held at the `means` if they are fixed."""
    task = language_task(language, settings)
    network = task.model.network
    assert isinstance(network, GRU)
    shape(form, network)
    with hold(form, network, means):
        outcome = fit(task, settings, watchers=watchers)
        return {
            "seed": settings.seed,
            "train_seconds": outcome.train_seconds,
            "epochs": len(outcome.history),
            "best_epoch": outcome.best.epoch,
            **agreement.score(task.model, language),
            "agreement": agreement.agreement(task.model, drop_repeated_cues(language)),
            "held": means,
        }
