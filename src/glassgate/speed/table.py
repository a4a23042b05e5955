"""Times as a person reads them, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from glassgate.pages.content import Table
from glassgate.speed.measure import FLOOR, Measured
from glassgate.speed.timing import Timing

COLUMNS = ("work", "who", "median", "middle half", "floors")


def table(results: Sequence[Measured], rivals: Sequence[str]) -> Table:
    """Return a row for each contender of each work.

    The column `floors` says how many times the floor's time it took; that of a rival how many
    times as long as it the rival took. A contender that was refused has no time.

    Parameters
    ----------
    results
        One for each work.
    rivals
        Contenders to compare everybody with.
    """
    columns = (*COLUMNS, *(f"faster than\n{rival}" for rival in rivals))
    return Table(columns, [row for measured in results for row in _rows(measured, rivals)])


def errors(results: Sequence[Measured]) -> list[str]:
    """Say of each contender without a time what was wrong."""
    return [
        f"{timing.name} has no time at {measured.work.name}: {timing.error}"
        for measured in results
        for timing in measured.timings
        if timing.error
    ]


def _rows(measured: Measured, rivals: Sequence[str]) -> list[tuple[str, ...]]:
    names = [measured.work.name, *[""] * (len(measured.timings) - 1)]
    return [
        (name, timing.name, *_figures(measured, timing, rivals))
        for name, timing in zip(names, measured.timings, strict=True)
    ]


def _figures(measured: Measured, timing: Timing, rivals: Sequence[str]) -> tuple[str, ...]:
    if timing.error:
        return ("no time", *[""] * (2 + len(rivals)))
    scale, unit = _unit(timing.median)
    half = "–".join(_three(seconds / scale) for seconds in timing.quartiles)
    ratios = [measured.times(timing.name, FLOOR)]
    ratios += [measured.times(rival, timing.name) for rival in rivals]
    said = ["" if ratio is None or timing.name == FLOOR else f"{ratio:.2f}" for ratio in ratios]
    return (f"{_three(timing.median / scale)} {unit}", half, *said)


def _unit(seconds: float) -> tuple[float, str]:
    """Choose the unit to say a time in, and give its size in seconds.

    >>> _unit(8.4e-7), _unit(0.0123), _unit(1.9)
    ((1e-06, 'µs'), (0.001, 'ms'), (1, 's'))
    """
    units = ((1, "s"), (1e-3, "ms"), (1e-6, "µs"))
    return next((unit for unit in units if seconds >= unit[0]), units[-1])


def _three(value: float) -> str:
    """Say a number with three digits, or with all those before the point.

    >>> _three(0.84), _three(12.34), _three(100.0), _three(2560.7)
    ('0.840', '12.3', '100', '2561')
    """
    return f"{value:.0f}" if value >= 99.95 else f"{value:#.3g}"


def to_json(results: Sequence[Measured]) -> list[dict[str, Any]]:
    """Return everything that was measured, for a file; times are in seconds."""
    return [
        {
            "name": measured.work.name,
            "work": asdict(measured.work),
            "threads": measured.threads,
            "contenders": [_timing(measured, timing) for timing in measured.timings],
        }
        for measured in results
    ]


def _timing(measured: Measured, timing: Timing) -> dict[str, Any]:
    if timing.error:
        return {"name": timing.name, "error": timing.error}
    others = [other.name for other in measured.timings if not other.error]
    return {
        "name": timing.name,
        "median": timing.median,
        "quartiles": timing.quartiles,
        "times_as_long_as": {other: measured.times(timing.name, other) for other in others},
        "seconds": timing.seconds,
    }
