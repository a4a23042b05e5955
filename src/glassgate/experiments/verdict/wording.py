"""Conditions and claims in few words, for headings, columns and rows."""

from __future__ import annotations

from glassgate.experiments.verdict.judgements import (
    ALL_BUT_FEW,
    FEW,
    LEARNED,
    NEAR_ONE,
    NEAR_ZERO,
    NOTICEABLE,
)
from glassgate.experiments.verdict.results import ConditionResults
from glassgate.experiments.verdict.reviews import DISTRACTORS, Place

WHERE: dict[Place, str] = {"first": "first", "middle": "in the middle", "last": "last"}
KINDS = {"word": "one word", "phrase": "a phrase", "negated": "a phrase, half negated"}
NUMBERS = {3: "three"}


def verdict_counts(condition: ConditionResults) -> str:
    """Say which verdict counts: "the last of three verdicts counts"."""
    layout = condition["layout"]
    if layout == "mixed":
        return "the verdict stands first, in the middle or last"
    if condition["distractors"]:
        return f"the {layout} of {NUMBERS[DISTRACTORS + 1]} verdicts counts"
    return f"the only verdict stands {layout}"


def kind_name(condition: ConditionResults) -> str:
    """Name the kind of verdict: "one word"."""
    return KINDS[condition["kind"]]


def network_name(condition: ConditionResults) -> str:
    """Name the network: "GRU, chrono's initial weights"."""
    if condition["network"] == "srn":
        return "SRN"
    before = ", reset before the product" if condition["reset"] == "before" else ""
    return f"GRU, {condition['weights']}'s initial weights{before}"


def heading(condition: ConditionResults) -> str:
    """Name a condition: which verdict counts, of what kind, and the network that learns it."""
    said = f"{verdict_counts(condition)}, {kind_name(condition)}; {network_name(condition)}"
    return said[0].upper() + said[1:]


def name_in_layout(condition: ConditionResults) -> str:
    """Name a condition among those of its layout: "one word, no other verdict; SRN"."""
    mixed = condition["layout"] == "mixed"
    alone = "" if condition["distractors"] or mixed else ", no other verdict"
    return f"{kind_name(condition)}{alone}; {network_name(condition)}"


CHANGE = f"(change of accuracy {{}}: below -{NOTICEABLE})"
SHORT: dict[str, str] = {
    "learned-first": f"The verdict is learned, standing first (right: above {LEARNED})",
    "learned-middle": f"The verdict is learned, standing in the middle (right: above {LEARNED})",
    "learned-last": f"The verdict is learned, standing last (right: above {LEARNED})",
    "washed-out": f"The past is washed out (answers unchanged by a swap: above {ALL_BUT_FEW})",
    "state-gone": f"Nothing of the state is left (margin moved by zeroing: below {NOTICEABLE})",
    "reset-falls": "The reset gate falls from the plot to the verdict",
    "reset-falls-at": "The reset gate falls from the word before to the verdict",
    "reset-near-zero": f"The reset gate is close to 0 at the verdict (below {NEAR_ZERO})",
    "kept-falls": "The kept share falls from the plot to the verdict",
    "kept-falls-at": "The kept share falls from the word before to the verdict",
    "update-washes": f"The update gate washes out (margin moved more if held: above {NOTICEABLE})",
    "reset-washes": f"The reset gate washes out (margin moved more if held: above {NOTICEABLE})",
    "update-more": "The update gate washes out more than the reset gate",
    "negation-first": f"A negation needs the reset gate {CHANGE.format('with it at 0')}",
    "negation-last": f"A negation needs the reset gate {CHANGE.format('with it at 0')}",
    "majority-kept": "A majority is kept over the plot (kept share above 0.5)",
    "kept-near-one": f"The kept share over the plot is close to 1 (above {NEAR_ONE})",
    "in-state": f"The verdict is in the state (answers unchanged by a swap: below {FEW})",
    "rest-ignored": f"The rest can be ignored (right with all kept: above {ALL_BUT_FEW})",
    "keeping-needed": f"Memory depends on keeping {CHANGE.format('with nothing kept')}",
    "reset-needed": f"Memory depends on the reset gate {CHANGE.format('with it at 0')}",
    "kept": "Keeping is learned (kept share where the first counts, less that where the last does)",
    "loss": "With the verdict first, not last, the GRU loses less accuracy than the SRN",
}
"""What each claim says, and of what number, by the end of its id."""
