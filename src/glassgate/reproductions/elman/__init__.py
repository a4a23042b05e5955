"""Does a network find structure in time? The four problems of Elman (1990), SRN and GRU.

Read `sequences.py` (XOR, letters and words without marks between them), `predictor.py` (what
predicts their bits), `lexicon.py` (sentences, and the tree of their words), `results.py` (what is
measured), `experiment.py` (what is trained), `summary.py` (statistics over seeds, and what was
published) and `page.py` (how it is shown). `lexical.grammar` has the sentences.
"""

from typing import TYPE_CHECKING, Annotated

from glassgate.doors import lazy
from glassgate.experiments.common import InFolder, Option
from glassgate.reproductions.comparison import Reproduction

if TYPE_CHECKING:
    from glassgate.reproductions.elman.experiment import Plan
    from glassgate.reproductions.elman.lexicon import load_grammar
    from glassgate.reproductions.elman.results import Results

__all__ = ["EXPERIMENT", "Elman", "Plan", "Results", "load_grammar"]

__getattr__, __dir__ = lazy(
    __name__, {"Plan": "experiment", "Results": "results", "load_grammar": "lexicon"}
)

Sentences = Annotated[int, Option("Sentences for the lexical classes.", metavar="N", least=100)]


class Elman(InFolder["Plan", "Results"]):
    """The experiment, as `glassgate.reproductions.Reproduction` describes it."""

    name = "elman"
    question = """Ask whether networks find structure in time: the four problems of Elman.

    XOR in time, letters, words without spaces, and the classes of words in
    sentences, learned by an SRN, trained as in 1990 and as today, and by a GRU.
    The folder gets report.html, elman.png and results.json: where the error
    rises and falls, and the tree of words by their mean states.
    """
    examples = (
        "glassgate reproduce elman",
        "glassgate reproduce elman --sentences 2000 --seeds 5 --output smaller/",
    )
    preparing = "Writing sequences"
    seeds = 10
    packages = ("scipy",)
    source = "Elman 1990, Finding structure in time, Cognitive Science 14(2)"
    duration = "about 20 minutes"

    def plan(self, *, sentences: Sentences = 10_000) -> "Plan":
        """Return the plan of the documentation, with so many sentences."""
        from glassgate.reproductions.elman.experiment import Plan

        return Plan(sentences=sentences)


EXPERIMENT: "Reproduction[Plan, Results]" = Elman()
