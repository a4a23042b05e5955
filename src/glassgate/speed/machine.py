"""What this machine can do at most, measured now: the floors that benchmarks compare with."""

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import DTypeLike

from glassgate import _native
from glassgate.engine.settings import target

SECONDS = 0.02  # of one measurement
TRIES = 3  # of which the best counts: what the machine can do, undisturbed
KIB = 1024


def peak_flops(threads: int, dtype: DTypeLike = np.float32) -> float:
    """Measure the multiply-adds that `threads` threads can do, in float operations a second.

    A multiply-add counts as two. The instruction set is the one in use.
    """
    doubles = np.dtype(dtype) == np.float64
    flops = _native.multiply(1_000_000, doubles, target())
    seconds, rounds = _seconds(lambda _: _native.multiply(1_000_000, doubles, target()), threads)
    return flops * rounds * threads / seconds


def read_rate(size: int, threads: int) -> float:
    """Measure how fast `size` bytes can be read over and over, in bytes a second.

    Each of `threads` threads reads a share of its own, as it reads its share of a layer's weights:
    from whatever cache they fit in.
    """
    share = max(1, round(size / threads / KIB)) * KIB
    arrays = [_aligned(share) for _ in range(threads)]
    times = max(1, 4_000_000 // share)
    seconds, rounds = _seconds(lambda i: _native.read(arrays[i], times, target()), threads)
    return share * threads * times * rounds / seconds


def _aligned(size: int) -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
    raw = np.zeros(size // 4 + 16, np.float32)
    start = -raw.ctypes.data % 64 // 4
    return raw[start : start + size // 4]


def _seconds(work, threads: int) -> tuple[float, int]:  # type: ignore[no-untyped-def]
    """Run `work(i)` on each thread i, again and again; give the seconds and the rounds."""
    work(0)
    started = time.perf_counter()
    work(0)
    rounds = max(1, round(SECONDS / (time.perf_counter() - started)))

    def repeat(i: int) -> None:
        for _ in range(rounds):
            work(i)

    with ThreadPoolExecutor(threads) as pool:
        tries = []
        for _ in range(TRIES):
            started = time.perf_counter()
            list(pool.map(repeat, range(threads)))
            tries.append(time.perf_counter() - started)
        return min(tries), rounds
