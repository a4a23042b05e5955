"""Which networks remember the verdict of a review, and what their gates do over it.

Read `reviews.py`, `real_reviews.py` and `texts.py` (the texts), `results.py` (what is measured),
`experiment.py` (what is trained), `reading.py`, `gates.py` and `holds.py` (accuracy on reviews, the
gates over them, and what holding gates costs), `summary.py` and `answers.py` (the findings, in
numbers and in sentences) and `page.py` (how it is shown).
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from glassgate.doors import lazy
from glassgate.experiments.common import Experiment, InFolder, Option

if TYPE_CHECKING:
    from glassgate.experiments.verdict.experiment import Plan
    from glassgate.experiments.verdict.real_reviews import Files, read_sentences
    from glassgate.experiments.verdict.results import Results
    from glassgate.experiments.verdict.summary import statements

__all__ = [
    "EXPERIMENT",
    "Files",
    "Plan",
    "Results",
    "Verdict",
    "read_sentences",
    "statements",
]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "Files": "real_reviews",
        "Plan": "experiment",
        "Results": "results",
        "read_sentences": "real_reviews",
        "statements": "summary",
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
    question = """Ask which network remembers a book review's verdict, and what its gates do there.

    Reviews of N neutral sentences on the plot have one verdict, at the start,
    in the middle or at the end. An SRN and a GRU learn to tell its class. The
    sentences are made up (N = 6), or real ones (N = 3): verdicts from a CSV
    file, the plot from a novel. The folder gets report.html, verdict.png and
    results.json: accuracy by position of the verdict, whether the reset gate
    falls towards 0 at the verdict and the kept share rises towards 1 after it,
    and the loss of accuracy when gates are held. It takes about five to fifteen minutes.
    """
    examples = (
        "glassgate experiment verdict",
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
