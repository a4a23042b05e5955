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

WAIT = 300  # seconds, at most, for the other to begin and for both bars to be drawn
LOSSES = {"srn, seed 0": 0.5, "gru, seed 0": 0.25}
Frames = Callable[[], list[list[str]]]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[], Frames]]:
    """Give what makes stderr a terminal of 80 columns, and returns what ends it with its frames.

    A test calls it itself: pytest sets stderr anew between a test's fixtures and the test. Once the
    LOSSES of both trainings have been shown, there is a file `seen` in the test's folder.
    """
    master, side = os.openpty()
    shown: list[bytes] = []

    def read() -> None:
        try:
            while data := os.read(master, 65536):
                shown.append(data)
                text = b"".join(shown).decode(errors="ignore")
                if all(f"{name} (loss {loss:.3g})" in text for name, loss in LOSSES.items()):
                    (tmp_path / "seen").touch()
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
    """Take a step once the other training has begun, and the rest once both bars are drawn."""
    (folder / f"began {name}").touch()
    wait_for(lambda: len(list(folder.glob("began *"))) == 2)
    for watcher in watchers:
        watcher.on_start(1, [])
        watcher.on_step(a_step(1, loss))
        wait_for((folder / "seen").exists)
        for number in range(2, 5):
            watcher.on_step(a_step(number, loss))
        watcher.on_end()
    return name


def wait_for(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_two_processes_have_a_bar_each_below_that_of_all(
    terminal: Callable[[], Frames], tmp_path: Path
):
    frames = terminal()
    pieces = [Piece(name, train_together, (name, loss, tmp_path)) for name, loss in LOSSES.items()]
    with watching_series(2, workers=2) as watcher:
        assert run_pieces(pieces, Workers(2, "loky", 1), watcher) == list(LOSSES)
    drawn = frames()
    together = [frame for frame in drawn if len(frame) == 3]
    assert together
    for every, *own in together:
        assert "all trainings" in every
        assert {name for line in own for name in LOSSES if name in line} == set(LOSSES)
        assert all(len(line.rstrip()) <= 80 for line in own)
    told = "\n".join(line for frame in together for line in frame)
    for name, loss in LOSSES.items():
        assert f"{name} (loss {loss:.3g})" in told
    assert len(drawn[-1]) == 1  # those that have ended have no bar
    assert "100%" in drawn[-1][0]


def test_two_networks_of_a_comparison_have_a_bar_each(terminal: Callable[[], Frames]):
    frames = terminal()
    with watching() as watcher:
        watchers = {name: watcher(name) for name in LOSSES}
        for own in watchers.values():
            own.on_start(1, [])
            own.on_epoch_start(1, 4, 0)
        for name, own in watchers.items():
            own.on_step(a_step(1, LOSSES[name]))
    last = frames()[-1]
    for line, (name, loss) in zip(last, LOSSES.items(), strict=True):
        assert line.startswith(name)
        assert f"loss {loss:.3f}" in line
        assert "1,000 tok/s" in line
        assert len(line.rstrip()) <= 80
