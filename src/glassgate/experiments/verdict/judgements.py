"""The claims of the document, judged in every condition by their intervals.

The document says of a verdict at the end that the network "will learn to assign r_t vector close to
0, washing out the past"; of one at the start, that it "can learn to set the vector z_t close to 1
and keep a majority of the previous information".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from glassgate.analysis.intervals import share_estimate
from glassgate.experiments.claims import Claim, claim_above, claim_below
from glassgate.experiments.verdict.conditions import FIRST, LAST_CHRONO, MIXED, SRN_MIXED
from glassgate.experiments.verdict.interventions import (
    ALL_KEPT,
    KEPT_HELD,
    NO_RESET,
    NO_RESET_AFTER,
    NONE_KEPT,
    RESET_HELD,
    SWAPPED_AFTER,
    SWAPPED_BEFORE,
    ZEROED_BEFORE,
)
from glassgate.experiments.verdict.results import ConditionResults
from glassgate.experiments.verdict.reviews import PLACES, Place
from glassgate.experiments.verdict.summary import (
    Gate,
    accuracies,
    at_place,
    intervention_values,
    part_values,
    places,
    word_values,
)

LEARNED = 0.75  # accuracy, halfway between chance and all right
FEW, ALL_BUT_FEW = 0.05, 0.95  # shares of answers
NEAR_ZERO, NEAR_ONE = 0.1, 0.9  # what "close to 0" and "close to 1" are taken to mean
NOTICEABLE = 0.05  # of the margin between the classes, or of accuracy: less is as good as nothing


def claims(conditions: Mapping[str, ConditionResults]) -> list[Claim]:
    """Judge the document's claims in every condition where they can be asked, by id.

    Where a network did not learn its task, nothing but that is judged.
    """
    judged = []
    for condition in conditions.values():
        judged += [learned(condition, place) for place in places(condition)]
        if condition["network"] == "gru" and is_learned(condition):
            judged += {"last": _last, "first": _first, "mixed": _mixed}[condition["layout"]](
                condition
            )
    return judged + _contrasts(conditions)


def is_learned(condition: ConditionResults) -> bool:
    """Whether the network is shown to have learned its task, at the last place of its verdicts."""
    return learned(condition, places(condition)[-1])["confirmed"] == "yes"


def learned(condition: ConditionResults, place: Place) -> Claim:
    """Judge whether a network classifies more than three in four reviews correctly."""
    return claim_above(
        f"{condition['id']}:learned-{place}",
        f"The verdict is learned: more than {LEARNED:.0%} are classified correctly",
        accuracies(condition, place),
        LEARNED,
        _describe(condition, place),
        share_estimate,
    )


def _last(condition: ConditionResults, place: Place = "last") -> list[Claim]:
    """Judge what is said of a verdict at the end."""
    name, where = condition["id"], _describe(condition, place)
    swapped = intervention_values(condition, place, SWAPPED_BEFORE, "unchanged")
    zeroed = intervention_values(condition, place, ZEROED_BEFORE, "shift")
    reset = word_values(condition, place, "reset_carriers")
    return [
        claim_above(f"{name}:washed-out", WASHED_OUT, swapped, ALL_BUT_FEW, where, share_estimate),
        claim_below(f"{name}:state-gone", STATE_GONE, zeroed, NOTICEABLE, where),
        *_falls(condition, place, "reset"),
        claim_below(
            f"{name}:reset-near-zero", RESET_NEAR_ZERO, reset, NEAR_ZERO, where, share_estimate
        ),
        *_falls(condition, place, "kept"),
        *_which_gate(condition, place),
        *_negation(condition, place),
    ]


def _falls(
    condition: ConditionResults, place: Place, which: Literal["reset", "kept"]
) -> list[Claim]:
    """Judge whether a gate falls to the verdict's first word: from the plot, from the word before.

    The mean over the plot alone would not do: what falls may have fallen before the verdict.
    """
    name, where, gate = condition["id"], _describe(condition, place), GATES[which]
    at_word = word_values(condition, place, gate)
    plot = part_values(condition, place, "plot before", gate)
    before = word_values(condition, place, gate, offset=-1)
    return [
        claim_below(f"{name}:{which}-falls", FALLS[which], _less(at_word, plot), 0, where),
        claim_below(f"{name}:{which}-falls-at", FALLS_AT[which], _less(at_word, before), 0, where),
    ]


def _which_gate(condition: ConditionResults, place: Place) -> list[Claim]:
    """Judge which gate washes out the past, by what gets through when its move is prevented."""
    name, where = condition["id"], _describe(condition, place)
    free, reset_held, kept_held = (
        intervention_values(condition, place, which, "shift")
        for which in (SWAPPED_BEFORE, RESET_HELD, KEPT_HELD)
    )
    return [
        claim_above(
            f"{name}:reset-washes", RESET_WASHES, _less(reset_held, free), NOTICEABLE, where
        ),
        claim_above(
            f"{name}:update-washes", UPDATE_WASHES, _less(kept_held, free), NOTICEABLE, where
        ),
        claim_above(f"{name}:update-more", UPDATE_MORE, _less(kept_held, reset_held), 0, where),
    ]


def _first(condition: ConditionResults, place: Place = "first") -> list[Claim]:
    """Judge what is said of a verdict at the start."""
    name, where = condition["id"], _describe(condition, place)
    free = accuracies(condition, place)
    kept = part_values(condition, place, "plot after", "kept_carriers")
    swapped = intervention_values(condition, place, SWAPPED_AFTER, "unchanged")
    all_kept, none_kept, no_reset = (
        intervention_values(condition, place, which, "accuracy")
        for which in (ALL_KEPT, NONE_KEPT, NO_RESET_AFTER)
    )
    unkept, unread = _less(none_kept, free), _less(no_reset, free)
    return [
        claim_above(f"{name}:majority-kept", MAJORITY_KEPT, kept, 0.5, where, share_estimate),
        claim_above(f"{name}:kept-near-one", KEPT_NEAR_ONE, kept, NEAR_ONE, where, share_estimate),
        claim_below(f"{name}:in-state", IN_STATE, swapped, FEW, where, share_estimate),
        claim_above(
            f"{name}:rest-ignored", REST_IGNORED, all_kept, ALL_BUT_FEW, where, share_estimate
        ),
        claim_below(f"{name}:keeping-needed", KEEPING_NEEDED, unkept, -NOTICEABLE, where),
        claim_below(f"{name}:reset-needed", RESET_NEEDED, unread, -NOTICEABLE, where),
        *_negation(condition, place),
    ]


def _mixed(condition: ConditionResults) -> list[Claim]:
    """Judge both in a network that serves every place."""
    both = [*_last(condition)]
    if learned(condition, "first")["confirmed"] == "yes":
        both += _first(condition)
    return both


def _negation(condition: ConditionResults, place: Place) -> list[Claim]:
    """Judge whether reading a negated verdict needs the reset gate, where there are such."""
    if condition["kind"] != "negated":
        return []
    without = intervention_values(condition, place, NO_RESET, "accuracy_negated")
    free = [float(at_place(run, place)["accuracy_negated"] or 0.0) for run in condition["runs"]]
    name, where = f"{condition['id']}:negation-{place}", _describe(condition, place)
    return [claim_below(name, NEGATION_NEEDS_RESET, _less(without, free), -NOTICEABLE, where)]


def _contrasts(conditions: Mapping[str, ConditionResults]) -> list[Claim]:
    """Judge what two conditions together decide, where both are there and learned."""
    judged = []
    first, control = conditions.get(FIRST.id), conditions.get(LAST_CHRONO.id)
    if first and control and is_learned(first) and is_learned(control):
        kept = part_values(first, "first", "plot after", "kept_carriers")
        other = part_values(control, "last", "plot before", "kept_carriers")
        where = f"{first['unit']}: {first['reviews']}, against {control['reviews']}"
        judged.append(claim_above("contrast:kept", CONTRAST, _less(kept, other), 0, where))
    gru, srn = conditions.get(MIXED.id), conditions.get(SRN_MIXED.id)
    if gru and srn and is_learned(gru) and is_learned(srn):
        lost, more = (_less(accuracies(c, "last"), accuracies(c, "first")) for c in (gru, srn))
        where = f"{gru['unit']} and SRN: {gru['reviews']}"
        judged.append(claim_below("contrast:loss", LOSES_LESS, _less(lost, more), 0, where))
    return judged


def _less(values: Sequence[float], others: Sequence[float]) -> list[float]:
    return [value - other for value, other in zip(values, others, strict=True)]


def _describe(condition: ConditionResults, place: Place) -> str:
    reviews = condition["reviews"]
    if condition["layout"] == "mixed":
        reviews += f"; those with the verdict {dict(zip(PLACES, WHERE, strict=True))[place]}"
    return f"{condition['unit']}; {reviews}"


WHERE = ("first", "in the middle", "last")
GATES: dict[str, Gate] = {"reset": "reset_carriers", "kept": "kept_carriers"}

WASHED_OUT = (
    "The past is washed out: with the state before the verdict swapped for that of a review of the "
    f"other class, more than {ALL_BUT_FEW:.0%} of answers stay the same"
)
STATE_GONE = (
    "Nothing of the state is left: zeroing it before the verdict moves the answer's margin by less "
    f"than {NOTICEABLE:.0%} of its size"
)
FALLS = {
    "reset": "From the plot to the verdict's first word, the carriers' reset gate falls",
    "kept": "From the plot to the verdict's first word, the carriers' kept share falls",
}
FALLS_AT = {
    "reset": "From the word before the verdict to its first word, the carriers' reset gate falls",
    "kept": "From the word before the verdict to its first word, the carriers' kept share falls",
}
RESET_NEAR_ZERO = (
    f"At the verdict's first word, the carriers' reset gate is close to 0 (below {NEAR_ZERO})"
)
RESET_WASHES = (
    "The reset gate washes out: held over the verdict at its mean over the plot, it lets a swapped "
    f"state move the answer's margin by {NOTICEABLE:.0%} more, or more than that"
)
UPDATE_WASHES = (
    "The update gate washes out: with the kept share held over the verdict at its mean over the "
    f"plot, a swapped state moves the answer's margin by {NOTICEABLE:.0%} more, or more than that"
)
UPDATE_MORE = "The update gate washes out more than the reset gate does"
NEGATION_NEEDS_RESET = (
    "A negation needs an open reset gate: with it at 0 over the verdict, the share of negated "
    f"verdicts classified correctly falls by more than {NOTICEABLE:.0%}"
)
MAJORITY_KEPT = (
    "A majority of the previous information is kept: over the plot after the verdict, the "
    "carriers' kept share is above 0.5"
)
KEPT_NEAR_ONE = (
    f"Over the plot after the verdict, the carriers' kept share is close to 1 (above {NEAR_ONE})"
)
IN_STATE = (
    "The verdict is in the state: swapped after the verdict for that of a review of the other "
    f"class, it changes more than {ALL_BUT_FEW:.0%} of answers"
)
REST_IGNORED = (
    "The rest can be ignored: with kept at 1 after the verdict, more than "
    f"{ALL_BUT_FEW:.0%} are classified correctly"
)
KEEPING_NEEDED = (
    "Memory depends on keeping: with kept at 0 after the verdict, accuracy falls by more than "
    f"{NOTICEABLE:.0%}"
)
RESET_NEEDED = (
    "Memory depends on an open reset gate: with it at 0 after the verdict, accuracy falls by more "
    f"than {NOTICEABLE:.0%}"
)
CONTRAST = (
    "Keeping is learned: from the same initial weights, the carriers keep more over the plot where "
    "the first verdict counts than where the last one does"
)
LOSES_LESS = "With the verdict first, not last, the GRU loses less accuracy than the SRN"
