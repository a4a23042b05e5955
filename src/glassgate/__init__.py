"""GRUs you can see into, at a speed you can ship."""

from importlib import import_module
from typing import TYPE_CHECKING

from glassgate.engine import GRU, LayerPlan, set_threads
from glassgate.errors import BadInput
from glassgate.formulation import Formulation
from glassgate.weights import GRUWeights

if TYPE_CHECKING:
    from glassgate.inside.clamp import clamp
    from glassgate.inside.trace import trace
    from glassgate.inside.trace.model import tracing
    from glassgate.inside.trace.result import Trace

__version__ = "0.1.0"

__all__ = [
    "GRU",
    "BadInput",
    "Formulation",
    "GRUWeights",
    "LayerPlan",
    "Trace",
    "__version__",
    "clamp",
    "load",
    "set_threads",
    "trace",
    "tracing",
]

LATER = {  # imported when asked for, with whatever they need
    "Trace": "glassgate.inside.trace.result",
    "load": "glassgate.analysis.trained",
    "clamp": "glassgate.inside.clamp",
    "trace": "glassgate.inside.trace",
    "tracing": "glassgate.inside.trace.model",
}


def __getattr__(name: str) -> object:
    if name == "nn":  # which needs torch
        return import_module("glassgate.nn")
    if name not in LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(LATER[name]), name)
