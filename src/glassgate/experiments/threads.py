"""How many threads an experiment's networks run on."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_thread() -> Iterator[None]:
    """Run torch on one thread within, and on as many as before afterwards.

    Steps of networks this small are too short to be shared: a second thread gains a twentieth
    on an idle machine, and waits many times as long for its turn on a busy one.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
