"""Questions, and the networks that are trained to answer them: one folder for each.

To add an experiment, add a folder, and a line to `EXPERIMENTS` below.

A newcomer reads `common` (the protocol of an experiment, and what all of them share), `capacity`
(the shortest experiment), `runner` (which trains its networks side by side), `finished` (which
keeps what is trained, so that a stopped run can go on) and `claims` (what a document says, and
whether it is so); then any of `regulators`, `spans`, `learning`, `vanishing` and `verdict`.
`languages` samples the demo's language, `long_lags` has problems whose answer lies many steps back,
and `demo` is the demo, which has its own command.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from glassgate.experiments.common import Experiment

__all__ = ["EXPERIMENTS", "Experiment", "load"]

EXPERIMENTS = {
    "verdict": "glassgate.experiments.verdict",
    "regulators": "glassgate.experiments.regulators",
    "spans": "glassgate.experiments.spans",
    "learning": "glassgate.experiments.learning",
    "vanishing": "glassgate.experiments.vanishing",
    "capacity": "glassgate.experiments.capacity",
}
"""The package of each experiment by the name of its command, imported by `load`."""


def load(name: str, registry: Mapping[str, str] = EXPERIMENTS) -> Experiment[Any, Any]:
    """Return the experiment of this name in a registry."""
    experiment: Experiment[Any, Any] = import_module(registry[name]).EXPERIMENT
    return experiment
