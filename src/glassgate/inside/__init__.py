"""What happens inside networks: measures of gates, states and gradients.

Most measures take the result of `glassgate.trace`: `Memory` (how long a unit keeps its state),
`Saturation` (how often a gate is open or shut), `Regulation` (what is passed, blended and dropped).
`connectivity` and `gradient_by_lag` use the gradient to measure how far back a network looks, and
`selectivity` uses linear probes to find the units that carry a feature.

To read and to hold gates, call `glassgate.trace`, `glassgate.tracing` and `glassgate.clamp`.

A newcomer reads `networks` (a recurrent module as layers and directions), `trace` and `clamp`, and
then any of the measures, which are independent: `memory`, `saturation`, `regulation`, `gradient`,
`connections` and `probe`.
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
)
