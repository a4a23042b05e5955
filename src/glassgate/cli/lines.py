"""Progress as lines of text, where stderr is a file or a pipe: about one every ten seconds.

Apart from `ticking`, lines are printed only when a step of the work is done.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from glassgate.train.watch import Epoch, Step, Watcher

INTERVAL = 10.0  # seconds between two lines of progress
PrintLine = Callable[[str], None]
Clock = Callable[[], float]


class Pace:
    """Decides when the next line is due, and estimates the time left."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._start = self._last_line = clock()
        self._share_before = 0.0

    def begin(self, share: float) -> None:
        """Start the clock, with this share of the work, 0..1, already done."""
        self._start, self._share_before = self._clock(), share

    def due(self) -> bool:
        """Whether to print another line now; if so, the interval starts again."""
        if self._clock() - self._last_line < INTERVAL:
            return False
        self.reset()
        return True

    def reset(self) -> None:
        """Start the interval again, since a line was printed."""
        self._last_line = self._clock()

    def left(self, share: float) -> str:
        """Return the time left when `share` of the work, 0..1, is done, at the speed so far."""
        done = share - self._share_before
        seconds = (self._clock() - self._start) * (1 - share) / done if done > 0 else 0.0
        minutes, seconds = divmod(round(seconds), 60)
        hours, minutes = divmod(minutes, 60)
        clock = f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
        return f"{clock} left"


class Counter:
    """Prints how much of a total is done."""

    def __init__(
        self, label: str, total: float, print_line: PrintLine, clock: Clock = time.monotonic
    ) -> None:
        self._label, self._total, self._print = label, total, print_line
        self._pace = Pace(clock)

    def update(self, done: float) -> None:
        """Print how much is done, if a line is due."""
        share = done / self._total
        if share < 1 and self._pace.due():
            self._print(f"{self._label}: {share:.0%}, {self._pace.left(share)}")


@contextmanager
def ticking(label: str, print_line: PrintLine, interval: float = INTERVAL) -> Iterator[None]:
    """Print the elapsed time every `interval` seconds during work of unknown length."""
    ended = threading.Event()
    start = time.monotonic()

    def tick() -> None:
        while not ended.wait(interval):
            print_line(f"{label}: {time.monotonic() - start:.0f} s elapsed")

    ticker = threading.Thread(target=tick, daemon=True)
    ticker.start()
    try:
        yield
    finally:
        ended.set()
        ticker.join()


class Lines(Watcher):
    """Prints one line per epoch of a training, and progress within long epochs."""

    def __init__(self, label: str, print_line: PrintLine, clock: Clock = time.monotonic) -> None:
        self._label, self._print = label, print_line
        self._pace = Pace(clock)
        self._epochs = self._epoch = 0

    def on_start(self, epochs: int, notes: Sequence[str]) -> None:
        """Print the notes on the data."""
        self._epochs = epochs
        for note in notes:
            self._print(note)

    def on_note(self, note: str) -> None:
        """Print the note."""
        self._print(f"{self._label}: {note}")

    def on_epoch_start(self, epoch: int, steps: int, done: int) -> None:
        """Start the clock where training starts or resumes."""
        if self._epoch == 0:
            self._pace.begin((epoch - 1 + done / steps) / self._epochs)
        self._epoch = epoch

    def on_step(self, step: Step) -> None:
        """Print the progress of the epoch, if a line is due."""
        if self._pace.due():
            share = step.step / step.steps
            left = self._pace.left((step.epoch - 1 + share) / self._epochs)
            progress = f"{share:.0%}, loss {step.mean_loss:.3f}, at most {left}"
            self._print(f"{self._label}: epoch {step.epoch}/{self._epochs}, {progress}")

    def on_evaluation(self, done: int, batches: int) -> None:
        """Print the progress of the evaluation, if a line is due."""
        if self._pace.due():
            progress = f"{done / batches:.0%} of the held-out data evaluated"
            self._print(f"{self._label}: epoch {self._epoch}/{self._epochs}, {progress}")

    def on_epoch_end(self, epoch: Epoch) -> None:
        """Print the results of the epoch."""
        self._pace.reset()
        self._print(
            f"{self._label}: epoch {epoch.epoch}/{self._epochs}, "
            f"loss {epoch.train_loss:.3f}, {figures(epoch)}, {epoch.seconds:.1f} s"
        )


class SeriesLines:
    """Prints the progress of many trainings: one line at the end of each, some in between."""

    def __init__(self, work: float, print_line: PrintLine, clock: Clock = time.monotonic) -> None:
        self._work, self._print = work, print_line
        self._pace = Pace(clock)
        self._done = 0.0

    def watcher(self, label: str, share: float) -> Watcher:
        """Return the watcher of a training, which is `share` of the whole work."""
        return _SeriesWatcher(self, label, share)

    def advance(self, label: str, work: float) -> None:
        """Add work that is done, and print the progress if a line is due."""
        self._done += work
        if self._pace.due():
            share = min(self._done / self._work, 1.0)
            self._print(f"{label}: {share:.0%} of all work, {self._pace.left(share)}")

    def finish(self, line: str) -> None:
        """Print the result of a training."""
        self._pace.reset()
        self._print(line)


class _SeriesWatcher(Watcher):
    """Reports one training of a series."""

    def __init__(self, series: SeriesLines, label: str, share: float) -> None:
        self._series, self._label, self._share = series, label, share
        self._result = ""

    def on_start(self, epochs: int, notes: Sequence[str]) -> None:  # noqa: ARG002 - such trainings have none
        """Divide the training's share of the work among its epochs."""
        self._share /= epochs

    def on_step(self, step: Step) -> None:
        """Count the step as done."""
        progress = f"{self._label}, epoch {step.epoch}, loss {step.mean_loss:.3g}"
        self._series.advance(progress, self._share / step.steps)

    def on_epoch_end(self, epoch: Epoch) -> None:
        """Remember the results of the last epoch."""
        self._result = figures(epoch)

    def on_end(self) -> None:
        """Print the result, if an epoch was finished."""
        if self._result:
            self._series.finish(f"{self._label}: {self._result}")


def figures(epoch: Epoch) -> str:
    """Return the results of an epoch on held-out data, in words."""
    value = epoch.valid_measure
    measure = f"accuracy {value:.1%}" if epoch.measure == "accuracy" else f"perplexity {value:.1f}"
    return f"held-out loss {epoch.valid_loss:.3f}, {measure}"
