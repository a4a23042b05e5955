"""What happens inside networks: measures of gates, states and gradients.

Most measures take what `glassgate.trace` gives: `Memory` (for how long a unit keeps), `Saturation`
(how often a gate is open or shut), `Regulation` (what is passed, blended and dropped).
`connectivity` and `gradient_by_lag` ask the gradient how far back a network looks; `selectivity`
asks a linear probe which units carry a feature.

To read and to hold gates, call `glassgate.trace`, `glassgate.tracing` and `glassgate.clamp`. A
newcomer reads `networks` (a recurrent module as layers and directions), `trace`, `clamp`, and then
one measure at a time; no measure needs another.
"""

from typing import TYPE_CHECKING

from glassgate.doors import lazy
from glassgate.gates import Gates, kept_share, memory_span
from glassgate.inside.memory import Memory
from glassgate.inside.regulation import Regulation
from glassgate.inside.saturation import Saturation, saturation

if TYPE_CHECKING:
    from glassgate.inside.connections import connectivity
    from glassgate.inside.gradient import gradient_by_lag, half_life
    from glassgate.inside.probe import Selectivity, selectivity

__all__ = [
    "Gates",
    "Memory",
    "Regulation",
    "Saturation",
    "Selectivity",
    "connectivity",
    "gradient_by_lag",
    "half_life",
    "kept_share",
    "memory_span",
    "saturation",
    "selectivity",
]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "Selectivity": "probe",
        "connectivity": "connections",
        "gradient_by_lag": "gradient",
        "half_life": "gradient",
        "selectivity": "probe",
    },
    extra="all",
)
