"""GRUs you can see into, at a speed you can ship."""

from glassgate.engine import GRU, LayerPlan, set_threads
from glassgate.errors import BadInput
from glassgate.formulation import Formulation
from glassgate.weights import GRUWeights

__version__ = "0.1.0"

__all__ = ["GRU", "BadInput", "Formulation", "GRUWeights", "LayerPlan", "__version__", "set_threads"]
