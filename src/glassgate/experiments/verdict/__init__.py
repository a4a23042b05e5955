"""How networks learn the verdict of a review, first or last, and what their gates have to do there.

Read `sentences.py`, `reviews.py`, `real_reviews.py` and `texts.py` (the texts), `conditions.py`
(which networks learn from which), `results.py` (what is measured), `experiment.py` (plan and run),
`reading.py` and `gates.py` (answers, carriers of the class and their gates), `interventions.py`
(the causal tests), `summary.py` and `judgements.py` (the claims), `wording.py` and `answers.py`
(names of conditions, and the findings in sentences), `tables.py` and `page.py` (how it is shown).
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from glassgate.doors import lazy
from glassgate.experiments.common import Experiment, InFolder, Option

if TYPE_CHECKING:
    from glassgate.experiments.verdict.conditions import Condition
    from glassgate.experiments.verdict.experiment import Plan
    from glassgate.experiments.verdict.judgements import claims
    from glassgate.experiments.verdict.real_reviews import Files, read_sentences
    from glassgate.experiments.verdict.results import Results

__all__ = [
    "EXPERIMENT",
    "Condition",
    "Files",
    "Plan",
    "Results",
    "Verdict",
    "claims",
    "read_sentences",
]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "Condition": "conditions",
        "Files": "real_reviews",
        "Plan": "experiment",
        "Results": "results",
        "claims": "judgements",
        "read_sentences": "real_reviews",
    },
)

Sentences = Annotated[
    int | None,
    Option("Plot sentences in each review: 6, or 3 real ones.", metavar="N", least=2),
]
Verdicts = Annotated[Path | None, Option("Real verdicts, of two classes.", metavar="FILE.csv")]
Plot = Annotated[Path | None, Option("A text to put around them.", metavar="FILE.txt")]
Text = Annotated[str, Option("Column of the verdicts.", metavar="COLUMN")]
Label = Annotated[str, Option("Column of their classes.", metavar="COLUMN")]


class Verdict(InFolder["Plan", "Results"]):
    """The experiment, as `glassgate.experiments.common.Experiment` describes it."""

    name = "verdict"
    question = """Ask how a GRU learns a book review's verdict, and what its gates have to do there.

    A review has N neutral sentences on the plot, and a verdict of a word or a
    phrase, perhaps among others that do not count. Networks are trained apart
    for a verdict that stands first, last or anywhere, from torch's initial
    weights and from chrono's. The folder gets report.html, verdict.png and
    results.json: accuracy, the gates of the units that carry the class, and
    causal tests: states before and after the verdict zeroed or swapped, gates
    held. Sentences are made up, or real: verdicts from a CSV file, the plot
    from a novel. It takes about twenty minutes on two cores; --quick takes one.
    """
    examples = (
        "glassgate experiment verdict",
        "glassgate experiment verdict --quick --output verdict-quick/",
        "glassgate experiment verdict --verdicts films.csv --plot novel.txt",
    )
    preparing = "Preparing reviews"
    seeds = 5

    def plan(
        self,
        *,
        sentences: Sentences = None,
        verdicts: Verdicts = None,
        plot: Plot = None,
        text: Text = "text",
        label: Label = "label",
    ) -> "Plan":
        """Return the plan for made-up sentences, or that for real ones where files are named."""
        from glassgate.experiments.verdict.experiment import make_plan
        from glassgate.experiments.verdict.real_reviews import choose_files

        return make_plan(sentences, choose_files(verdicts, plot, text, label))


EXPERIMENT: "Experiment[Plan, Results]" = Verdict()
