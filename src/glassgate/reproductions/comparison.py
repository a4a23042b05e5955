"""A published figure beside a measured one, and what follows: reproduced, or why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol, TypedDict, TypeVar, runtime_checkable

from glassgate.analysis.intervals import Estimate, estimate, geometric_estimate
from glassgate.experiments.claims import Claim
from glassgate.experiments.common import Experiment, Plan

P = TypeVar("P", bound=Plan)
R = TypeVar("R", bound=Mapping[str, Any])

Outcome = Literal["reproduced", "not reproduced", "other conditions", "undecided"]


@runtime_checkable
class Reproduction(Experiment[P, R], Protocol[P, R]):
    """An experiment that runs what a paper published again.

    Attributes
    ----------
    source
        The paper: authors, year, title, where.
    duration
        How long a whole run takes on two cores, such as "about 20 minutes".
    """

    @property
    def source(self) -> str: ...  # noqa: D102 - described above, like the other

    @property
    def duration(self) -> str: ...  # noqa: D102


class Comparison(TypedDict):
    """One published figure or statement beside what was measured.

    `interval` has the ends of the 95% interval of the mean over seeds. `same` and `different` say
    what the two runs share, and what not: data, sizes, budget.
    """

    id: str
    text: str
    published: float | str
    measured: float
    interval: list[float]
    outcome: Outcome
    same: list[str]
    different: list[str]


def compare_value(
    id: str,
    text: str,
    published: float,
    values: Sequence[float],
    *,
    margin: float,
    same: Sequence[str],
    different: Sequence[str] = (),
    same_size: bool = True,
) -> Comparison:
    """Compare a published figure with a measured one, of one value for each seed.

    It is *reproduced* where the whole interval lies within `margin` of the figure, *undecided*
    where a part of it does. Where none does, it is *not reproduced*, or, if something is
    different, measured under *other conditions*. So it is without `same_size`, whatever was
    measured: the figure is that of a larger problem.
    """
    reach = (published - margin, published + margin)
    compared = _compare(id, text, published, estimate(values), reach, same, different)
    return compared if same_size else {**compared, "outcome": "other conditions"}


def compare_magnitude(
    id: str,
    text: str,
    published: float,
    values: Sequence[float],
    *,
    factor: float,
    same: Sequence[str],
    different: Sequence[str] = (),
    same_size: bool = True,
) -> Comparison:
    """Compare a published figure with a measured one where seeds differ by powers of ten.

    What is compared is the geometric mean over seeds with its interval, and `factor` stands in
    place of the margin of `compare_value`: *reproduced* is an interval from published / factor to
    published * factor.
    """
    reach = (published / factor, published * factor)
    compared = _compare(id, text, published, geometric_estimate(values), reach, same, different)
    return compared if same_size else {**compared, "outcome": "other conditions"}


def _compare(
    id: str,
    text: str,
    published: float,
    measured: Estimate,
    reach: tuple[float, float],
    same: Sequence[str],
    different: Sequence[str],
) -> Comparison:
    """Say whether an interval lies within what counts as the published figure."""
    low, high = measured["low"], measured["high"]
    if reach[0] <= low and high <= reach[1]:
        outcome: Outcome = "reproduced"
    elif low <= reach[1] and reach[0] <= high:
        outcome = "undecided"
    else:
        outcome = _failed(different)
    return {
        "id": id,
        "text": text,
        "published": published,
        "measured": measured["mean"],
        "interval": [low, high],
        "outcome": outcome,
        "same": list(same),
        "different": list(different),
    }


def compare_claim(
    claim: Claim,
    published: str,
    *,
    same: Sequence[str],
    different: Sequence[str] = (),
    same_size: bool = True,
) -> Comparison:
    """Compare a published statement with the claim that it makes of this run.

    Without `same_size` the statement is about a larger problem: the outcome is *other conditions*.
    """
    outcomes: dict[str, Outcome] = {
        "yes": "reproduced",
        "no": _failed(different),
        "undecided": "undecided",
    }
    return {
        "id": claim["id"],
        "text": claim["text"],
        "published": published,
        "measured": claim["measured"],
        "interval": claim["interval"],
        "outcome": outcomes[claim["confirmed"]] if same_size else "other conditions",
        "same": list(same),
        "different": list(different),
    }


def _failed(different: Sequence[str]) -> Outcome:
    return "other conditions" if different else "not reproduced"
