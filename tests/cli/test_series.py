import io

from rich.console import Console

from glassgate.cli import series
from glassgate.train.watch import Epoch, Step


def shown(monkeypatch, **terminal):
    """Let two trainings of unlike work run, the second to its middle, and give what was shown."""
    screen = io.StringIO()
    console = Console(file=screen, width=80, color_system=None, **terminal)
    monkeypatch.setattr(series, "Console", lambda **_: console)
    with series.watching_series(400) as watcher:
        for label, share, steps in (("adding, T = 100: gru", 100, 4), ("T = 300", 300, 2)):
            one = watcher(label, share)
            one.on_start(2, [])
            for epoch in (1, 2)[: steps // 2]:
                for step in (1, 2):
                    one.on_step(Step(epoch, step, 2, 0.5, 0.25, "accuracy", 1000.0))
                one.on_epoch_end(Epoch(epoch, 0.25, 0.125, "accuracy", 0.77, 1.0))
            one.on_end()
    return screen.getvalue()


def test_a_terminal_has_one_bar_that_fits_and_counts_all_work(monkeypatch):
    said = shown(monkeypatch, force_terminal=True)
    last = said.split("\r")[-1].replace("\x1b[2K", "").splitlines()[0]
    assert "62%" in last  # 100 and half of 300, of 400
    assert "T = 300 (loss 0.25)" in last
    assert len(last) <= 80


def test_a_file_has_a_line_a_training(monkeypatch):
    said = shown(monkeypatch, force_terminal=False).splitlines()
    assert said == [
        "adding, T = 100: gru: held-out loss 0.125, accuracy 77.0%",
        "T = 300: held-out loss 0.125, accuracy 77.0%",
    ]


def test_a_training_that_was_stopped_before_an_epoch_ended_reached_nothing(monkeypatch):
    screen = io.StringIO()
    monkeypatch.setattr(series, "Console", lambda **_: Console(file=screen, width=80))
    with series.watching_series(1) as watcher:
        one = watcher("gru, seed 0", 1)
        one.on_start(2, [])
        one.on_end()
    assert screen.getvalue() == ""


def test_several_workers_have_a_bar_each_while_they_train(monkeypatch):
    screen = io.StringIO()
    console = Console(file=screen, width=80, color_system=None, force_terminal=True)
    monkeypatch.setattr(series, "Console", lambda **_: console)
    with series.watching_series(400, workers=2) as watching:
        first, second = (watching(label, share) for label, share in (("srn", 100), ("gru", 300)))
        for watcher in (first, second):
            watcher.on_start(2, [])
            watcher.on_step(Step(1, 1, 2, 0.5, 0.25, "accuracy", 1000.0))
        first.on_end()
    lines = screen.getvalue().split("\r")[-1].replace("\x1b[2K", "").splitlines()
    assert "25%" in lines[0]  # a quarter of each
    assert "all trainings" in lines[0]
    shown = [line for line in screen.getvalue().replace("\x1b[2K", "").splitlines() if line]
    assert any("25%" in line and "gru (loss 0.25)" in line for line in shown)
    assert "srn" not in lines[1]
