"""The floor of a work: the time that this machine needs for its arithmetic or its weight bytes.

Nothing computes these products in less. A batch is bound by arithmetic: each step of each sequence
takes 3H x (I + H) multiply-adds, and training takes them three times, once forward, once for the
gradients of input and state, once for those of the weights. One sequence alone is bound by
reading: the state waits for the step before, so that every step reads all recurrent weights again,
while the input's products wait for nobody and are arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from glassgate.speed.problem import lengths_of
from glassgate.speed.shapes import Work

FLOAT = 4  # bytes


class Machine(Protocol):
    """What `glassgate.speed.machine` measures, at the moment it is asked."""

    def peak_flops(self, threads: int) -> float:
        """Floating-point operations a second, a multiply-add being two."""
        ...

    def read_rate(self, size: int, threads: int) -> float:
        """Bytes a second when `size` bytes, shared out to threads, are read over and over."""
        ...


@dataclass(frozen=True)
class Demand:
    """What a work asks of a machine at the least.

    Attributes
    ----------
    flop
        Floating-point operations, a multiply-add being two.
    bytes
        The size of what has to be read over and over.
    reads
        How often that is.
    """

    flop: int
    bytes: int = 0
    reads: int = 0

    def seconds(self, machine: Machine, threads: int) -> float:
        """Measure the machine now and say how long it would take."""
        seconds = 0.0
        if self.flop:
            seconds += self.flop / machine.peak_flops(threads)
        if self.reads:
            seconds += self.reads * self.bytes / machine.read_rate(self.bytes, threads)
        return seconds


def demand(work: Work) -> Demand:
    """Say what a work asks for.

    >>> demand(Work(256, batch=1))  # the input's product, and 100 times the recurrent weights
    Demand(flop=39321600, bytes=786432, reads=100)
    """
    H = work.hidden_size
    product = 2 * int(lengths_of(work).sum()) * 3 * H * H  # flop of W x, or of U h, in all steps
    matrix = FLOAT * 3 * H * H
    if work.batch > 1:
        return Demand(flop=product * 2 * (3 if work.training else 1))
    if work.is_step and not work.training:
        return Demand(flop=0, bytes=2 * matrix, reads=1)
    if work.training:  # W x; the gradients of x, W and U; U is read forward and backward
        return Demand(flop=4 * product, bytes=matrix, reads=2 * work.steps)
    return Demand(flop=product, bytes=matrix, reads=work.steps)
