"""GRUs you can see into, at a speed you can ship.

`GRU` runs a trained network on NumPy arrays, `nn.GRU` takes the place of `torch.nn.GRU`, `load`
reads a model that `glassgate train` wrote, and `explore` shows it at work. `trace` reads every gate
of a network, PyTorch's own included; `clamp` holds gates while the network runs. `Formulation`
names the published form of a unit, and `GRUWeights` holds its weights.

The core needs NumPy and safetensors alone. Everything is imported on first use, so that the command
line starts at once; among it these packages:

- `glassgate.engine`: networks on NumPy arrays;
- `glassgate.nn`: recurrent modules for PyTorch;
- `glassgate.inside`: measures of what happens inside a network;
- `glassgate.analysis`: what trained models predict, score and remember;
- `glassgate.explorer`: a page in which trained networks run;
- `glassgate.train`: training a model;
- `glassgate.exchange`: reading and writing other tools' files.

A newcomer reads `formulation`, `weights` and `reference` (the equations in plain NumPy), then
`engine` (the same, fast), `nn` and `inside`.
"""

from typing import TYPE_CHECKING

from glassgate.doors import lazy

if TYPE_CHECKING:
    from glassgate import analysis as analysis
    from glassgate import engine as engine
    from glassgate import exchange as exchange
    from glassgate import inside as inside
    from glassgate import nn as nn
    from glassgate import train as train
    from glassgate.analysis.trained import load
    from glassgate.engine import GRU, LayerPlan, set_threads
    from glassgate.errors import BadInput
    from glassgate.explorer import explore
    from glassgate.formulation import Formulation
    from glassgate.inside.clamp import clamp
    from glassgate.inside.trace import trace
    from glassgate.inside.trace.model import tracing
    from glassgate.inside.trace.result import Trace
    from glassgate.weights import GRUWeights

__version__ = "0.1.0"

__all__ = [
    "GRU",
    "BadInput",
    "Formulation",
    "GRUWeights",
    "LayerPlan",
    "Trace",
    "__version__",
    "analysis",
    "clamp",
    "exchange",
    "explore",
    "inside",
    "load",
    "nn",
    "set_threads",
    "trace",
    "tracing",
    "train",
]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "BadInput": "errors",
        "Formulation": "formulation",
        "GRU": "engine",
        "GRUWeights": "weights",
        "LayerPlan": "engine",
        "Trace": "inside.trace.result",
        "analysis": "analysis",
        "clamp": "inside.clamp",
        "engine": "engine",
        "exchange": "exchange",
        "explore": "explorer",
        "inside": "inside",
        "load": "analysis.trained",
        "nn": "nn",
        "set_threads": "engine",
        "trace": "inside.trace",
        "tracing": "inside.trace.model",
        "train": "train",
    },
)
