"""LSTM, GRU and SRN add two numbers that lie up to 600 steps back, as in Bai et al. 2018.

Read `problem.py` (what is to be learned), `results.py` (what is measured), `experiment.py` (what is
trained), `summary.py` (comparisons) and `page.py` (how it is shown). What `copying` shares with it
stands in `glassgate.reproductions.bai2018`.
"""

from typing import TYPE_CHECKING, Annotated

from glassgate.doors import lazy
from glassgate.experiments.common import InFolder, Option
from glassgate.reproductions.bai2018 import SOURCE

if TYPE_CHECKING:
    from glassgate.reproductions.adding.experiment import Plan
    from glassgate.reproductions.adding.results import Results
    from glassgate.reproductions.adding.summary import comparisons
    from glassgate.reproductions.comparison import Reproduction

__all__ = ["EXPERIMENT", "Adding", "Plan", "Results", "comparisons"]

__getattr__, __dir__ = lazy(
    __name__,
    {"Plan": "experiment", "Results": "results", "comparisons": "summary"},
)

Steps = Annotated[int, Option("Training steps of each network.", metavar="N", least=12)]


class Adding(InFolder["Plan", "Results"]):
    """The reproduction, as `glassgate.reproductions.Reproduction` describes it."""

    name = "adding"
    question = """Ask whether LSTM, GRU and SRN learn to add two numbers among 600.

    Networks of about 70,000 parameters learn the adding problem at T = 600: LSTM,
    GRU and SRN as published, GRU and LSTM once more with memory spans set before
    training. The folder gets report.html, adding.png and results.json: the mean
    squared error beside the published one, and learning curves. It takes about
    40 minutes; the time grows in proportion to --steps.
    """
    examples = (
        "glassgate reproduce adding",
        "glassgate reproduce adding --steps 5000 --output longer/",
    )
    preparing = "Preparing sequences"
    seeds = 5
    source = SOURCE
    duration = "about 40 minutes"

    def plan(self, *, steps: Steps = 3000) -> "Plan":
        """Return the plan of the documentation, with so many training steps."""
        from glassgate.reproductions.adding.experiment import Plan

        return Plan(steps=steps)


EXPERIMENT: "Reproduction[Plan, Results]" = Adding()
