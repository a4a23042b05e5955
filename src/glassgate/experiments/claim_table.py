"""The table of claims, which several experiments show."""

from __future__ import annotations

from collections.abc import Sequence

from glassgate.experiments.claims import Claim
from glassgate.pages.content import Table

HOW_JUDGED = (
    "The table has what was measured of each claim, the mean over seeds with its 95% interval "
    "(Student's t; that of a share ends at 0 and 1). A claim is confirmed (yes) or refuted (no) "
    "where the whole interval says so, and undecided where a part of it does. Each interval is for "
    "one claim alone, not for all together."
)


def claim_table(claims: Sequence[Claim], form: str = ".3f") -> Table:
    """Return the table of claims; `form` formats the numbers."""
    rows = [
        (
            claim["text"],
            claim["confirmed"],
            f"{claim['measured']:{form}}",
            " to ".join(f"{end:{form}}" for end in claim["interval"]),
        )
        for claim in claims
    ]
    return Table(("claim", "confirmed", "measured", "95% interval"), rows)
