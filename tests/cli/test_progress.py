import io

import pytest
from rich.console import Console

from glassgate.cli.bars import Bars
from glassgate.train.watch import Epoch, Step


@pytest.mark.parametrize("measure", ["perplexity", "accuracy"])
def test_everything_that_a_bar_promises_fits_into_80_columns(measure: str):
    screen = io.StringIO()
    console = Console(file=screen, width=80, force_terminal=True, color_system=None)
    with Bars(console) as bars:
        watcher = bars.watcher("feedforward")
        watcher.on_start(20, ["two empty texts were skipped"])
        watcher.on_note("Threads: 1 of 2")
        watcher.on_epoch_start(10, 100, 0)
        watcher.on_epoch_end(Epoch(10, 5.4, 5.3, measure, 0.77 if measure[0] == "a" else 212.5, 9))
        watcher.on_epoch_start(11, 100, 0)
        watcher.on_step(Step(11, 1, 100, 5.5, 5.4, measure, 123_456.0))
        bars._progress.refresh()
        last = screen.getvalue().rsplit("feedforward", 1)[-1]
        watcher.on_end()
    assert "two empty texts were skipped" in screen.getvalue()
    assert "feedforward: Threads: 1 of 2" in screen.getvalue()
    for part in ("11/20", "loss 5.400", "123,456 tok/s"):
        assert part in last
    assert ("(valid 77.0%)" if measure == "accuracy" else "ppl 221 (valid 212)") in last
    assert ":" in last.split("tok/s")[1]  # the time left
