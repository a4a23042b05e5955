"""LSTM, GRU and SRN repeat ten symbols after 1,000 steps, as in Bai et al. 2018.

Read `problem.py` (what is to be learned), `results.py` (what is measured), `experiment.py` (what is
trained), `summary.py` (comparisons) and `page.py` (how it is shown). What `adding` shares with it
stands in `glassgate.reproductions.bai2018`.
"""

from typing import TYPE_CHECKING, Annotated

from glassgate.doors import lazy
from glassgate.experiments.common import InFolder, Option
from glassgate.reproductions.bai2018 import SOURCE

if TYPE_CHECKING:
    from glassgate.reproductions.comparison import Reproduction
    from glassgate.reproductions.copying.experiment import Plan
    from glassgate.reproductions.copying.results import Results
    from glassgate.reproductions.copying.summary import comparisons

__all__ = ["EXPERIMENT", "Copying", "Plan", "Results", "comparisons"]

__getattr__, __dir__ = lazy(
    __name__,
    {"Plan": "experiment", "Results": "results", "comparisons": "summary"},
)

Steps = Annotated[int, Option("Training steps of each network.", metavar="N", least=12)]


class Copying(InFolder["Plan", "Results"]):
    """The reproduction, as `glassgate.reproductions.Reproduction` describes it."""

    name = "copying"
    question = """Ask whether LSTM, GRU and SRN learn to repeat ten symbols after 1,000 steps.

    Networks of about 16,000 parameters learn copying memory at T = 1,000: LSTM,
    GRU and SRN as published, GRU and LSTM once more with memory spans set before
    training. The folder gets report.html, copying.png and results.json: the
    cross-entropy beside the published one, and learning curves. It takes about
    25 minutes; the time grows in proportion to --steps.
    """
    examples = (
        "glassgate reproduce copying",
        "glassgate reproduce copying --steps 5000 --output longer/",
    )
    preparing = "Preparing sequences"
    seeds = 5
    source = SOURCE
    duration = "about 25 minutes"

    def plan(self, *, steps: Steps = 2000) -> "Plan":
        """Return the plan of the documentation, with so many training steps."""
        from glassgate.reproductions.copying.experiment import Plan

        return Plan(steps=steps)


EXPERIMENT: "Reproduction[Plan, Results]" = Copying()
