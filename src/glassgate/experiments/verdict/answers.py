"""What the verdict experiment found, in sentences, and the conditions that they are about."""

from __future__ import annotations

from statistics import mean
from typing import Literal

from glassgate.experiments.verdict.conditions import LAST_CHRONO
from glassgate.experiments.verdict.interventions import (
    ALL_KEPT,
    KEPT_HELD,
    NO_RESET_AFTER,
    NONE_KEPT,
    RESET_HELD,
    SWAPPED_AFTER,
    SWAPPED_BEFORE,
    ZEROED_AFTER,
    ZEROED_BEFORE,
    Intervention,
)
from glassgate.experiments.verdict.judgements import NOTICEABLE, is_learned
from glassgate.experiments.verdict.results import ConditionResults, Results
from glassgate.experiments.verdict.reviews import Place
from glassgate.experiments.verdict.summary import (
    Gate,
    intervention_values,
    part_values,
    word_values,
)
from glassgate.experiments.verdict.wording import heading

Layout = Literal["first", "last", "mixed"]


def main_condition(results: Results, layout: Layout) -> ConditionResults | None:
    """Return the condition that the page tells of: the first GRU that learned a layout, if any."""
    return next((condition for condition in grus(results, layout) if is_learned(condition)), None)


def grus(results: Results, layout: Layout) -> list[ConditionResults]:
    """Return the conditions in which a GRU was trained on reviews of a layout."""
    return [c for c in results["conditions"] if (c["layout"], c["network"]) == (layout, "gru")]


def example(results: Results, layout: Layout) -> ConditionResults | None:
    """Return the condition whose review is shown: of negated phrases, if that was learned."""
    taught = [condition for condition in grus(results, layout) if is_learned(condition)]
    return next((c for c in taught if c["kind"] == "negated"), taught[0] if taught else None)


def control(results: Results) -> ConditionResults | None:
    """Return the network of the same initial weights for which the last verdict counts."""
    own = [c for c in results["conditions"] if c["id"] == LAST_CHRONO.id and is_learned(c)]
    return own[0] if own else None


def answers(results: Results, layout: Literal["first", "last"]) -> str:
    """Say in paragraphs what was found for a verdict at one place."""
    condition = main_condition(results, layout)
    if condition is None:
        return f"No GRU learned reviews with the verdict {layout}: there is no policy to look at."
    if layout == "first":
        return f"{_told_first(results, condition)}\n\n{HOW_SHOWN}"
    mixed = main_condition(results, "mixed")
    both = [_told_last(condition), *([_told_mixed(mixed)] if mixed else []), HOW_SHOWN]
    return "\n\n".join(both)


HOW_SHOWN = (
    "Means over seeds with 95% intervals; 0 is the first word of the verdict. The carriers are the "
    "quarter of units whose last state says most about the class; the best unit is the one that "
    "says most alone. A mean over all units hides what the carriers do."
)


def _told_last(condition: ConditionResults) -> str:
    (stay, moved), (zeroed_stay, zeroed_moved) = (
        [_mean(condition, "last", which, value) for value in ("unchanged", "shift")]
        for which in (SWAPPED_BEFORE, ZEROED_BEFORE)
    )
    matters = mean(intervention_values(condition, "last", ZEROED_BEFORE, "shift")) > NOTICEABLE
    rest = " So it makes no difference which past was read, but the state still counts."
    return (
        f"{_network(condition)} With the state before the verdict swapped for that of another "
        f"review, {stay} of the answers stay, and the margin between the classes moves by {moved} "
        f"of its size; with that state zeroed, {zeroed_stay} stay and the margin moves by "
        f"{zeroed_moved}.{rest if matters else ''}\n\n"
        f"The carriers' kept share is {_moves(condition, 'kept_carriers')}. Their reset gate is "
        f"{_moves(condition, 'reset_carriers')}. {_told_gates(condition)}"
    )


def _told_mixed(condition: ConditionResults) -> str:
    return (
        "A network that never has to remember forgets all along, so that little is left to wash "
        "out. One that has to remember other verdicts shows which gate does it. "
        f"{_network(condition)} {_told_gates(condition)}"
    )


def _network(condition: ConditionResults) -> str:
    """Say in a sentence which network is told of."""
    return f"The network: {heading(condition)}."


def _told_gates(condition: ConditionResults) -> str:
    """Say what comes through when each gate is kept from moving over a last verdict."""
    free, reset_held, kept_held = (
        _mean(condition, "last", which, "shift")
        for which in (SWAPPED_BEFORE, RESET_HELD, KEPT_HELD)
    )
    return (
        f"A swapped state moves the margin between the classes by {free} of its size; with the "
        f"reset gate held over the verdict at its mean over the plot by {reset_held}, with the "
        f"kept share held so by {kept_held}."
    )


def _told_first(results: Results, condition: ConditionResults) -> str:
    zeroed, swapped = (
        _mean(condition, "first", which, "unchanged") for which in (ZEROED_AFTER, SWAPPED_AFTER)
    )
    all_kept, none_kept, no_reset = (
        _mean(condition, "first", which, "accuracy")
        for which in (ALL_KEPT, NONE_KEPT, NO_RESET_AFTER)
    )
    kept = mean(part_values(condition, "first", "plot after", "kept_carriers"))
    return (
        f"{_network(condition)} Over the plot the carriers keep {kept:.3f} "
        f"of their state from word to word.{_contrast(results)} With the state after the verdict "
        f"zeroed {zeroed}, and with it swapped {swapped} of the answers stay as they were. With "
        f"all kept from there on, {all_kept} are classified correctly; with nothing kept, "
        f"{none_kept}; with the reset gate at 0, {no_reset}."
    )


def _contrast(results: Results) -> str:
    other = control(results)
    if other is None:
        return ""
    kept = mean(part_values(other, "last", "plot before", "kept_carriers"))
    at_word = mean(word_values(other, "last", "kept_carriers"))
    return (
        " From the same initial weights, those of a network for which the last verdict counts "
        f"come down to {kept:.3f}, and to {at_word:.3f} at the verdict's first word."
    )


def _mean(
    condition: ConditionResults,
    place: Place,
    which: Intervention,
    value: Literal["accuracy", "unchanged", "shift"],
) -> str:
    return f"{mean(intervention_values(condition, place, which, value)):.1%}"


def _moves(condition: ConditionResults, gate: Gate) -> str:
    """Say where a gate stands over the plot, at the word before a last verdict, and at its first.

    What falls before the verdict is no answer to it.
    """
    plot, before, first = (
        mean(values)
        for values in (
            part_values(condition, "last", "plot before", gate),
            word_values(condition, "last", gate, offset=-1),
            word_values(condition, "last", gate),
        )
    )
    said = (
        f"{plot:.3f} over the plot, {before:.3f} at the word before the verdict, which ends a "
        f"sentence, and {first:.3f} at the verdict's first word"
    )
    if plot > before > first:
        said += f": {(plot - before) / (plot - first):.0%} of the fall comes before the verdict"
    return said
