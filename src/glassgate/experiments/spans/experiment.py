"""Do long-distance units exist? A GRU's units are held by their memory span, to see what breaks.

The first seed document says: some units "will become sensitive to long distance dependencies",
others "to short distance dependencies", such as that "the" is followed by a noun or adjective.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, TypedDict, TypeVar

import numpy as np

from glassgate.analysis import agreement
from glassgate.analysis.agreement import drop_repeated_cues, pool_cells
from glassgate.analysis.language import Language, language_task
from glassgate.analysis.units import unit_means
from glassgate.experiments import common
from glassgate.experiments.finished import load_from_json, model_to_json
from glassgate.experiments.languages import sample_languages
from glassgate.experiments.runner import ONE_BY_ONE, Runner
from glassgate.experiments.spans.holds import (
    Hold,
    groups,
    hold_units,
    memory_from_means,
    orders,
    singles,
)
from glassgate.experiments.spans.results import Divergence, Held, Results, Run, Whole
from glassgate.experiments.spans.summary import claims, statements
from glassgate.inside.memory import Memory
from glassgate.nn.models import LanguageModel
from glassgate.train.loop import fit
from glassgate.train.parallel import Piece
from glassgate.train.settings import Settings
from glassgate.train.watch import Watcher

T = TypeVar("T")

SETTINGS = replace(common.SETTINGS, epochs=4)
PROBE_WORD = "the"  # after it, a noun or an adjective: one word of context is nearly enough
LONG_DISTANCE = 10  # words between cue and target, or more


@dataclass(frozen=True)
class Plan:
    """The numbers of a run; `BadInput` for one out of range."""

    train: int = 50_000  # sentences
    held_out: int = 2_000  # sentences
    traced: int = 2_000  # training sentences that means and spans are taken over
    settings: Settings = SETTINGS  # but for the seed

    def __post_init__(self) -> None:
        """Check the numbers of sentences; settings check themselves."""
        common.check_counts(self, "train", "held_out", "traced")

    @property
    def holds(self) -> int:
        """How many times units of one network are held."""
        H = self.settings.hidden_size
        memory, random = Memory(np.zeros(H), np.zeros(H)), np.random.default_rng(0)
        return len(groups(memory, random)) + len(orders(memory, random)) + len(singles(H))

    def to_json(self) -> dict[str, Any]:
        """Return the plan as a dictionary that JSON can hold."""
        return common.plan_to_json(self)


class Trained(TypedDict):
    """A GRU that has learned a language: its weights as text, and how long it took."""

    weights: str
    seconds: float


def quick(plan: Plan) -> Plan:
    """Return the plan of a quick run."""
    settings = replace(plan.settings, hidden_size=32, epochs=2)
    return replace(plan, train=30_000, held_out=300, traced=300, settings=settings)


def run(plan: Plan, seeds: Sequence[int], runner: Runner = ONE_BY_ONE) -> Results:
    """Train a GRU with every seed, hold units of each, and measure what it costs."""
    languages = sample_languages(plan, seeds, runner)
    trained = runner.train(
        [
            Piece(f"GRU, seed {seed}", train, (languages[seed], replace(plan.settings, seed=seed)))
            for seed in seeds
        ]
    )
    runs = runner.measure(
        "holding units",
        [
            Piece(f"seed {seed}", measure, (plan, network, languages[seed], seed), plan.holds)
            for seed, network in zip(seeds, trained, strict=True)
        ],
    )
    return {
        "seeds": list(seeds),
        "grammar": languages[seeds[0]].grammar.rules.file.name,
        "plan": plan.to_json(),
        "word": PROBE_WORD,
        "runs": runs,
        "statements": statements(runs),
        "claims": claims(plan.to_json(), PROBE_WORD, runs),
    }


def train(language: Language, settings: Settings, watchers: Sequence[Watcher]) -> Trained:
    """Train one GRU."""
    task = language_task(language, settings)
    outcome = fit(task, settings, watchers=watchers)
    return {"weights": model_to_json(task.model), "seconds": outcome.train_seconds}


def measure(
    plan: Plan, trained: Trained, language: Language, seed: int, watchers: Sequence[Watcher]
) -> Run:
    """Measure one network as it is and with units held.

    The watchers hear in `Watcher.on_evaluation` how many of ``plan.holds`` are done.
    """
    model = language_task(language, replace(plan.settings, seed=seed)).model
    load_from_json(model, trained["weights"])
    return _Measurement(plan, model.eval(), language, watchers).run(seed, trained["seconds"])


class _Measurement:
    """One network, and what it is measured on."""

    def __init__(
        self, plan: Plan, model: LanguageModel, language: Language, watchers: Sequence[Watcher]
    ) -> None:
        self.model, self.watchers = model, watchers
        self.language, self.far = (
            drop_repeated_cues(language),
            drop_repeated_cues(language, LONG_DISTANCE),
        )
        self.means = unit_means(model, language, language.train[: plan.traced])
        self.holds, self.done = plan.holds, count(1)

    def run(self, seed: int, train_seconds: float) -> Run:
        """Measure the network intact and with units held."""
        memory, random = memory_from_means(self.means), np.random.default_rng([seed, 1])
        held_groups = groups(memory, random)
        return {
            "seed": seed,
            "train_seconds": train_seconds,
            "kept": memory.kept.tolist(),
            "span": memory.span.tolist(),
            "intact": self._measure_all(),
            "groups": [
                {**_describe_hold(hold), **self._measure_held(hold, self._measure_all)}
                for hold in held_groups
            ],
            "orders": [
                {**_describe_hold(hold), "far": self._measure_held(hold, self._measure_far)}
                for hold in orders(memory, random)
            ],
            "alone": [
                {**_describe_hold(hold), "far": self._measure_held(hold, self._measure_far)}
                for hold in singles(len(memory.span))
            ],
        }

    def _measure_held(self, hold: Hold, measure: Callable[[], T]) -> T:
        """Measure while units are held."""
        if hold.units:
            with hold_units(self.model, hold, self.means):
                result = measure()
        else:
            result = measure()
        done = next(self.done)
        for watcher in self.watchers:
            watcher.on_evaluation(done, self.holds)
        return result

    def _measure_all(self) -> Whole:
        """Measure accuracy at every distance, and the divergence of what is expected next."""
        cells = agreement.agreement(self.model, self.language)
        return {"by_distance": pool_cells(cells), **divergence(self.model, self.language)}

    def _measure_far(self) -> agreement.Accuracy:
        """Measure accuracy at the longest distance."""
        return pool_cells(agreement.agreement(self.model, self.far))[-1]


def _describe_hold(hold: Hold) -> Held:
    return {"way": hold.way, "name": hold.name, "units": list(hold.units)}


def divergence(model: LanguageModel, language: Language) -> Divergence:
    """Return the mean KL divergence over all held-out places, and over those after `PROBE_WORD`."""
    contexts = [language.context(words) for words in language.held_out]
    predictions = agreement.log2_probabilities(model, contexts)
    places = np.concatenate(
        [
            agreement.kl_divergence(truth, log_q)
            for truth, log_q in zip(language.truth, predictions, strict=True)
        ]
    )
    after = np.concatenate(contexts) == language.ids[PROBE_WORD]
    return {
        "kl_bits": float(places.mean(dtype=np.float64)),
        "kl_after_word": float(places[after].mean(dtype=np.float64)),
    }
