"""What the tests of experiments share: a run that Ctrl-C stops halfway, and what it leaves."""

from pathlib import Path

from glassgate.experiments.common import PIECES
from glassgate.experiments.finished import MADE_BY
from glassgate.train.interrupt import Interrupted
from glassgate.train.loop import fit


def stops_second():
    """Return a `fit` that is interrupted while it trains the second network."""
    trained = []

    def stopped(*arguments, **options):
        trained.append(fit(*arguments, **options))
        if len(trained) == 2:
            raise Interrupted("stopped at epoch 1, after step 1")
        return trained[-1]

    return stopped


def assert_only_pieces(folder: Path, count: int | None = None) -> None:
    """Check that a stopped run left its finished pieces, `count` of them, and nothing else."""
    assert [path.name for path in folder.iterdir()] == [PIECES]
    names = [path.name for path in (folder / PIECES).iterdir()]
    assert MADE_BY in names
    assert count is None or len(names) == 1 + count
