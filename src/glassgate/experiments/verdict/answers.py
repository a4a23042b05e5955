"""The answers of the verdict experiment in sentences, made of what `results.json` holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from glassgate.analysis.intervals import APART, listed

Results = Mapping[str, Any]

NAMES = {"srn": "SRN", "gru": "GRU"}
ANSWERS = {True: "yes", False: "no", None: "cannot be said"}


def answers(results: Results) -> list[str]:
    """Say in sentences who remembers, what the gates do, and what the memory needs."""
    lost, *said = results["statements"]
    moved = [_moved(*pair) for pair in zip(said[::2], said[1::2], strict=True)]
    return [_lost(lost), *moved, _memory(results)]


def _lost(said: Mapping[str, Any]) -> str:
    """Say what each network loses where a verdict has to be remembered, if there is any to lose."""
    none = [NAMES[name] for name, learned in said["learned"].items() if not learned]
    if none:
        return (
            "Whether the GRU remembers better than the SRN cannot be said: a verdict at the end, "
            "where nothing has to be remembered, is not shown to be told above chance by the "
            f"{' and the '.join(none)}."
        )
    srn, gru = (f"{0.0 - 100 * said['measured'][name]:+.1f}" for name in NAMES)
    shown = "loses less" if said["direction"] else "is not shown to lose less"
    return (
        "Where the verdict stands at the start and not at the end, the SRN's accuracy differs by "
        f"{srn} points and the GRU's by {gru}; the GRU {shown}."
    )


def _moved(every: Mapping[str, Any], carrying: Mapping[str, Any]) -> str:
    """Say what a gate did, and whether that is what the document says."""
    where = f"{every['where'][0].upper()}{every['where'][1:]}"
    right = {one["direction"] for one in (every, carrying)}
    answer = "yes and no" if len(right) == 2 else ANSWERS[right.pop()]
    return (
        f"{where} {_move(every)}; in the carrying units it {_move(carrying)}. Is that what the "
        f"document says? {answer.capitalize()}{_extent(every, carrying)}."
    )


def _move(said: Mapping[str, Any]) -> str:
    verdict, measured = said["difference"]["verdict"], said["measured"]
    how = "neither rises nor falls for sure" if verdict == APART else verdict
    return f"{how} ({measured['first']:.3f} to {measured['then']:.3f})"


def _extent(*said: Mapping[str, Any]) -> str:
    """Add that a gate which moves as the document says does not come near what it says."""
    short = any(one["direction"] for one in said) and not any(one["extent"] for one in said)
    return ", but not nearly so far" if short and said[0]["extent"] is not None else ""


def _memory(results: Results) -> str:
    """Say what a verdict at the start is remembered by."""
    free, *held = results["held"]
    told = listed(
        f"{row['accuracy']:.1%} with {row['held']} ({'worse' if _costs(row) else 'no worse'})"
        for row in held
    )
    return (
        f"Of the verdicts at the start the GRU tells {free['accuracy']:.1%}; with gates held while "
        f"the plot goes by it tells {told}."
    )


def _costs(row: Mapping[str, Any]) -> bool:
    return bool(row["cost"]["verdict"] == "worse")
