"""Two trainings at once on a real terminal: each has its bar, and the bars are drawn together."""

import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from glassgate.cli.screen import watching
from glassgate.cli.series import watching_series
from glassgate.train.backends import Workers
from glassgate.train.parallel import Piece, run_pieces
from glassgate.train.watch import Step, Watcher

WAIT = 60  # seconds for the other to begin
FRAME = 0.3  # seconds in which a frame is drawn
Frames = Callable[[], list[list[str]]]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Frames]]:
    """Give what makes stderr a terminal of 80 columns, and returns what ends it with its frames.

    A test calls it itself: pytest sets stderr anew between a test's fixtures and the test.
    """
    master, side = os.openpty()
    shown: list[bytes] = []

    def read() -> None:
        try:
            while data := os.read(master, 65536):
                shown.append(data)
        except OSError:
            return  # the other side is closed

    reader = threading.Thread(target=read, daemon=True)
    stderr = os.fdopen(side, "w")

    def begin() -> Frames:
        reader.start()
        monkeypatch.setattr(sys, "stderr", stderr)
        for name, value in (("COLUMNS", "80"), ("LINES", "24"), ("TERM", "xterm")):
            monkeypatch.setenv(name, value)
        return end

    def end() -> list[list[str]]:
        stderr.close()
        reader.join()
        text = b"".join(shown).decode().replace("\r\n", "\n")
        parts = re.split(r"(?:\r|\x1b\[1A|\x1b\[2K)+", text)
        plain = [re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", part) for part in parts]
        return [part.strip("\n").splitlines() for part in plain if part.strip()]

    yield begin
    os.close(master)


def a_step(number: int, loss: float) -> Step:
    return Step(1, number, 4, loss, loss, "perplexity", 1000.0)


def train_together(name: str, loss: float, folder: Path, watchers: Sequence[Watcher]) -> str:
    """Wait for the other training, then take four steps beside it."""
    (folder / name).touch()
    end = time.monotonic() + WAIT
    while len(list(folder.iterdir())) < 2 and time.monotonic() < end:
        time.sleep(0.01)
    for watcher in watchers:
        watcher.on_start(1, [])
        for number in range(1, 5):
            watcher.on_step(a_step(number, loss))
            time.sleep(FRAME)
        watcher.on_end()
    return name


def test_two_processes_have_a_bar_each_below_that_of_all(
    terminal: Callable[[], Frames], tmp_path: Path
):
    frames = terminal()
    losses = {"srn, seed 0": 0.5, "gru, seed 0": 0.25}
    pieces = [Piece(name, train_together, (name, loss, tmp_path)) for name, loss in losses.items()]
    with watching_series(2, workers=2) as watcher:
        assert run_pieces(pieces, Workers(2, "loky", 1), watcher) == list(losses)
    drawn = frames()
    together = [frame for frame in drawn if len(frame) == 3]
    assert together
    for every, *own in together:
        assert "all trainings" in every
        assert {name for line in own for name in losses if name in line} == set(losses)
        assert all(len(line.rstrip()) <= 80 for line in own)
    told = "\n".join(line for frame in together for line in frame)
    for name, loss in losses.items():
        assert f"{name} (loss {loss:.3g})" in told
    assert len(drawn[-1]) == 1  # those that have ended have no bar
    assert "100%" in drawn[-1][0]


def test_two_networks_of_a_comparison_have_a_bar_each(terminal: Callable[[], Frames]):
    frames = terminal()
    losses = {"srn, seed 0": 0.5, "gru, seed 0": 0.25}
    with watching() as watcher:
        watchers = {name: watcher(name) for name in losses}
        for own in watchers.values():
            own.on_start(1, [])
            own.on_epoch_start(1, 4, 0)
        for name, own in watchers.items():
            own.on_step(a_step(1, losses[name]))
    last = frames()[-1]
    assert [line.split("  ")[0].strip() for line in last] == list(losses)
    for line, loss in zip(last, losses.values(), strict=True):
        assert f"loss {loss:.3f}" in line
        assert "1,000 tok/s" in line
        assert len(line.rstrip()) <= 80
