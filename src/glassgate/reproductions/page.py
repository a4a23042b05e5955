"""What the pages of all reproductions share: what was published beside what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from glassgate.analysis.intervals import join_names
from glassgate.pages.content import Section, Table
from glassgate.reproductions.comparison import Comparison, Outcome

HOW_COMPARED = (
    "Each row has a published figure or statement, what was measured here as the mean over seeds, "
    "and its 95% interval (Student's t; that of a share ends at 0 and 1). A figure is reproduced "
    "where the whole interval lies within the stated margin of the published one, or within the "
    "stated factor where seeds differ by powers of ten (mean and interval are then geometric), and "
    "undecided where a part of it does; a "
    "statement is reproduced where the whole interval agrees with it. Otherwise it is not "
    "reproduced, or, where the runs differ in data, size or budget, measured under other "
    "conditions; so is all that was measured on a smaller problem than the published one."
)


def count_outcomes(comparisons: Sequence[Comparison]) -> str:
    """Return the sentence that a page opens with: how many comparisons had which outcome."""
    outcomes = [comparison["outcome"] for comparison in comparisons]
    counts = [(outcomes.count(outcome), outcome) for outcome in get_args(Outcome)]
    named = join_names(f"{n} {MEASURED.get(outcome, outcome)}" for n, outcome in counts if n)
    return f"Published figures and statements: {named}."


MEASURED = {"other conditions": "measured under other conditions"}


def comparison_sections(
    comparisons: Sequence[Comparison], form: str = ".3g"
) -> tuple[Section, ...]:
    """Return the section of the outcomes, and that of what is the same and what is different."""
    return (
        Section("Published and measured", HOW_COMPARED, comparison_table(comparisons, form)),
        Section("What is the same, and what is not", HOW_ALIKE, _conditions(comparisons)),
    )


HOW_ALIKE = (
    "Which rows of the table above share a condition with the published run, and in which it "
    "differs."
)


def comparison_table(comparisons: Sequence[Comparison], form: str = ".3g") -> Table:
    """Return the table of published figures, measured ones and outcomes.

    `form` formats the numbers.
    """
    rows = [
        (
            f"{number}. {comparison['text']}",
            comparison["outcome"],
            _cell(comparison["published"], form),
            _cell(comparison["measured"], form),
            " to ".join(f"{end:{form}}" for end in comparison["interval"]),
        )
        for number, comparison in enumerate(comparisons, 1)
    ]
    return Table(("claim", "outcome", "published", "measured", "95% interval"), rows)


def _conditions(comparisons: Sequence[Comparison]) -> Table:
    every = [name for row in comparisons for name in (*row["same"], *row["different"])]
    rows = []
    for condition in dict.fromkeys(every):
        same = [n for n, row in enumerate(comparisons, 1) if condition in row["same"]]
        different = [n for n, row in enumerate(comparisons, 1) if condition in row["different"]]
        rows.append(
            (condition, *(_name_rows(numbers, len(comparisons)) for numbers in (same, different)))
        )
    return Table(("condition", "the same in", "different in"), rows)


def _name_rows(numbers: Sequence[int], total: int) -> str:
    """Name rows by their numbers.

    >>> _name_rows([1, 2], 2), _name_rows([1, 2, 3], 9), _name_rows([2, 4], 9), _name_rows([], 9)
    ('all rows', 'rows 1 to 3', 'rows 2 and 4', '')
    """
    if len(numbers) == total:
        return "all rows"
    if len(numbers) < 2:
        return "".join(f"row {number}" for number in numbers)
    if len(numbers) == numbers[-1] - numbers[0] + 1 > 2:
        return f"rows {numbers[0]} to {numbers[-1]}"
    return f"rows {join_names(map(str, numbers))}"


def _cell(value: float | str, form: str) -> str:
    return value if isinstance(value, str) else f"{value:{form}}"
