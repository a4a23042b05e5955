"""How fast glassgate is to be on two cores, as ratios within one run, and whether it is."""

from collections.abc import Sequence
from typing import NamedTuple

from glassgate.experiments.content import Table
from glassgate.experiments.speed.contenders import GLASSGATE, TORCH, TORCH_PADDED
from glassgate.experiments.speed.measure import FLOOR, Measured

ONNX_RUNTIME = "ONNX Runtime"


class Target(NamedTuple):
    """At least so many times faster than each rival, and at most so many floors."""

    torch: float
    floors: float
    onnx_runtime: float | None = None
    torch_padded: float | None = None


TARGETS = {
    "step H=64": Target(14, 2.5, 3),
    "step H=128": Target(8, 1.6, 2),
    "step H=256": Target(4, 1.2, 1.6),
    "step H=512": Target(2.8, 1.2, 1.2),
    "T=100 B=1 H=128": Target(8, 2.5, 1.4),
    "T=100 B=1 H=256": Target(8, 2, 1.4),
    "T=100 B=1 H=512": Target(5, 1.8, 1.3),
    "T=100 B=32 H=128": Target(3, 1.3, 2),
    "T=100 B=32 H=256": Target(2.1, 1.2, 1.4),
    "T=100 B=32 H=512": Target(1.9, 1.15, 1.25),
    "T=100 B=32 H=1024": Target(1.9, 1.15, 1.4),
    "training T=100 B=1 H=256": Target(8, 3),
    "training T=100 B=32 H=128": Target(3.2, 1.45),
    "training T=100 B=32 H=256": Target(2.1, 1.3),
    "training T=100 B=32 H=512": Target(1.8, 1.15),
    "ragged T=100 B=256 H=256": Target(1.9, 1.2),
    "ragged training T=100 B=256 H=256": Target(10, 1.3, torch_padded=2.9),
}
RIVALS = (TORCH, TORCH_PADDED, ONNX_RUNTIME)
COLUMNS = ("work", *(f"faster than\n{rival}" for rival in RIVALS), "floors", "met")


class Check(NamedTuple):
    """A measured ratio beside what is asked of it; None where nothing was measured or asked."""

    ratio: float | None
    wanted: float | None
    at_most: bool = False

    @property
    def met(self) -> bool:
        """Whether the ratio is as asked, or nothing is asked."""
        if self.wanted is None or self.ratio is None:
            return self.wanted is None
        return self.ratio <= self.wanted if self.at_most else self.ratio >= self.wanted

    def __str__(self) -> str:
        if self.wanted is None:
            return ""
        ratio = "no time" if self.ratio is None else f"{self.ratio:.2f}"
        return f"{ratio} ({'≤' if self.at_most else '≥'} {self.wanted:g})"


def checks(measured: Measured) -> list[Check]:
    """Compare one work with its target, in the order of the columns."""
    target = TARGETS[measured.work.name]
    return [
        Check(measured.times(TORCH, GLASSGATE), target.torch),
        Check(measured.times(TORCH_PADDED, GLASSGATE), target.torch_padded),
        Check(measured.times(ONNX_RUNTIME, GLASSGATE), target.onnx_runtime),
        Check(measured.times(GLASSGATE, FLOOR), target.floors, at_most=True),
    ]


def target_table(results: Sequence[Measured]) -> Table:
    """Return a row for each work: what was reached (what is asked), and whether all is met."""
    rows = []
    for measured in results:
        made = checks(measured)
        met = "yes" if all(check.met for check in made) else "no"
        rows.append((measured.work.name, *map(str, made), met))
    return Table(COLUMNS, rows)
