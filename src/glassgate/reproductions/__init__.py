"""Published claims, run again: one folder for each paper, an experiment like any other.

To add one, add a folder, and a line to `REPRODUCTIONS` below.

A newcomer reads `comparison` (what was published beside what was measured), `page` (what all pages
share) and one of the folders, such as `counting`. `networks` has the SRN as it was trained in 1990;
`glassgate.experiments.common` has the protocol of an experiment.
"""

from glassgate.reproductions.comparison import (
    Comparison,
    Reproduction,
    compare_claim,
    compare_magnitude,
    compare_value,
)

__all__ = [
    "REPRODUCTIONS",
    "Comparison",
    "Reproduction",
    "compare_claim",
    "compare_magnitude",
    "compare_value",
]

REPRODUCTIONS: dict[str, str] = {
    "counting": "glassgate.reproductions.counting",
    "mnist1d": "glassgate.reproductions.mnist1d",
    "adding": "glassgate.reproductions.adding",
    "copying": "glassgate.reproductions.copying",
    "elman": "glassgate.reproductions.elman",
    "reber": "glassgate.reproductions.reber",
}
"""The package of each reproduction by the name of its command, imported when it is asked for."""
