"""Measures the machine's peak arithmetic and memory rates, from which floors are computed."""

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import DTypeLike

from glassgate import _native
from glassgate.engine.settings import target

MEASUREMENT_SECONDS = 0.02
TRIES = 3  # the fastest counts, as the least disturbed
KIB = 1024  # bytes


def peak_flops(threads: int, dtype: DTypeLike = np.float32) -> float:
    """Measure the multiply-adds of `threads` threads, in floating-point operations per second.

    A multiply-add counts as two. The instruction set is the one that the engine uses.
    """
    doubles = np.dtype(dtype) == np.float64
    flops = _native.multiply(1_000_000, doubles, target())
    seconds, rounds = _seconds(lambda _: _native.multiply(1_000_000, doubles, target()), threads)
    return flops * rounds * threads / seconds


def read_rate(size: int, threads: int) -> float:
    """Measure how fast `size` bytes can be read repeatedly, in bytes per second.

    Each of `threads` threads reads its own share, as it does with a layer's weights, from whatever
    cache the share fits in.
    """
    share = max(1, round(size / threads / KIB)) * KIB
    arrays = [_aligned(share) for _ in range(threads)]
    repeats = max(1, 4_000_000 // share)
    seconds, rounds = _seconds(lambda i: _native.read(arrays[i], repeats, target()), threads)
    return share * threads * repeats * rounds / seconds


def _aligned(size: int) -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
    raw = np.zeros(size // 4 + 16, np.float32)
    start = -raw.ctypes.data % 64 // 4
    return raw[start : start + size // 4]


def _seconds(task, threads: int) -> tuple[float, int]:  # type: ignore[no-untyped-def]
    """Run `task(i)` repeatedly on each thread i; return the seconds and the number of rounds."""
    task(0)
    started = time.perf_counter()
    task(0)
    rounds = max(1, round(MEASUREMENT_SECONDS / (time.perf_counter() - started)))

    def repeat(i: int) -> None:
        for _ in range(rounds):
            task(i)

    with ThreadPoolExecutor(threads) as pool:
        tries = []
        for _ in range(TRIES):
            started = time.perf_counter()
            list(pool.map(repeat, range(threads)))
            tries.append(time.perf_counter() - started)
        return min(tries), rounds
