"""Fair timing: contenders take turns, turns are long enough, and none disturbs the next.

In each round every contender has one turn, and each round starts with the next contender, so that
the order varies. A turn repeats short calls until it lasts `MIN_TURN` seconds and takes their mean.
It starts with a call that is not timed, which wakes sleeping threads and loads the weights into
caches. There is a pause between turns, because the threads of OpenMP and similar runtimes keep
spinning for a while after a call, and would take a core from the next contender.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from timeit import Timer
from typing import Any

import numpy as np

MIN_TURN = 0.1  # seconds; one call if that takes longer
PAUSE = 0.02  # seconds between turns; libgomp spins for about 6 ms


@dataclass(frozen=True)
class Timing:
    """One contender's seconds per call, one value per round; or what is wrong with its results."""

    name: str
    seconds: tuple[float, ...] = ()
    error: str | None = None

    @property
    def median(self) -> float:
        """Of all rounds."""
        return float(np.median(self.seconds))

    @property
    def quartiles(self) -> tuple[float, float]:
        """The first and third quartile of the rounds."""
        low, high = np.quantile(self.seconds, (0.25, 0.75))
        return float(low), float(high)

    def ratio(self, other: Timing) -> float:
        """Return how many times as long as the other it took, the median ratio of the rounds.

        A round is short, so a machine that slows down usually slows both.

        >>> Timing("slow", (2.0, 6.0, 4.0)).ratio(Timing("fast", (1.0, 3.0, 1.0)))
        2.0
        """
        return float(np.median(np.divide(self.seconds, other.seconds)))


def turn(
    call: Callable[[], Any], timed: Callable[[int], float] | None = None
) -> Callable[[], float]:
    """Return a function that takes one turn and returns the seconds per call.

    The number of calls per turn is determined here, which also warms everything up.

    Parameters
    ----------
    call
        What is timed.
    timed
        Takes a number of calls and returns the seconds that they took, for calls made in another
        process, so that messages are not timed. By default they are timed in this process.
    """
    timed = timed or Timer(call).timeit  # without garbage collection
    calls = 1
    while (seconds := timed(calls)) < MIN_TURN:
        calls = ceil(calls * min(10, 1.2 * MIN_TURN / max(seconds, 1e-9)))

    def take() -> float:
        call()
        return timed(calls) / calls

    return take


def race(
    turns: Mapping[str, Callable[[], float]],
    rounds: int,
    after_round: Callable[[], None] = lambda: None,
    pause: float = PAUSE,
) -> list[Timing]:
    """Let every contender take a turn in each round.

    Parameters
    ----------
    turns
        For each contender a function that returns seconds: from `turn`, or a measured floor.
    rounds
        How many turns each contender gets, at least 1.
    after_round
        Called after each round, for a progress bar.
    pause
        Seconds between turns.
    """
    seconds: dict[str, list[float]] = {name: [] for name in turns}
    for number in range(rounds):
        for name in order(list(turns), number):
            time.sleep(pause)
            seconds[name].append(turns[name]())
        after_round()
    return [Timing(name, tuple(values)) for name, values in seconds.items()]


def order(names: Sequence[str], number: int) -> list[str]:
    """Return the order of the contenders in a round.

    >>> order("abc", 0), order("abc", 4)
    (['a', 'b', 'c'], ['b', 'c', 'a'])
    """
    first = number % len(names) if names else 0
    return [*names[first:], *names[:first]]
