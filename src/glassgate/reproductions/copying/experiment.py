"""LSTM, GRU and SRN of about 16,000 parameters learn copying memory at T = 1,000."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from glassgate.experiments.runner import ONE_BY_ONE, Runner
from glassgate.reproductions.bai2018 import training
from glassgate.reproductions.copying.problem import PROBLEM
from glassgate.reproductions.copying.results import Results
from glassgate.reproductions.copying.summary import comparisons

UNITS = {"lstm": 60, "gru": 70, "srn": 120, "gru-chrono": 70, "lstm-chrono": 60}
RATES = {"lstm": 0.01, "gru": 0.01, "srn": 0.003, "gru-chrono": 0.01, "lstm-chrono": 0.01}


@dataclass(frozen=True)
class Plan(training.Plan):
    """The numbers of a run, as `glassgate.reproductions.bai2018.training.Plan` explains them."""

    T: int = 1000
    units: Mapping[str, int] = field(default_factory=UNITS.copy)
    learning_rates: Mapping[str, float] = field(default_factory=RATES.copy)


def quick(plan: Plan) -> Plan:
    """Return the plan of a quick run."""
    steps = 480 if plan.steps == Plan.steps else plan.steps
    return replace(plan, T=100, steps=steps)


def run(plan: Plan, seeds: Sequence[int], runner: Runner = ONE_BY_ONE) -> Results:
    """Train every network with every seed, and compare them with what was published."""
    measured = training.measure(PROBLEM, plan, seeds, runner)
    return {**measured, "comparisons": comparisons(measured)}
