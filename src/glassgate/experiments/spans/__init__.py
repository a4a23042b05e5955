"""Do long-distance units exist? What breaks when the units with the longest memory forget.

Read `holds.py` (which units are held, and how), `results.py` (what is measured), `experiment.py`
(what is trained and held), `summary.py` and `answers.py` (the findings, in numbers and in
sentences) and `page.py` (how it is shown).
"""

from typing import TYPE_CHECKING

from glassgate.doors import lazy
from glassgate.experiments.common import Experiment, InFolder

if TYPE_CHECKING:
    from glassgate.experiments.spans.experiment import Plan
    from glassgate.experiments.spans.results import Results
    from glassgate.experiments.spans.summary import claims, rank_correlation, statements

__all__ = ["EXPERIMENT", "Plan", "Results", "Spans", "claims", "rank_correlation", "statements"]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "Plan": "experiment",
        "Results": "results",
        "claims": "summary",
        "rank_correlation": "summary",
        "statements": "summary",
    },
)


class Spans(InFolder["Plan", "Results"]):
    """The experiment, as `glassgate.experiments.common.Experiment` describes it."""

    name = "spans"
    question = """Ask whether long-distance units exist: hold units by their memory span.

    GRUs learn the demo's language. Then the fifth of the units with the longest
    memory span, the middle one, the shortest one and random ones are held so
    that they forget at every word, or so that their states stay at their means;
    then growing groups in order of span; and each unit alone. The folder gets
    report.html, spans.png and results.json: accuracy at dependencies by
    distance, after each. It takes about five to ten minutes; --quick takes
    one.
    """
    examples = (
        "glassgate experiment spans",
        "glassgate experiment spans --quick --output quick/",
        "glassgate experiment spans --seed 10 --seeds 8 --output more/",
    )
    preparing = "Sampling sentences"
    seeds = 5

    def plan(self) -> "Plan":
        """Return the plan of the documentation."""
        from glassgate.experiments.spans.experiment import Plan

        return Plan()


EXPERIMENT: "Experiment[Plan, Results]" = Spans()
