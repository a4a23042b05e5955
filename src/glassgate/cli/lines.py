"""Progress as lines of text, for a stderr that is a file or a pipe: one at least every ten seconds.

All but `ticking` speak when something is done: work that tells of nothing for longer is silent.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from glassgate.train.watch import Epoch, Step, Watcher

EVERY = 10.0  # seconds between two lines on what is under way
Say = Callable[[str], None]
Clock = Callable[[], float]


class Pace:
    """When a line is due, and how much time is left of a piece of work."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._begun = self._said = clock()
        self._share_before = 0.0

    def begin(self, share: float) -> None:
        """Start the clock with this share of the work, 0..1, done before."""
        self._begun, self._share_before = self._clock(), share

    def due(self) -> bool:
        """Whether the last line is old enough for another; if so, that one is taken as said."""
        if self._clock() - self._said < EVERY:
            return False
        self.reset()
        return True

    def reset(self) -> None:
        """Count from now: a line was said."""
        self._said = self._clock()

    def left(self, share: float) -> str:
        """Say how long it takes from `share` of the work, 0..1, to the end at the pace so far."""
        done = share - self._share_before
        seconds = (self._clock() - self._begun) * (1 - share) / done if done > 0 else 0.0
        minutes, seconds = divmod(round(seconds), 60)
        hours, minutes = divmod(minutes, 60)
        clock = f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
        return f"{clock} left"


class Counter:
    """Lines on a count: what is done of a total, every now and then."""

    def __init__(self, label: str, total: float, say: Say, clock: Clock = time.monotonic) -> None:
        self._label, self._total, self._say = label, total, say
        self._pace = Pace(clock)

    def update(self, done: float) -> None:
        """Say how much is done, if a line is due."""
        share = done / self._total
        if share < 1 and self._pace.due():
            self._say(f"{self._label}: {share:.0%}, {self._pace.left(share)}")


@contextmanager
def ticking(label: str, say: Say, every: float = EVERY) -> Iterator[None]:
    """Say every so many seconds that work of unknown length goes on."""
    ended = threading.Event()
    begun = time.monotonic()

    def tick() -> None:
        while not ended.wait(every):
            say(f"{label}: {time.monotonic() - begun:.0f} s so far")

    ticker = threading.Thread(target=tick, daemon=True)
    ticker.start()
    try:
        yield
    finally:
        ended.set()
        ticker.join()


class Lines(Watcher):
    """A line an epoch of one training, and every now and then a line within it."""

    def __init__(self, label: str, say: Say, clock: Clock = time.monotonic) -> None:
        self._label, self._say = label, say
        self._pace = Pace(clock)
        self._epochs = self._epoch = 0

    def on_start(self, epochs: int, notes: Sequence[str]) -> None:
        """Say the notes on the data."""
        self._epochs = epochs
        for note in notes:
            self._say(note)

    def on_note(self, note: str) -> None:
        """Say it."""
        self._say(f"{self._label}: {note}")

    def on_epoch_start(self, epoch: int, steps: int, done: int) -> None:
        """Measure the time left from where training starts or goes on."""
        if self._epoch == 0:
            self._pace.begin((epoch - 1 + done / steps) / self._epochs)
        self._epoch = epoch

    def on_step(self, step: Step) -> None:
        """Say how far the epoch is, if a line is due."""
        if self._pace.due():
            share = step.step / step.steps
            left = self._pace.left((step.epoch - 1 + share) / self._epochs)
            said = f"{share:.0%} of it, loss {step.mean_loss:.3f}, at most {left}"
            self._say(f"{self._label}: epoch {step.epoch}/{self._epochs}, {said}")

    def on_evaluation(self, done: int, batches: int) -> None:
        """Say how far the evaluation is, if a line is due."""
        if self._pace.due():
            said = f"{done / batches:.0%} of the held-out data evaluated"
            self._say(f"{self._label}: epoch {self._epoch}/{self._epochs}, {said}")

    def on_epoch_end(self, epoch: Epoch) -> None:
        """Say what the epoch reached."""
        self._pace.reset()
        self._say(
            f"{self._label}: epoch {epoch.epoch}/{self._epochs}, "
            f"loss {epoch.train_loss:.3f}, {figures(epoch)}, {epoch.seconds:.1f} s"
        )


class SeriesLines:
    """Lines on many trainings, each a share of `work`: one at the end of each, some in between."""

    def __init__(self, work: float, say: Say, clock: Clock = time.monotonic) -> None:
        self._work, self._say = work, say
        self._pace = Pace(clock)
        self._done = 0.0

    def watcher(self, label: str, share: float) -> Watcher:
        """Return the watcher of the next training, which is `share` of the work."""
        return _OneOfSeries(self, label, share)

    def advance(self, label: str, work: float) -> None:
        """Count so much more work as done, and say so if a line is due."""
        self._done += work
        if self._pace.due():
            share = min(self._done / self._work, 1.0)
            self._say(f"{label}: {share:.0%} of all, {self._pace.left(share)}")

    def finish(self, line: str) -> None:
        """Say what a training reached."""
        self._pace.reset()
        self._say(line)


class _OneOfSeries(Watcher):
    def __init__(self, series: SeriesLines, label: str, share: float) -> None:
        self._series, self._label, self._share = series, label, share
        self._reached = ""

    def on_start(self, epochs: int, notes: Sequence[str]) -> None:  # noqa: ARG002 - none here
        """Share the work among the epochs."""
        self._share /= epochs

    def on_step(self, step: Step) -> None:
        """Advance."""
        said = f"{self._label}, epoch {step.epoch}, loss {step.mean_loss:.3g}"
        self._series.advance(said, self._share / step.steps)

    def on_epoch_end(self, epoch: Epoch) -> None:
        """Keep what the last epoch reached."""
        self._reached = figures(epoch)

    def on_end(self) -> None:
        """Say it, if an epoch was finished."""
        if self._reached:
            self._series.finish(f"{self._label}: {self._reached}")


def figures(epoch: Epoch) -> str:
    """Say what an epoch reached on held-out data."""
    value = epoch.valid_measure
    said = f"accuracy {value:.1%}" if epoch.measure == "accuracy" else f"perplexity {value:.1f}"
    return f"held-out loss {epoch.valid_loss:.3f}, {said}"
