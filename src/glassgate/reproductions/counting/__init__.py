"""Can a GRU count? Five networks learn a^n b^n and a^n b^n c^n (Weiss, Goldberg & Yahav 2018).

Read `words.py` (the languages, and when a network accepts a word), `networks.py` (what learns
them), `counters.py` (the units that count, and what happens when they are held or moved),
`results.py` (what is measured), `experiment.py` (what is trained), `summary.py` (statistics over
seeds, and what was published) and `page.py` (how it is shown).
"""

from typing import TYPE_CHECKING, Annotated

from glassgate.doors import lazy
from glassgate.experiments.common import InFolder, Option
from glassgate.reproductions.comparison import Reproduction

if TYPE_CHECKING:
    from glassgate.reproductions.counting.experiment import Plan
    from glassgate.reproductions.counting.networks import FORMS
    from glassgate.reproductions.counting.results import Results
    from glassgate.reproductions.counting.words import LANGUAGES

__all__ = ["EXPERIMENT", "FORMS", "LANGUAGES", "Counting", "Plan", "Results"]

__getattr__, __dir__ = lazy(
    __name__,
    {"FORMS": "networks", "LANGUAGES": "words", "Plan": "experiment", "Results": "results"},
)

Epochs = Annotated[int, Option("Passes through the words of a language.", metavar="N", least=1)]


class Counting(InFolder["Plan", "Results"]):
    """The experiment, as `glassgate.reproductions.Reproduction` describes it."""

    name = "counting"
    question = """Ask whether a GRU counts: a^n b^n and a^n b^n c^n, learned from examples.

    An LSTM, an SRN and GRUs in three forms (reset gate after the product,
    before it, none) learn to n = 100 and 50. The folder gets report.html,
    counting.png and results.json: how far each goes, where it first takes a
    wrong word, which units count, and what happens when they are held.
    """
    examples = (
        "glassgate reproduce counting",
        "glassgate reproduce counting --seeds 5 --output counting-5/",
    )
    preparing = "Writing words"
    seeds = 10
    source = (
        "Weiss, Goldberg & Yahav 2018, On the practical computational power of finite precision "
        "RNNs for language recognition, ACL"
    )
    duration = "about 30 minutes"

    def plan(self, *, epochs: Epochs = 1000) -> "Plan":
        """Return the plan of the documentation, with so many passes through the words."""
        from glassgate.reproductions.counting.experiment import Plan

        return Plan(epochs=epochs)


EXPERIMENT: "Reproduction[Plan, Results]" = Counting()
