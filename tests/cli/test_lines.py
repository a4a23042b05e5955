"""What is said of progress where stderr is a file."""

import threading
import time

import pytest

from glassgate.cli.lines import Counter, Lines, Pace, SeriesLines, ticking
from glassgate.train.watch import Epoch, Step


class Clock:
    """A clock that goes on when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(name="clock")
def a_clock() -> Clock:
    return Clock()


def step(epoch: int, number: int, steps: int) -> Step:
    return Step(epoch, number, steps, 2.5, 2.25, "perplexity", 1000.0)


def test_a_line_is_due_every_ten_seconds(clock: Clock):
    pace, due = Pace(clock), []
    for _ in range(6):
        clock.now += 4
        due.append(pace.due())
    assert due == [False, False, True, False, False, True]


@pytest.mark.parametrize(
    ("seconds", "share", "left"),
    [(10, 0.5, "0:10"), (60, 0.25, "3:00"), (3600, 0.5, "1:00:00"), (5, 0.0, "0:00")],
)
def test_the_time_left_is_told_from_the_pace_so_far(
    clock: Clock, seconds: float, share: float, left: str
):
    pace = Pace(clock)
    clock.now += seconds
    assert pace.left(share) == f"{left} left"


def test_work_of_unknown_length_goes_on_until_it_ends():
    said: list[str] = []
    twice = threading.Event()

    def say(line: str) -> None:
        said.append(line)
        if len(said) == 2:
            twice.set()

    with ticking("sampling", say, interval=0.001):
        assert twice.wait(60)
    number = len(said)
    assert said[0] == "sampling: 0 s elapsed"
    time.sleep(0.05)
    assert len(said) == number


def test_an_epoch_says_how_far_it_is(clock: Clock):
    said: list[str] = []
    lines = Lines("gru", said.append, clock)
    lines.on_start(4, ["two empty texts were skipped"])
    lines.on_note("Threads: 1 of 2")
    for epoch in (1, 2):
        lines.on_epoch_start(epoch, 10, 0)
        for number in range(1, 11):
            clock.now += 3
            lines.on_step(step(epoch, number, 10))
        clock.now += 10
        lines.on_evaluation(1, 4)
        lines.on_epoch_end(Epoch(epoch, 2.0, 3.0, "perplexity", 20.1, 30.0))
    assert said == [
        "two empty texts were skipped",
        "gru: Threads: 1 of 2",
        "gru: epoch 1/4, 40%, loss 2.250, at most 1:48 left",
        "gru: epoch 1/4, 80%, loss 2.250, at most 1:36 left",
        "gru: epoch 1/4, 25% of the held-out data evaluated",
        "gru: epoch 1/4, loss 2.000, held-out loss 3.000, perplexity 20.1, 30.0 s",
        "gru: epoch 2/4, 40%, loss 2.250, at most 1:37 left",
        "gru: epoch 2/4, 80%, loss 2.250, at most 1:18 left",
        "gru: epoch 2/4, 25% of the held-out data evaluated",
        "gru: epoch 2/4, loss 2.000, held-out loss 3.000, perplexity 20.1, 30.0 s",
    ]


def test_a_resumed_training_tells_the_time_from_its_own_pace(clock: Clock):
    said: list[str] = []
    lines = Lines("gru", said.append, clock)
    lines.on_start(2, [])
    lines.on_epoch_start(2, 10, 2)  # twelve of twenty steps were done before
    clock.now += 20
    lines.on_step(step(2, 4, 10))
    assert said == ["gru: epoch 2/2, 40%, loss 2.250, at most 1:00 left"]


def test_a_count_says_how_far_it_is_and_not_that_it_ends(clock: Clock):
    said: list[str] = []
    count = Counter("judging", 10, said.append, clock)
    for done in range(1, 11):
        clock.now += 5
        count.update(done)
    assert said == [
        "judging: 20%, 0:40 left",
        "judging: 40%, 0:30 left",
        "judging: 60%, 0:20 left",
        "judging: 80%, 0:10 left",
    ]


def test_a_series_says_how_far_all_trainings_are(clock: Clock):
    said: list[str] = []
    series = SeriesLines(4, said.append, clock)
    for label, share in (("T = 100", 1), ("T = 300", 3)):
        watcher = series.watcher(label, share)
        watcher.on_start(1, [])
        watcher.on_epoch_start(1, 2, 0)
        for number in (1, 2):
            clock.now += 6 * share
            watcher.on_step(step(1, number, 2))
        watcher.on_epoch_end(Epoch(1, 2.0, 3.0, "accuracy", 0.5, 9.0))
        watcher.on_end()
    assert said == [
        "T = 100, epoch 1, loss 2.25: 25% of all work, 0:36 left",
        "T = 100: held-out loss 3.000, accuracy 50.0%",
        "T = 300, epoch 1, loss 2.25: 62% of all work, 0:18 left",
        "T = 300, epoch 1, loss 2.25: 100% of all work, 0:00 left",
        "T = 300: held-out loss 3.000, accuracy 50.0%",
    ]
