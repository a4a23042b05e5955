"""How many threads the engine works on."""

import math
import os
from pathlib import Path

from glassgate.errors import BadInput

MOST = 256


def _allowed() -> int:
    """Count the cores that the process may use: its affinity, and a container's share of time."""
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    quota = Path("/sys/fs/cgroup/cpu.max")  # "200000 100000": two cores' time, or "max 100000"
    if quota.is_file():
        share, _, period = quota.read_text().partition(" ")
        if share.isdigit():
            cores = min(cores, math.ceil(int(share) / int(period)))
    return max(1, min(cores, MOST))


_threads = _allowed()


def set_threads(threads: int) -> None:
    """Set how many threads a whole sequence, forward or backward, may use; 1 is the caller alone.

    Results do not depend on it. A step uses one thread unless asked for more.

    Parameters
    ----------
    threads
        1..256. The default is the number of cores that the process may use.

    Raises
    ------
    BadInput
        When `threads` is out of range.
    TypeError
        When it is no int.
    """
    global _threads
    _threads = checked_threads(threads)


def threads() -> int:
    """Give the number that `set_threads` set."""
    return _threads


def checked_threads(threads: int) -> int:
    """Give `threads` back, or refuse it as `set_threads` does."""
    if isinstance(threads, bool) or not isinstance(threads, int):
        raise TypeError(f"threads must be an int, got {type(threads).__name__}")
    if not 1 <= threads <= MOST:
        raise BadInput(f"threads must lie in 1..{MOST}, got {threads}")
    return threads
