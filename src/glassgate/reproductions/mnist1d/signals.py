"""The data: signals of 40 positions, each the distorted template of one of ten digits."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

POSITIONS = 40
CLASSES = 10
ORDERS = ("in order", "shuffled")
SHUFFLE_SEED = 42  # of the permutation, as in the published notebook


class Signals(NamedTuple):
    """The signals with their digits, to train on and to test."""

    train: NDArray[np.float32]  # [4000, 40]
    train_digits: NDArray[np.int64]  # [4000]
    test: NDArray[np.float32]  # [1000, 40]
    test_digits: NDArray[np.int64]  # [1000]

    def shuffle(self) -> Signals:
        """Return the signals with their positions in another order, the same for all."""
        order = np.random.RandomState(SHUFFLE_SEED).permutation(POSITIONS)
        return self._replace(train=self.train[:, order], test=self.test[:, order])


def make_signals() -> Signals:
    """Make the published data set with the package that its authors publish.

    Nothing is downloaded. NumPy's and Python's global random states, which that package sets, are
    as before.
    """
    from mnist1d.data import get_dataset_args, make_dataset

    with _restored_random_state():
        made = make_dataset(get_dataset_args())
    return Signals(
        made["x"].astype(np.float32),
        made["y"].astype(np.int64),
        made["x_test"].astype(np.float32),
        made["y_test"].astype(np.int64),
    )


@contextmanager
def _restored_random_state() -> Iterator[None]:
    of_numpy, of_python = np.random.get_state(), random.getstate()  # noqa: NPY002 - theirs
    try:
        yield
    finally:
        np.random.set_state(of_numpy)  # noqa: NPY002
        random.setstate(of_python)
