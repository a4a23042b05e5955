"""Which of four networks that learn one language remembers, and how? The demo.

Read `experiment.py` (what is trained and measured) with `phrase.py` (what is asked of each network
first), then `summary.py` (statistics), and how it is shown: `tables.py`, `figures.py`, `page.py`.
There is one seed, and the networks are trained one after the other, because their training times
are measured.
"""

from typing import TYPE_CHECKING

from glassgate.doors import lazy

if TYPE_CHECKING:
    from glassgate.experiments.demo.experiment import Results, run_demo
    from glassgate.experiments.demo.page import demo_page
    from glassgate.experiments.demo.tables import overview

__all__ = ["Results", "demo_page", "overview", "run_demo"]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "Results": "experiment",
        "demo_page": "page",
        "overview": "tables",
        "run_demo": "experiment",
    },
)
