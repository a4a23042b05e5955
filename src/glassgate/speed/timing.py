"""Fair times: contenders take turns, every turn is long enough, and none disturbs the next.

In each round each contender has one turn; who is first moves on by one from round to round, so
that nobody always follows the same one. A turn repeats short work until it lasts `LEAST` seconds
and gives the mean; it begins with a call that is not counted, which wakes sleeping threads and
fetches the weights. Between turns there is a pause: the OpenMP threads of torch, and the
threads of others, go on spinning for a while after their last call in the hope of another, and
would take the core from whoever comes next.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from timeit import Timer
from typing import Any

import numpy as np

LEAST = 0.1  # seconds that a turn lasts, or one call if that is longer
PAUSE = 0.02  # seconds between turns; libgomp spins for about 6 ms


@dataclass(frozen=True)
class Timing:
    """One contender's seconds, one value a round; or none, and what is wrong with its results."""

    name: str
    seconds: tuple[float, ...] = ()
    error: str | None = None

    @property
    def median(self) -> float:
        """The middle of all rounds."""
        return float(np.median(self.seconds))

    @property
    def quartiles(self) -> tuple[float, float]:
        """Between them lie the middle half of the rounds."""
        low, high = np.quantile(self.seconds, (0.25, 0.75))
        return float(low), float(high)

    def times(self, other: Timing) -> float:
        """Say how many times as long as the other it took: the median of each round's own ratio.

        A round is over in a moment, so that a machine that slows down slows both.

        >>> Timing("slow", (2.0, 6.0, 4.0)).times(Timing("fast", (1.0, 3.0, 1.0)))
        2.0
        """
        return float(np.median(np.divide(self.seconds, other.seconds)))


def turn(
    call: Callable[[], Any], timed: Callable[[int], float] | None = None
) -> Callable[[], float]:
    """Return a function that takes one turn and gives the seconds of a call.

    How many calls fill a turn is found out here, which warms everything up.

    Parameters
    ----------
    call
        What is timed.
    timed
        Gives the seconds of so many calls where they are made in another process, so that no
        message is timed; by default this process looks at the clock.
    """
    timed = timed or Timer(call).timeit  # which keeps the garbage collector out
    calls = 1
    while (seconds := timed(calls)) < LEAST:
        calls = ceil(calls * min(10, 1.2 * LEAST / max(seconds, 1e-9)))

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
    """Let everyone take a turn in each round.

    Parameters
    ----------
    turns
        A function for each contender that gives seconds: that of `turn`, or a measured floor.
    rounds
        How many turns each has, at least 1.
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
    """Say who follows whom in a round.

    >>> order("abc", 0), order("abc", 4)
    (['a', 'b', 'c'], ['b', 'c', 'a'])
    """
    first = number % len(names) if names else 0
    return [*names[first:], *names[:first]]
