"""How do gates come about? A GRU is measured at moments of its training, from start to end.

Read `results.py` (what is measured), `moments.py` (how, and at which steps), `experiment.py` (what
is trained), `summary.py` (statistics over seeds, and claims) and `page.py` (how it is shown).
"""

from typing import TYPE_CHECKING

from glassgate.doors import lazy
from glassgate.experiments.common import Experiment, InFolder

if TYPE_CHECKING:
    from glassgate.experiments.learning.experiment import Plan
    from glassgate.experiments.learning.results import Results
    from glassgate.experiments.learning.summary import claims

__all__ = ["EXPERIMENT", "Learning", "Plan", "Results", "claims"]

__getattr__, __dir__ = lazy(
    __name__, {"Plan": "experiment", "Results": "results", "claims": "summary"}
)


class Learning(InFolder["Plan", "Results"]):
    """The experiment, as `glassgate.experiments.common.Experiment` describes it."""

    name = "learning"
    question = """Ask how gates come about: measure a GRU at twelve moments of its training.

    GRUs learn the demo's language. Before training and at steps that lie ever
    farther apart, the gates and memory span of each unit, accuracy at
    dependencies by distance, the gradient by lag and the divergence from the
    grammar are measured. The folder gets report.html, with a slider over time,
    learning.png and results.json. It takes about two to four minutes; --quick
    takes about one.
    """
    examples = (
        "glassgate experiment learning",
        "glassgate experiment learning --quick --output quick/",
        "glassgate experiment learning --seed 10 --seeds 8 --output more/",
    )
    preparing = "Sampling sentences"
    seeds = 5

    def plan(self) -> "Plan":
        """Return the plan of the documentation."""
        from glassgate.experiments.learning.experiment import Plan

        return Plan()


EXPERIMENT: "Experiment[Plan, Results]" = Learning()
