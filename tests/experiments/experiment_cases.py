"""What the tests of experiments share: a run that Ctrl-C stops halfway."""

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
