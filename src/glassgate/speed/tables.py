"""The results of a benchmark as a table and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from glassgate.pages.content import Table
from glassgate.speed.measurement import FLOOR, Measured
from glassgate.speed.timing import Timing

COLUMNS = ("workload", "contender", "median", "quartiles", "× floor")


def table(results: Sequence[Measured], rivals: Sequence[str]) -> Table:
    """Return a row for each contender of each workload.

    The column "× floor" is the contender's time as a multiple of the floor; the column of a rival
    is how many times faster than the rival the contender is. A contender with wrong results has no
    time.

    Parameters
    ----------
    results
        One per workload.
    rivals
        Contenders that all others are compared with.
    """
    columns = (*COLUMNS, *(f"faster than\n{rival}" for rival in rivals))
    return Table(columns, [row for measured in results for row in _rows(measured, rivals)])


def errors(results: Sequence[Measured]) -> list[str]:
    """Return a sentence on each contender without a time."""
    return [
        f"{timing.name} has no time at {measured.workload.name}: {timing.error}"
        for measured in results
        for timing in measured.timings
        if timing.error
    ]


def _rows(measured: Measured, rivals: Sequence[str]) -> list[tuple[str, ...]]:
    names = [measured.workload.name, *[""] * (len(measured.timings) - 1)]
    return [
        (name, timing.name, *_cells(measured, timing, rivals))
        for name, timing in zip(names, measured.timings, strict=True)
    ]


def _cells(measured: Measured, timing: Timing, rivals: Sequence[str]) -> tuple[str, ...]:
    if timing.error:
        return ("no time", *[""] * (2 + len(rivals)))
    scale, unit = _unit(timing.median)
    quartiles = "–".join(_three_digits(seconds / scale) for seconds in timing.quartiles)
    ratios = [measured.ratio(timing.name, FLOOR)]
    ratios += [measured.ratio(rival, timing.name) for rival in rivals]
    cells = ["" if ratio is None or timing.name == FLOOR else f"{ratio:.2f}" for ratio in ratios]
    return (f"{_three_digits(timing.median / scale)} {unit}", quartiles, *cells)


def _unit(seconds: float) -> tuple[float, str]:
    """Choose the unit of a time; return the unit's size in seconds and its symbol.

    >>> _unit(8.4e-7), _unit(0.0123), _unit(1.9)
    ((1e-06, 'µs'), (0.001, 'ms'), (1, 's'))
    """
    units = ((1, "s"), (1e-3, "ms"), (1e-6, "µs"))
    return next((unit for unit in units if seconds >= unit[0]), units[-1])


def _three_digits(value: float) -> str:
    """Format a number with three significant digits, or all digits before the decimal point.

    >>> [_three_digits(value) for value in (0.84, 12.34, 100.0, 2560.7)]
    ['0.840', '12.3', '100', '2561']
    """
    return f"{value:.0f}" if value >= 99.95 else f"{value:#.3g}"


def to_json(results: Sequence[Measured]) -> list[dict[str, Any]]:
    """Return all measurements for a JSON file; times are in seconds."""
    return [
        {
            "name": measured.workload.name,
            "work": asdict(measured.workload),
            "threads": measured.threads,
            "contenders": [_timing_json(measured, timing) for timing in measured.timings],
        }
        for measured in results
    ]


def _timing_json(measured: Measured, timing: Timing) -> dict[str, Any]:
    if timing.error:
        return {"name": timing.name, "error": timing.error}
    others = [other.name for other in measured.timings if not other.error]
    return {
        "name": timing.name,
        "median": timing.median,
        "quartiles": timing.quartiles,
        "times_as_long_as": {other: measured.ratio(timing.name, other) for other in others},
        "seconds": timing.seconds,
    }
