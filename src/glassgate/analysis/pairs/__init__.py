"""Minimal pairs: which of two sentences a language model prefers.

A newcomer reads `file` (pairs as a file holds them), `judging` (how a model judges a pair) and
`accuracy` (how often it is right, and on which pairs).
"""

from glassgate.analysis.pairs.accuracy import (
    METHODS,
    SETS,
    TO_CITE,
    Accuracy,
    Counts,
    MeanAccuracy,
    accuracies,
    counts,
    knows_to_critical,
    mean_accuracies,
)
from glassgate.analysis.pairs.file import Pair, read_pairs
from glassgate.analysis.pairs.judging import Critical, Judged, Side, judge

__all__ = [
    "METHODS",
    "SETS",
    "TO_CITE",
    "Accuracy",
    "Counts",
    "Critical",
    "Judged",
    "MeanAccuracy",
    "Pair",
    "Side",
    "accuracies",
    "counts",
    "judge",
    "knows_to_critical",
    "mean_accuracies",
    "read_pairs",
]
