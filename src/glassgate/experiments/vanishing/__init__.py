"""Does the gradient vanish, and which networks learn across many steps? Two problems test it.

Read `glassgate.experiments.long_lags` (what is to be learned, and by which networks), and here
`results.py` (what is measured), `experiment.py` (what is trained), `summary.py` (statistics over
seeds), `judgements.py` (claims) and `page.py` (how it is shown).
"""

from typing import TYPE_CHECKING, Annotated

from glassgate.doors import lazy
from glassgate.experiments.common import Experiment, InFolder, Option

if TYPE_CHECKING:
    from glassgate.experiments.long_lags.networks import FORMS
    from glassgate.experiments.long_lags.problems import PROBLEMS
    from glassgate.experiments.vanishing.experiment import Plan
    from glassgate.experiments.vanishing.judgements import claims
    from glassgate.experiments.vanishing.results import Results
    from glassgate.experiments.vanishing.summary import statements, summaries

__all__ = [
    "EXPERIMENT",
    "FORMS",
    "PROBLEMS",
    "Plan",
    "Results",
    "Vanishing",
    "claims",
    "statements",
    "summaries",
]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "FORMS": "experiment",
        "PROBLEMS": "experiment",
        "Plan": "experiment",
        "Results": "results",
        "claims": "judgements",
        "statements": "summary",
        "summaries": "summary",
    },
)

Steps = Annotated[int, Option("Training steps of each network.", metavar="N", least=12)]


class Vanishing(InFolder["Plan", "Results"]):
    """The experiment, as `glassgate.experiments.common.Experiment` describes it."""

    name = "vanishing"
    question = """Ask whether the gradient vanishes, and who learns across 100 to 400 steps.

    A feedforward network, an SRN, a GRU and an LSTM learn the adding problem
    and copying memory at T = 100, 200 and 400; GRU and LSTM once more with
    memory spans set before training. The folder gets report.html, vanishing.png
    and results.json: what each has learned, its learning curve, and its gradient
    by lag before and after training. It takes about twenty to forty minutes;
    the time grows in proportion to --steps, and --quick takes one or two.
    """
    examples = (
        "glassgate experiment vanishing",
        "glassgate experiment vanishing --quick --output quick/",
        "glassgate experiment vanishing --steps 5000 --seeds 5 --output longer/",
    )
    preparing = "Preparing sequences"
    seeds = 3

    def plan(self, *, steps: Steps = 1000) -> "Plan":
        """Return the plan of the documentation, with so many training steps."""
        from glassgate.experiments.vanishing.experiment import Plan

        return Plan(steps=steps)


EXPERIMENT: "Experiment[Plan, Results]" = Vanishing()
