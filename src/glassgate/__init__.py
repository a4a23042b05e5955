"""GRUs you can see into, at a speed you can ship."""

from glassgate.errors import BadInput
from glassgate.formulation import Formulation
from glassgate.weights import GRUWeights

__version__ = "0.1.0"

__all__ = ["BadInput", "Formulation", "GRUWeights", "__version__"]
