"""The engine's settings: its instruction set, and the number and owner of its threads."""

import math
import os
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

from glassgate import _native
from glassgate.errors import BadInput

TARGET_VARIABLE = "GLASSGATE_TARGET"
MAX_THREADS = 256
THREADS_VARIABLE = "GLASSGATE_NUM_THREADS"
OPENMP_VARIABLE = "OMP_NUM_THREADS"
_threads_set: int | None = None  # by `set_threads`


def targets() -> list[str]:
    """List the instruction sets that processor and operating system support, best first.

    ``"plain"``, portable C++, is always the last.
    """
    return _native.targets()


@cache
def target() -> str:
    """Name the instruction set in use: the environment's ``GLASSGATE_TARGET``, or the best.

    The choice is made at the first call.

    Raises
    ------
    BadInput
        When the environment names one that this machine does not support.
    """
    offered = targets()
    wanted = os.environ.get(TARGET_VARIABLE) or offered[0]
    if wanted not in offered:
        raise BadInput(
            f"{TARGET_VARIABLE} must be one of {', '.join(offered)} here, got {wanted!r}"
        )
    return wanted


def choose_target(name: str | None) -> str:
    """Return a target's name, by default that in use; refuse one that is not supported here."""
    offered = targets()
    if name is not None and name not in offered:
        raise BadInput(f"target must be one of {', '.join(offered)} on this machine, got {name!r}")
    return name or target()


class Threading(NamedTuple):
    """The threads that sequences and their gradients run on.

    Attributes
    ----------
    threads
        Their number, 1..256, including the caller's.
    runtime
        The path of the OpenMP library whose threads they are; None if they are the engine's own.
    reason
        What set the number, and why these threads are used.
    """

    threads: int
    runtime: str | None
    reason: str


def set_threads(threads: int | None) -> None:
    """Set the number of threads that a sequence, forward or backward, may use; 1 is the caller's.

    Results do not depend on it. It overrides torch's number and the environment's. A step of
    `glassgate.GRU` uses one thread unless asked for more.

    Parameters
    ----------
    threads
        1..256; None for the default: as many threads as torch uses (`torch.get_num_threads`) if
        torch has been imported; else the number in the environment's ``GLASSGATE_NUM_THREADS`` or
        ``OMP_NUM_THREADS``; else one for each core that the process may use.

    Raises
    ------
    BadInput
        When `threads` is out of range.
    TypeError
        When `threads` is not an int.
    """
    global _threads_set
    _threads_set = None if threads is None else check_threads(threads)


def threads() -> int:
    """Return the number of threads that the next sequence may use."""
    return _number_and_source()[0]


def threading() -> Threading:
    """Report how many threads the engine uses, whose they are, and why.

    Raises
    ------
    BadInput
        When ``GLASSGATE_NUM_THREADS`` applies and is not a number of threads.

    Examples
    --------
    >>> threading().threads == threads()
    True
    """
    number, source = _number_and_source()
    runtime, forked = _native.threads_of()
    if runtime:
        whose = "on the threads of the OpenMP runtime that this process has loaded"
    elif forked:
        whose = "on threads of its own, since an OpenMP runtime does not outlive a fork"
    else:
        whose = "on threads of its own, since this process has no OpenMP runtime"
    return Threading(number, runtime or None, f"{source}; {whose}")


def _number_and_source() -> tuple[int, str]:
    """Return the number of threads and what set it."""
    if _threads_set is not None:
        return _threads_set, "set by glassgate.set_threads"
    torch = sys.modules.get("torch")
    get_num_threads = getattr(torch, "get_num_threads", None)  # None while torch is imported
    if get_num_threads is not None:
        return min(int(get_num_threads()), MAX_THREADS), "as torch.get_num_threads() says"
    return _number_without_torch()


@cache
def _number_without_torch() -> tuple[int, str]:
    wanted = os.environ.get(THREADS_VARIABLE, "").strip()
    if wanted:
        if not (wanted.isascii() and wanted.isdecimal()) or not 1 <= int(wanted) <= MAX_THREADS:
            raise BadInput(
                f"{THREADS_VARIABLE} must be a number from 1 to {MAX_THREADS}, got {wanted!r}"
            )
        return int(wanted), f"set by {THREADS_VARIABLE}"
    openmp = os.environ.get(OPENMP_VARIABLE, "").partition(",")[0].strip()  # one number per level
    if openmp.isascii() and openmp.isdecimal() and int(openmp):
        return min(int(openmp), MAX_THREADS), f"set by {OPENMP_VARIABLE}"
    return allowed_cores(), "one for each core that the process may use"


def allowed_cores() -> int:
    """Count the cores that the process may use, by its affinity and its container's CPU quota."""
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    quota = Path("/sys/fs/cgroup/cpu.max")  # "200000 100000": two cores' time, or "max 100000"
    if quota.is_file():
        share, _, period = quota.read_text().partition(" ")
        if share.isdigit():
            cores = min(cores, math.ceil(int(share) / int(period)))
    return max(1, min(cores, MAX_THREADS))


def check_threads(threads: int) -> int:
    """Return `threads`, or refuse it as `set_threads` does."""
    if isinstance(threads, bool) or not isinstance(threads, int):
        raise TypeError(f"threads must be an int, got {type(threads).__name__}")
    if not 1 <= threads <= MAX_THREADS:
        raise BadInput(f"threads must lie in 1..{MAX_THREADS}, got {threads}")
    return threads
