"""Why not one gate? Gated units with two gates, one and none, with the same number of parameters.

Read `networks.py` (the forms of the unit), `results.py` (what is measured), `experiment.py` (what
is trained), `summary.py` and `answers.py` (the findings, in numbers and in sentences) and `page.py`
(how it is shown).
"""

from typing import TYPE_CHECKING

from glassgate.doors import lazy
from glassgate.experiments.common import Experiment, InFolder

if TYPE_CHECKING:
    from glassgate.experiments.regulators.experiment import Plan
    from glassgate.experiments.regulators.networks import FORMS, Form
    from glassgate.experiments.regulators.results import Results
    from glassgate.experiments.regulators.summary import claims, statements

__all__ = [
    "EXPERIMENT",
    "FORMS",
    "Form",
    "Plan",
    "Regulators",
    "Results",
    "claims",
    "statements",
]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "FORMS": "networks",
        "Form": "networks",
        "Plan": "experiment",
        "Results": "results",
        "claims": "summary",
        "statements": "summary",
    },
)


class Regulators(InFolder["Plan", "Results"]):
    """The experiment, as `glassgate.experiments.common.Experiment` describes it."""

    name = "regulators"
    question = """Ask why a GRU has two gates: compare it with one gate, and with fixed gates.

    The full GRU, one without reset gate, one without update gate, a unit with
    one gate for both, and one whose gates are fixed at learned means, all with
    the same number of learned parameters, learn the demo's language. The folder
    gets report.html, regulators.png and results.json: the divergence from the
    grammar, and accuracy at dependencies by distance. It takes about ten to
    fifteen minutes; --quick takes one.
    """
    examples = (
        "glassgate experiment regulators",
        "glassgate experiment regulators --quick --output quick/",
        "glassgate experiment regulators --seed 10 --seeds 8 --output more/",
    )
    preparing = "Sampling sentences"
    seeds = 5

    def plan(self) -> "Plan":
        """Return the plan of the documentation."""
        from glassgate.experiments.regulators.experiment import Plan

        return Plan()


EXPERIMENT: "Experiment[Plan, Results]" = Regulators()
