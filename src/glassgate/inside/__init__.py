"""What happens inside networks: measures of gates, states and gradients.

Most measures take the result of `glassgate.trace`: `Memory` (how long a unit keeps its state),
`Saturation` (how often a gate is open or shut), `Regulation` (what is passed, blended and dropped).
`connectivity` and `gradient_by_lag` use the gradient to measure how far back a network looks, and
`selectivity` uses linear probes to find the units that carry a feature. `similarity_tree` shows
which words a network treats alike, and `principal_components` in which directions states differ.

To read and to hold gates, call `glassgate.trace`, `glassgate.tracing` and `glassgate.clamp`.

A newcomer reads `networks` (a recurrent module as layers and directions), `trace` and `clamp`, and
then any of the measures, which are independent: `memory`, `saturation`, `regulation`, `gradient`,
`connections`, `probe`, `clusters` and `components`.
"""

from typing import TYPE_CHECKING

from glassgate.doors import lazy
from glassgate.gates import Gates, kept_share, memory_span
from glassgate.inside.memory import Memory
from glassgate.inside.regulation import Regulation
from glassgate.inside.saturation import Saturation, saturation

if TYPE_CHECKING:
    from glassgate.inside.clusters import (
        MeanStates,
        Tree,
        mean_states,
        similarity_tree,
    )
    from glassgate.inside.components import Components, principal_components
    from glassgate.inside.connections import connectivity
    from glassgate.inside.gradient import gradient_by_lag, half_life
    from glassgate.inside.probe import Selectivity, selectivity

__all__ = [
    "Components",
    "Gates",
    "MeanStates",
    "Memory",
    "Regulation",
    "Saturation",
    "Selectivity",
    "Tree",
    "connectivity",
    "gradient_by_lag",
    "half_life",
    "kept_share",
    "mean_states",
    "memory_span",
    "principal_components",
    "saturation",
    "selectivity",
    "similarity_tree",
]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "Components": "components",
        "MeanStates": "clusters",
        "Selectivity": "probe",
        "Tree": "clusters",
        "connectivity": "connections",
        "gradient_by_lag": "gradient",
        "half_life": "gradient",
        "mean_states": "clusters",
        "principal_components": "components",
        "selectivity": "probe",
        "similarity_tree": "clusters",
    },
)
