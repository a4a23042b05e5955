"""How many threads torch and the engine work on, and a trial of what suits a training best.

A second thread shortens the steps of a large network on an idle machine, and lengthens those of a
small one, or of any beside a busy program. Only a measurement on the spot can tell.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from glassgate.engine.settings import checked_threads

WARM_UP_STEPS = 3  # on one thread, and one step on all, before anything is measured
BLOCK_STEPS = 5  # on one number of threads before it is the other's turn
BLOCK_SECONDS = 0.2  # after which a block ends early
BEHIND = (0.0, 0.75, 1.0, 1.0, 1.0)  # a round each: so slow beside one thread, several have lost
TRIAL_SECONDS = 1.5  # after which no new round begins
LOSING = 3.0  # a step on all threads that takes so many times as long ends its block
MAX_LOST_BLOCKS = 2  # so many such blocks end the trial
MARGIN = 1.1  # so many times as fast several threads must be to be chosen


def offered_threads() -> int:
    """Give how many threads there are: as many as torch uses by default, or was told to use."""
    return torch.get_num_threads()


def set_threads(threads: int) -> None:
    """Let torch, and the engine after it, use so many threads; `BadInput` unless 1..256."""
    torch.set_num_threads(checked_threads(threads))


@contextmanager
def on_threads(threads: int | None) -> Iterator[None]:
    """Run torch and the engine on so many threads within, on as many as before afterwards.

    None sets nothing, and still undoes what is set within. `BadInput` unless 1..256.
    """
    before = torch.get_num_threads()
    try:
        if threads is not None:
            set_threads(threads)
        yield
    finally:
        torch.set_num_threads(before)


@dataclass
class _Speed:
    """What the steps on one number of threads took."""

    tokens: int = 0
    seconds: float = 0.0

    def add(self, tokens: int, seconds: float) -> None:
        self.tokens += tokens
        self.seconds += seconds

    @property
    def tokens_per_second(self) -> float:
        return self.tokens / max(self.seconds, 1e-9)


class Trial:
    """Which trains faster, one thread or all that are offered, measured in real training steps.

    Take each step on `threads` of them and `add` what it took, until `done`. Blocks on one thread
    and on all take turns, so that a busy moment meets both; a block on all threads is cut short
    when one of its steps takes `LOSING` times as long as steps on one thread do.

    Parameters
    ----------
    offered
        The threads there are; with 1 there is nothing to try.
    """

    def __init__(self, offered: int) -> None:
        self.offered = offered
        self.threads = 1  # for the next step; once done, the choice
        self.done = offered == 1
        self._speeds = {1: _Speed(), offered: _Speed()}
        self._seconds = 0.0  # of all steps so far
        self._schedule = self._blocks()
        if not self.done:
            self.threads = next(self._schedule)

    def add(self, tokens: int, seconds: float) -> None:
        """Count a step on `threads` threads, and say in `threads` and `done` how to go on."""
        try:
            self.threads = self._schedule.send((tokens, seconds))
        except StopIteration:
            self.done = True
            one, several = (self._speeds[n].tokens_per_second for n in (1, self.offered))
            self.threads = self.offered if several >= MARGIN * one else 1

    def __str__(self) -> str:
        """Say what was chosen, and why."""
        one, several = (f"{self._speeds[n].tokens_per_second:,.0f}" for n in (1, self.offered))
        return (
            f"Threads: {self.threads} of {self.offered} "
            f"(measured {one} tokens/s on 1, {several} on {self.offered})"
        )

    def _blocks(self) -> Generator[int, tuple[int, float], None]:
        """Give the number of threads for each step, and be sent its tokens and seconds."""
        yield from self._block(1, WARM_UP_STEPS)
        yield from self._block(self.offered, 1)
        self._speeds = {1: _Speed(), self.offered: _Speed()}
        lost = 0
        for behind in BEHIND:
            yield from self._block(1, BLOCK_STEPS)
            lost += yield from self._block(self.offered, BLOCK_STEPS)
            one, several = (self._speeds[n].tokens_per_second for n in (1, self.offered))
            late = lost == MAX_LOST_BLOCKS or self._seconds >= TRIAL_SECONDS
            if late or several < behind * one:
                return

    def _block(self, threads: int, steps: int) -> Generator[int, tuple[int, float], bool]:
        """Measure some steps on one number of threads; return whether they were clearly losing."""
        begun = self._seconds
        for _ in range(steps):
            tokens, seconds = yield threads
            self._seconds += seconds
            self._speeds[threads].add(tokens, seconds)
            expected = tokens / self._speeds[1].tokens_per_second
            if threads > 1 and seconds >= LOSING * expected:
                return True
            if self._seconds - begun >= BLOCK_SECONDS:
                break
        return False


class Pace:
    """Does pieces of work on the number of threads that a `Trial` finds fastest in the first ones.

    Parameters
    ----------
    offered
        The threads there are; with 1 there is nothing to try.
    """

    def __init__(self, offered: int) -> None:
        self.trial = Trial(offered)

    @property
    def measured(self) -> bool:
        """Whether several threads were tried, and the trial came to its end."""
        return self.trial.done and self.trial.offered > 1

    @contextmanager
    def piece(self, tokens: int) -> Iterator[None]:
        """Do what stands within, a piece of so many tokens."""
        if self.trial.done:
            yield
            return
        set_threads(self.trial.threads)
        begun = time.perf_counter()
        yield
        self.trial.add(tokens, time.perf_counter() - begun)
        set_threads(self.trial.threads)
