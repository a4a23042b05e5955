"""Questions asked of networks that are trained to answer them, one folder for each.

A new experiment is a folder and one line below. `common` has the protocol that it satisfies.
"""

from importlib import import_module
from typing import Any

from glassgate.experiments.common import Experiment

EXPERIMENTS = {
    "verdict": "glassgate.experiments.verdict",
    "regulators": "glassgate.experiments.regulators",
    "spans": "glassgate.experiments.spans",
    "vanishing": "glassgate.experiments.vanishing",
    "capacity": "glassgate.experiments.capacity",
}
"""The doors of the experiments by the names of their commands, imported when they are asked for."""


def load(name: str) -> Experiment[Any, Any]:
    """Return the registered experiment of this name."""
    experiment: Experiment[Any, Any] = import_module(EXPERIMENTS[name]).EXPERIMENT
    return experiment
