"""How fast a GRU runs on this machine, compared with torch and with the machine's own limits.

Read the files in this order: `workloads` (what is timed), `problem` (its arrays and the correct
results), `contenders` (the programs that compete), `timing` (they take turns), `machine` and
`floors` (rates of the machine, and the least time that a workload can take), `measurement` (all of
it together) and `tables` (the results). `host` describes the machine.

The names below are public. They need ``pip install 'glassgate[train]'`` and are imported on first
use.
"""

from typing import TYPE_CHECKING

from glassgate.doors import lazy

if TYPE_CHECKING:
    from glassgate.speed.contenders import Contender, contenders_for, using_threads
    from glassgate.speed.measurement import Measured, measure
    from glassgate.speed.tables import errors, table, to_json
    from glassgate.speed.timing import Timing, race, turn
    from glassgate.speed.workloads import Workload

__all__ = [
    "Contender",
    "Measured",
    "Timing",
    "Workload",
    "contenders_for",
    "errors",
    "measure",
    "race",
    "table",
    "to_json",
    "turn",
    "using_threads",
]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "Contender": "contenders",
        "Measured": "measurement",
        "Timing": "timing",
        "Workload": "workloads",
        "contenders_for": "contenders",
        "errors": "tables",
        "measure": "measurement",
        "race": "timing",
        "table": "tables",
        "to_json": "tables",
        "turn": "timing",
        "using_threads": "contenders",
    },
)
