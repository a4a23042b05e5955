"""What the pages of all reproductions share: what was published beside what was measured."""

from __future__ import annotations

from collections.abc import Sequence

from glassgate.pages.content import Section, Table
from glassgate.reproductions.comparison import Comparison

HOW_COMPARED = (
    "Each row has a published figure or statement, what was measured here as the mean over seeds, "
    "and its 95% interval (Student's t). A figure is reproduced where the whole interval lies "
    "within the stated margin of the published one, and undecided where a part of it does; a "
    "statement is reproduced where the whole interval agrees with it. Otherwise it is not "
    "reproduced, or, where the runs differ in data, size or budget, measured under other "
    "conditions."
)


def comparison_sections(
    comparisons: Sequence[Comparison], form: str = ".3g"
) -> tuple[Section, ...]:
    """Return the section of the outcomes, and that of what is the same and what is different."""
    return (
        Section("Published and measured", HOW_COMPARED, comparison_table(comparisons, form)),
        Section("What is the same, and what is not", HOW_ALIKE, _conditions(comparisons)),
    )


HOW_ALIKE = "For each row above: what the published run and this one share, and where they differ."


def comparison_table(comparisons: Sequence[Comparison], form: str = ".3g") -> Table:
    """Return the table of published figures, measured ones and outcomes.

    `form` formats the numbers.
    """
    rows = [
        (
            comparison["text"],
            _cell(comparison["published"], form),
            _cell(comparison["measured"], form),
            " to ".join(f"{end:{form}}" for end in comparison["interval"]),
            comparison["outcome"],
        )
        for comparison in comparisons
    ]
    return Table(("claim", "published", "measured", "95% interval", "outcome"), rows)


def _conditions(comparisons: Sequence[Comparison]) -> Table:
    rows = [
        (
            comparison["text"],
            "; ".join(comparison["same"]) or "nothing",
            "; ".join(comparison["different"]) or "nothing",
        )
        for comparison in comparisons
    ]
    return Table(("claim", "the same", "different"), rows)


def _cell(value: float | str, form: str) -> str:
    return value if isinstance(value, str) else f"{value:{form}}"
