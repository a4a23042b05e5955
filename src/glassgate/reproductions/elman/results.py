"""The contents of results.json, without its `glassgate.experiments.common.Provenance`."""

from __future__ import annotations

from typing import Any, TypedDict

from glassgate.analysis.intervals import Estimate
from glassgate.reproductions.comparison import Comparison


class SequenceRun(TypedDict):
    """One training on one of the three sequences, measured on another sequence of the kind."""

    sequence: str  # xor, letters or words
    network: str
    seed: int
    train_seconds: float
    errors: list[float]  # squared error a bit, by the place in a three, a syllable or a word
    bits: list[float]  # squared error of each bit at the first place
    text: str  # the first letters of the test sequence, without the very first
    text_errors: list[float]  # squared error a bit at each of them


class LexicalRun(TypedDict):
    """One training on sentences, and the tree of its mean states by word."""

    network: str
    seed: int
    train_seconds: float
    cosine: float  # of predicted and true distributions, mean
    rms: float  # root mean squared difference of predicted and true probabilities
    verbs: float  # purity of the first split of all words: nouns, verbs
    animates: float  # purity of the first split of the nouns: animate, inanimate
    labels: list[str]
    merges: list[list[float]]  # the tree of all words, in scipy's form


class SequenceErrors(TypedDict):
    """One network on one sequence, over all seeds."""

    sequence: str
    network: str
    errors: list[Estimate]
    bits: list[Estimate]


class Lexical(TypedDict):
    """One network on sentences, over all seeds."""

    network: str
    cosine: Estimate
    rms: Estimate
    verbs: Estimate
    animates: Estimate


class Results(TypedDict):
    """All measurements, and what follows from them."""

    seeds: list[int]
    plan: dict[str, Any]
    words: dict[str, str]  # class of each word: animate, inanimate or verb
    sequences: list[SequenceErrors]
    lexical: list[Lexical]
    sequence_runs: list[SequenceRun]
    lexical_runs: list[LexicalRun]
    comparisons: list[Comparison]
