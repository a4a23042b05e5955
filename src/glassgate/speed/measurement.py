"""Measure a workload: check every contender, then time those that are correct, and the floor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from glassgate.speed.contenders import Contender, Maker, using_threads
from glassgate.speed.floors import Machine, demand
from glassgate.speed.host import cores
from glassgate.speed.problem import Problem, fault, make_problem, solve
from glassgate.speed.timing import Timing, race, turn
from glassgate.speed.workloads import Workload

FLOOR = "floor"


@dataclass(frozen=True)
class Measured:
    """The timings of a workload: the floor first, then the contenders in the given order."""

    workload: Workload
    threads: int
    timings: tuple[Timing, ...]

    def timing(self, name: str) -> Timing | None:
        """Return a contender's timing; None if it did not run or was wrong."""
        return next((t for t in self.timings if t.name == name and not t.error), None)

    def ratio(self, name: str, other: str) -> float | None:
        """Return how many times as long as the other a contender took; None without both times."""
        timing, other_timing = self.timing(name), self.timing(other)
        return timing.ratio(other_timing) if timing and other_timing else None


def measure(
    workload: Workload,
    makers: Mapping[str, Maker],
    machine: Machine,
    threads: int | None,
    rounds: int,
    after_round: Callable[[], None] = lambda: None,
) -> Measured:
    """Measure one workload.

    Parameters
    ----------
    workload
        What is timed.
    makers
        Set up the contenders, by name.
    machine
        Measures the rates of the floor, again in every round.
    threads
        How many a contender may use; a step uses one. None stands for all cores, and leaves torch
        and the engine on their own settings.
    rounds
        How many turns each contender gets.
    after_round
        Called after each round, for a progress bar.
    """
    used = workload.threads(cores() if threads is None else threads)
    with using_threads(None if threads is None and not workload.is_step else used):
        admitted, errors = admit(make_problem(workload), makers, used)
        turns = {
            name: turn(contender.call, contender.timed) for name, contender in admitted.items()
        }
        floor = partial(demand(workload).seconds, machine, used)
        timings = race({FLOOR: floor, **turns}, rounds, after_round)
    by_name = {timing.name: timing for timing in (*timings, *errors)}
    return Measured(workload, used, tuple(by_name[name] for name in (FLOOR, *makers)))


def admit(
    problem: Problem, makers: Mapping[str, Maker], threads: int
) -> tuple[dict[str, Contender], list[Timing]]:
    """Return the contenders with correct results, and an error for each of the others."""
    expected = solve(problem)
    admitted, errors = {}, []
    for name, maker in makers.items():
        try:
            contender = maker(problem, threads)
            error = fault(problem, contender.read(contender.call()), expected)
        except Exception as raised:  # an error of one contender must not stop the others
            error = f"{type(raised).__name__}: {raised}"
        if error:
            errors.append(Timing(name, error=error))
        else:
            admitted[name] = contender
    return admitted, errors
