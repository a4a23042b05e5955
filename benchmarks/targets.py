"""Speed targets on two cores, as ratios within one run, and whether they are met."""

from collections.abc import Sequence
from typing import NamedTuple

from onednn_rivals import ONEDNN_3_2, ONEDNN_3_13

from glassgate.pages.content import Table
from glassgate.speed.contenders import (
    ENGINE_ALONE,
    GLASSGATE,
    GLASSGATE_SUM,
    TORCH,
    TORCH_PADDED,
    TORCH_SUM,
)
from glassgate.speed.measurement import FLOOR, Measured

ONNX_RUNTIME = "ONNX Runtime"
COLUMNS = ("workload", "target", "measured", "met")


class Target(NamedTuple):
    """A target for one contender relative to another.

    Either the least factor by which it must be faster or, with `at_most`, the greatest multiple of
    the other's time that it may take.
    """

    who: str
    other: str
    ratio: float
    at_most: bool = False

    def __str__(self) -> str:
        if self.at_most and self.ratio == 1:
            return f"{self.who} takes no longer than {self.other}"
        if self.at_most:
            return f"{self.who} takes at most {self.ratio:g} times as long as {self.other}"
        return f"{self.who} is at least {self.ratio:g} times as fast as {self.other}"

    def measured(self, by: Measured) -> float | None:
        """Return the measured ratio; None if one of the two has no time."""
        return by.ratio(self.who, self.other) if self.at_most else by.ratio(self.other, self.who)

    def met(self, by: Measured) -> str:
        """Return "yes", "no", or "not run" if one of the two did not take part."""
        if not {self.who, self.other} <= {timing.name for timing in by.timings}:
            return "not run"
        if (ratio := self.measured(by)) is None:
            return "no"
        return "yes" if (ratio <= self.ratio if self.at_most else ratio >= self.ratio) else "no"


def faster(than: str, ratio: float) -> Target:
    """Require Glassgate to be at least this many times as fast."""
    return Target(GLASSGATE, than, ratio)


def at_most(other: str, ratio: float) -> Target:
    """Require Glassgate to take at most this many times as long."""
    return Target(GLASSGATE, other, ratio, at_most=True)


def training(torch: float = 2.5) -> tuple[Target, ...]:
    """Return the targets of training, both with `dy` passed in and with the loss (y * dy).sum()."""
    return (
        faster(TORCH, torch),
        Target(GLASSGATE_SUM, TORCH_SUM, 2.5),
        *(Target(who, ENGINE_ALONE, 1.1, at_most=True) for who in (GLASSGATE, GLASSGATE_SUM)),
        *(
            Target(who, rival, 1, at_most=True)
            for rival in (ONEDNN_3_2, ONEDNN_3_13)
            for who in (GLASSGATE, GLASSGATE_SUM)
        ),
    )


def inference(torch: float, floors: float, onnx_runtime: float) -> tuple[Target, ...]:
    """Return the targets of inference."""
    return faster(TORCH, torch), faster(ONNX_RUNTIME, onnx_runtime), at_most(FLOOR, floors)


TARGETS: dict[str, tuple[Target, ...]] = {
    "step H=64": inference(14, 2.5, 3),
    "step H=128": inference(8, 1.6, 2),
    "step H=256": inference(4, 1.2, 1.6),
    "step H=512": inference(2.8, 1.2, 1.2),
    "T=100 B=1 H=128": inference(8, 2.5, 1.4),
    "T=100 B=1 H=256": inference(8, 2, 1.4),
    "T=100 B=1 H=512": inference(5, 1.8, 1.3),
    "T=100 B=32 H=128": inference(3, 1.3, 2),
    "T=100 B=32 H=256": inference(2.1, 1.2, 1.4),
    "T=100 B=32 H=512": inference(1.9, 1.15, 1.25),
    "T=100 B=32 H=1024": (*inference(1.9, 1.15, 1.4), at_most(ONEDNN_3_2, 1)),
    "T=50 B=128 H=256": (),
    "training T=100 B=1 H=256": (faster(TORCH, 8), at_most(FLOOR, 3)),
    "training T=100 B=32 H=128": (*training(torch=3.2), at_most(FLOOR, 1.45)),
    "training T=100 B=32 H=256": (*training(), at_most(FLOOR, 1.3)),
    "training T=100 B=32 H=512": (*training(), at_most(FLOOR, 1.15)),
    "training T=100 B=32 H=1024": (at_most(ONEDNN_3_13, 1),),
    "training T=50 B=128 H=256": training(),
    "ragged T=100 B=256 H=256": (faster(TORCH, 1.9), at_most(FLOOR, 1.2)),
    "ragged training T=100 B=256 H=256": (
        *(faster(TORCH, 10), faster(TORCH_PADDED, 2.9), at_most(FLOOR, 1.3)),
    ),
}


def target_table(results: Sequence[Measured]) -> Table:
    """Return a row for each target: the target, the measured ratio, and whether it is met."""
    return Table(COLUMNS, [row for measured in results for row in _rows(measured)])


def _rows(measured: Measured) -> list[tuple[str, ...]]:
    rows = []
    for number, target in enumerate(TARGETS[measured.workload.name]):
        ratio = target.measured(measured)
        cell = "" if ratio is None else f"{ratio:.2f}"
        name = "" if number else measured.workload.name
        rows.append((name, str(target), cell, target.met(measured)))
    return rows
