"""Do long-distance units exist? A GRU's units are held by their memory span, to see what breaks.

The first seed document says: some units "will become sensitive to long distance dependencies",
others "to short distance dependencies", as that after "the" there comes a noun or an adjective.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import numpy as np

from glassgate.analysis import agreement
from glassgate.analysis.agreement import pooled, unrepeated
from glassgate.analysis.language import Language, language_task
from glassgate.analysis.units import unit_means
from glassgate.experiments import common
from glassgate.experiments.common import SETTINGS as DEMO
from glassgate.experiments.spans.holds import Hold, groups, held, memory_of, orders, singles
from glassgate.experiments.spans.summary import statements
from glassgate.inside.memory import Memory
from glassgate.nn.models import LanguageModel
from glassgate.train.loop import fit
from glassgate.train.settings import Settings
from glassgate.train.threads import on_threads
from glassgate.train.watch import Watching

SETTINGS = replace(DEMO, epochs=4)
WORD = "the"  # after it, a noun or an adjective: a short distance
FAR = 10  # words between the ends, or more: a long one


@dataclass(frozen=True)
class Plan:
    """What is trained on what."""

    train: int = 50_000  # sentences
    held_out: int = 2_000
    traced: int = 2_000  # sentences to train on that means and spans are taken over
    settings: Settings = SETTINGS

    @property
    def holds(self) -> int:
        """How many times units of one network are held."""
        H = self.settings.hidden_size
        none = Memory(np.zeros(H), np.zeros(H))
        random = np.random.default_rng(0)
        return len(groups(none, random)) + len(orders(none, random)) + len(singles(H))

    def to_json(self) -> dict[str, Any]:
        """Return the plan as a dictionary that JSON can hold."""
        return common.described(self)


@dataclass(frozen=True)
class Trained:
    """A GRU that has learned a language."""

    model: LanguageModel
    language: Language
    seconds: float


def train(
    plan: Plan,
    languages: Mapping[int, Language],
    watcher: Watching | None = None,
    *,
    threads: int = 1,
) -> dict[int, Trained]:
    """Train a GRU with every seed, each a work of 1 to the `watcher`.

    `threads`, 1..256, do the computing. Raises `Interrupted` after Ctrl-C.
    """
    trained = {}
    with on_threads(threads):
        for seed, language in languages.items():
            settings = replace(plan.settings, seed=seed)
            task = language_task(language, settings)
            watching = [watcher(f"GRU, seed {seed}", 1)] if watcher else []
            outcome = fit(task, settings, watchers=watching)
            trained[seed] = Trained(task.model, language, outcome.train_seconds)
    return trained


def measure(
    plan: Plan,
    trained: Mapping[int, Trained],
    command: str,
    done: Callable[[int], None],
    *,
    threads: int = 1,
) -> dict[str, Any]:
    """Hold units of every network, measure what it costs, and return what results.json holds.

    `command` is the line that made it all; `done` is told how many of ``plan.holds`` times the
    number of networks have been held; `threads`, 1..256, do the computing.
    """
    held_so_far = count(1)
    with on_threads(threads):
        runs = [
            _Lesions(plan, one, seed, lambda: done(next(held_so_far))).run()
            for seed, one in trained.items()
        ]
    first = next(iter(trained.values())).language
    results = {
        "experiment": "spans",
        **common.provenance(command),
        "seeds": list(trained),
        "grammar": first.grammar.rules.file.name,
        "plan": plan.to_json(),
        "word": WORD,
        "runs": runs,
    }
    return results | {"statements": statements(results)}


class _Lesions:
    """One network, measured whole and with units held."""

    def __init__(self, plan: Plan, trained: Trained, seed: int, tell: Callable[[], None]) -> None:
        self.model, language = trained.model, trained.language
        self.language, self.far = unrepeated(language), unrepeated(language, FAR)
        self.means = unit_means(self.model, language, language.train[: plan.traced])
        self.seed, self.seconds, self.tell = seed, trained.seconds, tell

    def run(self) -> dict[str, Any]:
        """Measure it all."""
        memory, random = memory_of(self.means), np.random.default_rng([self.seed, 1])
        found_groups = groups(memory, random)
        return {
            "seed": self.seed,
            "train_seconds": self.seconds,
            "kept": memory.kept.tolist(),
            "span": memory.span.tolist(),
            "intact": self._everything(),
            "groups": [self._held(hold, self._everything) for hold in found_groups],
            "orders": [self._held(hold, self._farthest) for hold in orders(memory, random)],
            "alone": [self._held(hold, self._farthest) for hold in singles(len(memory.span))],
        }

    def _held(self, hold: Hold, measured: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        if hold.units:
            with held(self.model, hold, self.means):
                found = measured()
        else:
            found = measured()
        self.tell()
        return {"way": hold.way, "name": hold.name, "units": list(hold.units), **found}

    def _everything(self) -> dict[str, Any]:
        """Measure accuracy at every distance, and the divergence of what is expected next."""
        cells = agreement.agreement(self.model, self.language)
        return {"by_distance": pooled(cells), **divergence(self.model, self.language)}

    def _farthest(self) -> dict[str, Any]:
        return {"far": pooled(agreement.agreement(self.model, self.far))[-1]}


def divergence(model: LanguageModel, language: Language) -> dict[str, float]:
    """Give the mean KL divergence over all held-out places, and over those after `WORD`."""
    contexts = [language.context(words) for words in language.held_out]
    places = []
    for truth, log_q in zip(
        language.truth, agreement.log2_probabilities(model, contexts), strict=True
    ):
        places.append(agreement.kl_divergence(truth, log_q))
    every = np.concatenate(places)
    after = np.concatenate(contexts) == language.ids[WORD]
    return {
        "kl_bits": float(every.mean(dtype=np.float64)),
        "kl_after_word": float(every[after].mean(dtype=np.float64)),
    }
