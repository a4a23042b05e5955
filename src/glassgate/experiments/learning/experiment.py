"""How do gates come about? GRUs learn a language, and are measured at moments of their training.

The first seed document asks: "How do they learn the appropriate amplification/attenuation weights?"
and answers: by backpropagation, and "over many iterations, the weights will converge on something
useful".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from glassgate.analysis.language import Language, language_task
from glassgate.experiments import common
from glassgate.experiments.languages import sample_languages
from glassgate.experiments.learning.moments import SENTENCE, AtSteps, Meter, moment_steps
from glassgate.experiments.learning.results import Results, Run
from glassgate.experiments.learning.summary import claims
from glassgate.experiments.runner import ONE_BY_ONE, Runner
from glassgate.train.loop import fit
from glassgate.train.parallel import Piece
from glassgate.train.settings import Settings
from glassgate.train.watch import Watcher

SETTINGS = replace(common.SETTINGS, epochs=2)


@dataclass(frozen=True)
class Plan:
    """The numbers of a run; `BadInput` for one out of range."""

    train: int = 80_000  # sentences
    held_out: int = 1_000  # sentences
    moments: int = 12  # of training at which networks are measured, the start included
    first: int = 8  # training step of the second moment
    settings: Settings = SETTINGS  # but for the seed

    def __post_init__(self) -> None:
        """Check the numbers; settings check themselves."""
        common.check_counts(self, "train", "held_out", "first")
        common.check_counts(self, "moments", least=3)

    def to_json(self) -> dict[str, Any]:
        """Return the plan as a dictionary that JSON can hold."""
        return common.plan_to_json(self)


def quick(plan: Plan) -> Plan:
    """Return the plan of a quick run."""
    return replace(plan, held_out=300, settings=replace(plan.settings, epochs=1))


def run(plan: Plan, seeds: Sequence[int], runner: Runner = ONE_BY_ONE) -> Results:
    """Train a GRU with every seed, and measure it at each moment."""
    languages = sample_languages(plan, seeds, runner)
    runs = runner.train(
        [
            Piece(
                f"GRU{', word by word' if seed == seeds[0] else ''}, seed {seed}",
                train,
                (plan, languages[seed], seed, seed == seeds[0]),
            )
            for seed in seeds
        ]
    )
    return {
        "seeds": list(seeds),
        "grammar": languages[seeds[0]].grammar.rules.file.name,
        "plan": plan.to_json(),
        "sentence": list(SENTENCE),
        "runs": runs,
        "claims": claims(plan.to_json(), runs),
    }


def train(
    plan: Plan, language: Language, seed: int, word_by_word: bool, watchers: Sequence[Watcher]
) -> Run:
    """Train one GRU, and measure it at each moment; with `word_by_word`, also over a sentence."""
    settings = replace(plan.settings, seed=seed)
    task, meter = language_task(language, settings), Meter(language, word_by_word=word_by_word)
    last = settings.epochs * len(task.batches(1))
    start, *steps = moment_steps(plan.first, last, plan.moments)
    meter.measure(task.model, start)
    measuring = AtSteps(steps, partial(meter.measure, task.model))
    outcome = fit(task, settings, watchers=[*watchers, measuring])
    return {"seed": seed, "train_seconds": outcome.train_seconds, "moments": meter.moments}
