"""A small GRU reads the signals of MNIST-1D, in their order and shuffled, beside a CNN.

Read `signals.py` (the data), `networks.py` (what learns them), `results.py` (what is measured),
`experiment.py` (what is trained), `timing.py` (how long a training step takes), `summary.py`
(statistics and comparisons) and `page.py` (how it is shown).
"""

from typing import TYPE_CHECKING, Annotated

from glassgate.doors import lazy
from glassgate.experiments.common import InFolder, Option

if TYPE_CHECKING:
    from glassgate.reproductions.comparison import Reproduction
    from glassgate.reproductions.mnist1d.experiment import Plan
    from glassgate.reproductions.mnist1d.results import Results
    from glassgate.reproductions.mnist1d.summary import comparisons

__all__ = ["EXPERIMENT", "MNIST1D", "Plan", "Results", "comparisons"]

__getattr__, __dir__ = lazy(
    __name__,
    {"Plan": "experiment", "Results": "results", "comparisons": "summary"},
)

Steps = Annotated[
    int, Option("Training steps of each network, a multiple of 250.", metavar="N", least=250)
]


class MNIST1D(InFolder["Plan", "Results"]):
    """The reproduction, as `glassgate.reproductions.Reproduction` describes it."""

    name = "mnist1d"
    question = """Ask how well and how fast a small GRU learns to classify the signals of MNIST-1D.

    A GRU of 6 units in each direction and a CNN of as many parameters learn the
    published data set, once with the positions of each signal in their order
    and once shuffled. The folder gets report.html, mnist1d.png and
    results.json: test accuracy beside the published one, and how long a
    training step takes with the GRU of torch, that of Glassgate and the CNN. It
    takes about ten minutes, and needs Glassgate's extra `reproduce`.
    """
    examples = (
        "glassgate reproduce mnist1d",
        "glassgate reproduce mnist1d --quick --output quick/",
    )
    preparing = "Making signals"
    seeds = 10
    packages = ("mnist1d", "scipy")
    source = "Greydanus & Kobak 2024, Scaling down deep learning with MNIST-1D (arXiv:2011.14439)"
    duration = "about 10 minutes"

    def plan(self, *, steps: Steps = 6000) -> "Plan":
        """Return the plan of the publication, with so many training steps."""
        from glassgate.reproductions.mnist1d.experiment import Plan

        return Plan(steps=steps)


EXPERIMENT: "Reproduction[Plan, Results]" = MNIST1D()
