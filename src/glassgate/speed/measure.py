"""Measure a work: check every contender, then let those who are right race with the floor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from glassgate.speed.contenders import Contender, Maker, using_threads
from glassgate.speed.floors import Machine, demand
from glassgate.speed.host import cores
from glassgate.speed.problem import Problem, fault, make_problem, solve
from glassgate.speed.shapes import Work
from glassgate.speed.timing import Timing, race, turn

FLOOR = "floor"


@dataclass(frozen=True)
class Measured:
    """What was found out about a work: the floor first, then the contenders as they were given."""

    work: Work
    threads: int
    timings: tuple[Timing, ...]

    def timing(self, name: str) -> Timing | None:
        """Give one contender's times; None if it did not run or was wrong."""
        return next((t for t in self.timings if t.name == name and not t.error), None)

    def times(self, one: str, other: str) -> float | None:
        """Say how many times as long as the other one took; None where one of them has no time."""
        left, right = self.timing(one), self.timing(other)
        return left.times(right) if left and right else None


def measure(
    work: Work,
    makers: Mapping[str, Maker],
    machine: Machine,
    threads: int | None,
    rounds: int,
    after_round: Callable[[], None] = lambda: None,
) -> Measured:
    """Measure one work.

    Parameters
    ----------
    work
        What is to be done.
    makers
        Who is to do it.
    machine
        Measures the floor's rates, in every round anew.
    threads
        How many are on offer; a step takes one. None offers all cores and leaves torch and the
        engine on the numbers that they have.
    rounds
        How many turns each contender has.
    after_round
        Called after each round, for a progress bar.
    """
    used = work.threads(cores() if threads is None else threads)
    with using_threads(None if threads is None and not work.is_step else used):
        admitted, errors = admit(make_problem(work), makers, used)
        turns = {name: turn(one.call, one.timed) for name, one in admitted.items()}
        floor = partial(demand(work).seconds, machine, used)
        raced = race({FLOOR: floor, **turns}, rounds, after_round)
    found = {timing.name: timing for timing in (*raced, *errors)}
    return Measured(work, used, tuple(found[name] for name in (FLOOR, *makers)))


def admit(
    problem: Problem, makers: Mapping[str, Maker], threads: int
) -> tuple[dict[str, Contender], list[Timing]]:
    """Give the contenders whose results are right, and an error for each of the others."""
    right = solve(problem)
    admitted, errors = {}, []
    for name, maker in makers.items():
        try:
            contender = maker(problem, threads)
            error = fault(problem, contender.read(contender.call()), right)
        except Exception as raised:  # whatever one of them does wrong, the others go on
            error = f"{type(raised).__name__}: {raised}"
        if error:
            errors.append(Timing(name, error=error))
        else:
            admitted[name] = contender
    return admitted, errors
