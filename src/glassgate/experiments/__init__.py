"""Questions, and the networks that are trained to answer them: one folder for each.

To add an experiment, add a folder, and a line to `EXPERIMENTS` below.

A newcomer reads `common` (the protocol of an experiment, and what all of them share), `capacity`
(the shortest experiment) and `runner` (which trains its networks side by side); then any of
`regulators`, `spans`, `vanishing` and `verdict`. `languages` samples the demo's language, and
`demo` is the demo, which has its own command.
"""

from importlib import import_module
from typing import Any

from glassgate.experiments.common import Experiment

__all__ = ["EXPERIMENTS", "Experiment", "load"]

EXPERIMENTS = {
    "verdict": "glassgate.experiments.verdict",
    "regulators": "glassgate.experiments.regulators",
    "spans": "glassgate.experiments.spans",
    "vanishing": "glassgate.experiments.vanishing",
    "capacity": "glassgate.experiments.capacity",
}
"""The package of each experiment by the name of its command, imported by `load`."""


def load(name: str) -> Experiment[Any, Any]:
    """Return the registered experiment of this name."""
    experiment: Experiment[Any, Any] = import_module(EXPERIMENTS[name]).EXPERIMENT
    return experiment
