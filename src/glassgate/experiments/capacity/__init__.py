"""How close does a network come to the truth with how many parameters? SRN, GRU and LSTM compared.

Each learns the demo's language at several sizes. Read `results.py` (what is measured),
`experiment.py` (what is trained), `summary.py` (statistics over seeds) and `page.py` (how it is
shown).
"""

from typing import TYPE_CHECKING, Annotated

from glassgate.doors import lazy
from glassgate.experiments.common import Experiment, InFolder, Option

if TYPE_CHECKING:
    from glassgate.experiments.capacity.experiment import Plan
    from glassgate.experiments.capacity.results import Results
    from glassgate.experiments.capacity.summary import comparisons, statements

__all__ = ["EXPERIMENT", "Capacity", "Plan", "Results", "comparisons", "statements"]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "Plan": "experiment",
        "Results": "results",
        "comparisons": "summary",
        "statements": "summary",
    },
)

Sizes = Annotated[str, Option("Numbers of units, two or more.", metavar="N,...")]


class Capacity(InFolder["Plan", "Results"]):
    """The experiment, as `glassgate.experiments.common.Experiment` describes it."""

    name = "capacity"
    question = """Ask how closely networks approach the true distribution, by number of parameters.

    SRN, GRU and LSTM of several sizes learn the demo's language. The folder
    gets report.html, capacity.png and results.json: the KL divergence from the
    grammar by the number of parameters, and how the networks compare at equal
    numbers. It takes about ten to fifteen minutes; --quick takes one.
    """
    examples = (
        "glassgate experiment capacity",
        "glassgate experiment capacity --quick --output quick/",
        "glassgate experiment capacity --sizes 16,32,64,128 --output larger/",
    )
    preparing = "Sampling sentences"
    seeds = 5

    def plan(self, *, sizes: Sizes = "4,8,16,32,64") -> "Plan":
        """Return a plan for networks of these numbers of units, with commas between them."""
        from glassgate.experiments.capacity.experiment import Plan, read_sizes

        return Plan(read_sizes(sizes))


EXPERIMENT: "Experiment[Plan, Results]" = Capacity()
