"""Do networks learn the Reber grammar? Cleeremans, Servan-Schreiber & McClelland (1989) again.

Read `strings.py` (the grammars, and what a network makes of strings), `results.py` (what is
measured), `experiment.py` (what is trained), `summary.py` (statistics over seeds, and what was
published) and `page.py` (how it is shown). The grammars are `reber.grammar`, `embedded.grammar`
and `biased.grammar`.
"""

from typing import TYPE_CHECKING, Annotated

from glassgate.doors import lazy
from glassgate.experiments.common import InFolder, Option
from glassgate.reproductions.comparison import Reproduction

if TYPE_CHECKING:
    from glassgate.reproductions.reber.experiment import Plan
    from glassgate.reproductions.reber.results import Results
    from glassgate.reproductions.reber.strings import load_grammar

__all__ = ["EXPERIMENT", "Plan", "Reber", "Results", "load_grammar"]

__getattr__, __dir__ = lazy(
    __name__, {"Plan": "experiment", "Results": "results", "load_grammar": "strings"}
)

Train = Annotated[int, Option("Strings to train on.", metavar="N", least=100)]


class Reber(InFolder["Plan", "Results"]):
    """The experiment, as `glassgate.reproductions.Reproduction` describes it."""

    name = "reber"
    question = """Ask whether networks learn the Reber grammar, plain and embedded.

    An SRN, trained as in 1989 and as today, and a GRU predict the next letter
    of strings. The folder gets report.html, reber.png and results.json: which
    strings each accepts, and whether it remembers a letter that returns behind
    an embedded string.
    """
    examples = (
        "glassgate reproduce reber",
        "glassgate reproduce reber --train 50000 --seeds 5 --output longer/",
    )
    preparing = "Writing strings"
    seeds = 10
    source = (
        "Cleeremans, Servan-Schreiber & McClelland 1989, Finite state automata and simple "
        "recurrent networks, Neural Computation 1(3)"
    )
    duration = "about 30 minutes"

    def plan(self, *, train: Train = 10_000) -> "Plan":
        """Return the plan of the documentation, with so many strings to train on."""
        from glassgate.reproductions.reber.experiment import Plan

        return Plan(train=train)


EXPERIMENT: "Reproduction[Plan, Results]" = Reber()
