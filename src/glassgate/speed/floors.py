"""The floor of a workload: the least time this machine needs for its arithmetic or memory reads.

No program can compute these products in less time. A batch is bound by arithmetic: each step of
each sequence takes 3H x (I + H) multiply-adds. Training takes three times as many: for the forward
pass, for the gradients of input and state, and for the gradients of the weights. A single sequence
is bound by memory: since each state depends on the previous one, every step reads all recurrent
weights again. The products of its input do not depend on the state and count as arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from glassgate.speed.problem import sequence_lengths
from glassgate.speed.workloads import Workload

FLOAT_SIZE = 4  # bytes


class Machine(Protocol):
    """The rates that `glassgate.speed.machine` measures at the time of the call."""

    def peak_flops(self, threads: int) -> float:
        """Floating-point operations per second; a multiply-add counts as two."""
        ...

    def read_rate(self, size: int, threads: int) -> float:
        """Bytes per second when `size` bytes, divided among threads, are read repeatedly."""
        ...


@dataclass(frozen=True)
class Demand:
    """The least that a workload demands of a machine.

    Attributes
    ----------
    flop
        Floating-point operations; a multiply-add counts as two.
    bytes
        The size of the weights that are read repeatedly.
    reads
        How often they are read.
    """

    flop: int
    bytes: int = 0
    reads: int = 0

    def seconds(self, machine: Machine, threads: int) -> float:
        """Measure the machine's rates and return the seconds that it would take."""
        seconds = 0.0
        if self.flop:
            seconds += self.flop / machine.peak_flops(threads)
        if self.reads:
            seconds += self.reads * self.bytes / machine.read_rate(self.bytes, threads)
        return seconds


def demand(workload: Workload) -> Demand:
    """Return the demand of a workload.

    >>> demand(Workload(256, batch=1))  # the input's product; 100 reads of the recurrent weights
    Demand(flop=39321600, bytes=786432, reads=100)
    """
    H = workload.hidden_size
    product = (
        2 * int(sequence_lengths(workload).sum()) * 3 * H * H
    )  # flop of W x, or of U h, over all steps
    matrix = FLOAT_SIZE * 3 * H * H
    if workload.batch > 1:
        return Demand(flop=product * 2 * (3 if workload.training else 1))
    if workload.is_step and not workload.training:
        return Demand(flop=0, bytes=2 * matrix, reads=1)
    if workload.training:  # W x and the gradients of x, W and U; both passes read U
        return Demand(flop=4 * product, bytes=matrix, reads=2 * workload.steps)
    return Demand(flop=product, bytes=matrix, reads=workload.steps)
