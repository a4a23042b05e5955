"""The number of threads of torch and the engine, and a trial of which number trains faster.

More threads shorten the steps of a large network on an idle machine, and lengthen those of a small
network, or of any network on a busy machine. Only measuring on the spot can tell.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from glassgate.engine.settings import check_threads

WARM_UP_STEPS = 3  # on one thread, before a step on all threads and all measurements
BLOCK_STEPS = 5  # on one number of threads before switching to the other
BLOCK_SECONDS = 0.2  # after which a block ends early
MIN_SPEEDUPS = (0.0, 0.75, 1.0, 1.0, 1.0)  # by round; below it, several threads have lost
TRIAL_SECONDS = 1.5  # after which no new round starts
MAX_SLOWDOWN = 3.0  # of a step on all threads; a slower one ends its block
MAX_LOST_BLOCKS = 2  # blocks ended so; then the trial ends
MIN_ADVANTAGE = 1.1  # speedup for which several threads are chosen


def offered_threads() -> int:
    """Return the number of threads available: torch's default, or the number set in torch."""
    return torch.get_num_threads()


def set_threads(threads: int) -> None:
    """Set the number of threads of torch, which the engine follows; `BadInput` unless 1..256."""
    torch.set_num_threads(check_threads(threads))


@contextmanager
def on_threads(threads: int | None) -> Iterator[None]:
    """Set the number of threads of torch and the engine within the context.

    On the way out the previous number is restored. None sets nothing at the start. `BadInput`
    unless 1..256.
    """
    previous = torch.get_num_threads()
    try:
        if threads is not None:
            set_threads(threads)
        yield
    finally:
        torch.set_num_threads(previous)


@dataclass
class _Speed:
    """The speed of the steps on one number of threads."""

    tokens: int = 0
    seconds: float = 0.0

    def add(self, tokens: int, seconds: float) -> None:
        self.tokens += tokens
        self.seconds += seconds

    @property
    def tokens_per_second(self) -> float:
        return self.tokens / max(self.seconds, 1e-9)


class Trial:
    """Measures whether training is faster on one thread or on all, in real training steps.

    Take each step on `threads` threads and `add` its time, until `done`. Blocks of steps on one
    thread and on all threads alternate, so that a busy moment affects both; a block on all threads
    ends early when one of its steps takes `MAX_SLOWDOWN` times as long as on one thread.

    Parameters
    ----------
    offered
        The number of threads available; with 1 there is nothing to try.
    """

    def __init__(self, offered: int) -> None:
        self.offered = offered
        self.threads = 1  # for the next step; when `done`, the choice
        self.done = offered == 1
        self._speeds = {1: _Speed(), offered: _Speed()}
        self._seconds = 0.0  # of all steps so far
        self._schedule = self._blocks()
        if not self.done:
            self.threads = next(self._schedule)

    def add(self, tokens: int, seconds: float) -> None:
        """Add a step on `threads` threads, and update `threads` and `done`."""
        try:
            self.threads = self._schedule.send((tokens, seconds))
        except StopIteration:
            self.done = True
            one, several = (self._speeds[n].tokens_per_second for n in (1, self.offered))
            self.threads = self.offered if several >= MIN_ADVANTAGE * one else 1

    def __str__(self) -> str:
        """Return the choice and the measured speeds as a sentence."""
        one, several = (f"{self._speeds[n].tokens_per_second:,.0f}" for n in (1, self.offered))
        return (
            f"Threads: {self.threads} of {self.offered} "
            f"(measured {one} tokens/s on 1, {several} on {self.offered})"
        )

    def _blocks(self) -> Generator[int, tuple[int, float], None]:
        """Yield the number of threads of each step; receive its tokens and seconds."""
        yield from self._block(1, WARM_UP_STEPS)
        yield from self._block(self.offered, 1)
        self._speeds = {1: _Speed(), self.offered: _Speed()}
        lost_blocks = 0
        for min_speedup in MIN_SPEEDUPS:
            yield from self._block(1, BLOCK_STEPS)
            lost_blocks += yield from self._block(self.offered, BLOCK_STEPS)
            one, several = (self._speeds[n].tokens_per_second for n in (1, self.offered))
            late = lost_blocks == MAX_LOST_BLOCKS or self._seconds >= TRIAL_SECONDS
            if late or several < min_speedup * one:
                return

    def _block(self, threads: int, steps: int) -> Generator[int, tuple[int, float], bool]:
        """Measure a block of steps on one number of threads; return whether it clearly lost."""
        start = self._seconds
        for _ in range(steps):
            tokens, seconds = yield threads
            self._seconds += seconds
            self._speeds[threads].add(tokens, seconds)
            expected = tokens / self._speeds[1].tokens_per_second
            if threads > 1 and seconds >= MAX_SLOWDOWN * expected:
                return True
            if self._seconds - start >= BLOCK_SECONDS:
                break
        return False


class Pace:
    """Runs pieces of work; a `Trial` on the first ones chooses the number of threads for the rest.

    Parameters
    ----------
    offered
        The number of threads available; with 1 there is nothing to try.
    """

    def __init__(self, offered: int) -> None:
        self.trial = Trial(offered)

    @property
    def has_measured(self) -> bool:
        """Whether several threads were tried, and the trial is finished."""
        return self.trial.done and self.trial.offered > 1

    @contextmanager
    def piece(self, tokens: int) -> Iterator[None]:
        """Run the body of the context, a piece of work of so many tokens."""
        if self.trial.done:
            yield
            return
        set_threads(self.trial.threads)
        start = time.perf_counter()
        yield
        self.trial.add(tokens, time.perf_counter() - start)
        set_threads(self.trial.threads)
