"""The answers of the verdict experiment in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from glassgate.analysis.intervals import UNDECIDED, Judgement, join_names, judge
from glassgate.experiments.verdict.results import HeldShare, Results

Statement = Mapping[str, Any]  # one of `Results`' statements

NAMES = {"srn": "SRN", "gru": "GRU"}


def answers(results: Results) -> list[str]:
    """Say in sentences which network remembers, what the gates do, and what the memory needs."""
    lost, *moved = results["statements"]
    gates = [_gate(*pair) for pair in zip(moved[::2], moved[1::2], strict=True)]
    return [_lost(lost), *gates, _memory(results)]


def judgement(statement: Statement) -> Judgement:
    """Say whether the interval of a statement confirms it.

    A statement on memory is undecided, too, where a network learned nothing that it could lose.
    """
    if statement["direction"] is None:
        return UNDECIDED
    if "learned" in statement:
        return judge("less", statement["difference"]["verdict"])
    claimed = "falls" if "falls" in statement["statement"] else "rises"
    return judge(claimed, statement["difference"]["verdict"])


def _lost(statement: Statement) -> str:
    """Say what each network loses where a verdict has to be remembered, if there is any to lose."""
    chance = [NAMES[name] for name, learned in statement["learned"].items() if not learned]
    if chance:
        return (
            "Whether the GRU remembers better than the SRN is undecided: even with the verdict at "
            "the end, where nothing has to be remembered, accuracy above chance is not shown for "
            f"{join_names(f'the {name}' for name in chance)}."
        )
    srn, gru = (f"{0.0 - 100 * statement['measured'][name]:+.1f}" for name in NAMES)
    shown = {
        "yes": "the GRU loses less",
        "no": "the GRU loses more",
        "undecided": "whether the GRU loses less is undecided",
    }
    return (
        "When the verdict is at the start instead of the end, the SRN's accuracy changes by "
        f"{srn} points and the GRU's by {gru}; {shown[judgement(statement)]}."
    )


def _gate(every: Statement, carrying: Statement) -> str:
    """Say what a gate did in all and in the carrying units, and whether the document is right."""
    where = f"{every['where'][0].upper()}{every['where'][1:]}"
    first, second = judgement(every), judgement(carrying)
    answer = first if first == second else f"{first}, and {second} in the carrying units"
    return (
        f"{where} {_move(every)}; in the carrying units it {_move(carrying)}. Is that what the "
        f"document says? {answer.capitalize()}{_extent(every, carrying)}."
    )


def _move(statement: Statement) -> str:
    verdict, measured = statement["difference"]["verdict"], statement["measured"]
    how = "is not shown to rise or fall" if verdict == UNDECIDED else verdict
    return f"{how} ({measured['first']:.3f} to {measured['then']:.3f})"


def _extent(*statements: Statement) -> str:
    """Add that a gate which moves as the document says does not come near what it says."""
    moves = any(statement["direction"] for statement in statements)
    reaches = any(statement["extent"] for statement in statements)
    names_value = statements[0]["extent"] is not None
    return ", but not by enough" if moves and names_value and not reaches else ""


def _memory(results: Results) -> str:
    """Say what a verdict at the start is remembered by."""
    free, *held = results["held"]
    shares = join_names(f"{row['accuracy']:.1%} with {row['held']} ({_cost(row)})" for row in held)
    return (
        f"With the verdict at the start, the GRU classifies {free['accuracy']:.1%} correctly; with "
        f"gates held while it reads the plot, {shares}."
    )


def _cost(row: HeldShare) -> str:
    verdict = row["cost"]["verdict"]
    return "not shown to be worse" if verdict == UNDECIDED else verdict
