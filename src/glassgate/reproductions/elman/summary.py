"""Means over seeds, and what was published beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import mean
from typing import NamedTuple

from glassgate.analysis.intervals import estimate, share_estimate
from glassgate.experiments.claims import claim_above
from glassgate.reproductions.comparison import Comparison, compare_claim
from glassgate.reproductions.elman.results import (
    Lexical,
    LexicalRun,
    SequenceErrors,
    SequenceRun,
)
from glassgate.reproductions.elman.sequences import FEATURES
from glassgate.reproductions.networks import NETWORKS

COSINE = 0.916  # published, of predictions and likelihoods of the next word
PURE = 0.95  # share of words on the right side of a split
SENTENCES = 10_000  # published

SAME_NETWORK = {
    "srn-copied": ("the unit, and no error passes through the context",),
    "srn": ("the unit",),
    "gru": (),
}
OTHER_NETWORK = {
    "srn-copied": (),
    "srn": ("the gradient passes through time",),
    "gru": ("a GRU, trained through time",),
}
OTHER_TRAINING = "Adam with batches, not backpropagation after each step; tanh units"


class Statement(NamedTuple):
    """What the paper says of one sequence: one error is greater than another.

    `same` says what that sequence here and in the paper share; `different` what they do not.
    """

    sequence: str
    text: str
    published: str
    same: tuple[str, ...]
    different: tuple[str, ...] = ()


STATEMENTS = (
    Statement(
        "xor",
        "XOR in time: the error falls at each third bit",
        "drops at each third bit (figure 3)",
        ("3,000 bits", "1, 2 and 1 units"),
    ),
    Statement(
        "letters",
        "Letters: the error is greater at a consonant than at a vowel",
        "high at consonants, low at vowels (figure 4)",
        ("1,000 syllables ba, dii, guuu in six bits", "20 units"),
    ),
    Statement(
        "letters",
        "Letters: that a consonant comes is predicted better than which",
        "low for “consonant”, high for “high” (figure 5)",
        ("1,000 syllables ba, dii, guuu in six bits", "20 units"),
    ),
    Statement(
        "words",
        "Words: the error is greater at a word's first letter than later in it",
        "high at the onset of a word, then falling (figure 6)",
        ("200 sentences of 4 to 9 words, lexicon of 15, five bits", "20 units"),
        ("the words in random order, and some other words",),
    ),
)


# Over seeds ---------------------------------------------------------------------------------------


def sequence_summary(runs: Sequence[SequenceRun]) -> list[SequenceErrors]:
    """Put the seeds of each network on each sequence together."""
    found = []
    for sequence, network in dict.fromkeys((run["sequence"], run["network"]) for run in runs):
        own = [run for run in runs if (run["sequence"], run["network"]) == (sequence, network)]
        errors = zip(*(run["errors"] for run in own), strict=True)
        bits = zip(*(run["bits"] for run in own), strict=True)
        row: SequenceErrors = {
            "sequence": sequence,
            "network": network,
            "errors": [estimate(values) for values in errors],
            "bits": [estimate(values) for values in bits],
        }
        found.append(row)
    return found


def lexical_summary(runs: Sequence[LexicalRun]) -> list[Lexical]:
    """Put the seeds of each network on sentences together."""
    found = []
    for network in dict.fromkeys(run["network"] for run in runs):
        own = [run for run in runs if run["network"] == network]
        row: Lexical = {
            "network": network,
            "cosine": estimate([run["cosine"] for run in own]),
            "rms": estimate([run["rms"] for run in own]),
            "verbs": share_estimate([run["verbs"] for run in own]),
            "animates": share_estimate([run["animates"] for run in own]),
        }
        found.append(row)
    return found


# What was published -------------------------------------------------------------------------------


def compare(
    sequences: Sequence[SequenceRun], lexical: Sequence[LexicalRun], sentences: int
) -> list[Comparison]:
    """Compare each statement of the paper with what each network does."""
    networks = dict.fromkeys(run["network"] for run in lexical)
    return [
        *(
            _compare_sequence(statement, place, network, sequences)
            for place, statement in enumerate(STATEMENTS)
            for network in networks
        ),
        *(
            comparison
            for network in networks
            for comparison in _compare_lexical(network, lexical, sentences)
        ),
    ]


def _compare_sequence(
    statement: Statement, place: int, network: str, runs: Sequence[SequenceRun]
) -> Comparison:
    own = [
        run for run in runs if (run["sequence"], run["network"]) == (statement.sequence, network)
    ]
    claim = claim_above(
        f"{statement.sequence}-{place + 1}-{network}",
        f"{statement.text} ({NETWORKS[network]})",
        [differences(run)[place] for run in own],
        0.0,
        "difference of squared errors a bit, on another sequence",
    )
    return compare_claim(
        claim,
        statement.published,
        same=(*SAME_NETWORK[network], *statement.same),
        different=(*OTHER_NETWORK[network], OTHER_TRAINING, *statement.different),
    )


def differences(run: SequenceRun) -> tuple[float, float, float, float]:
    """Return by how much the first error of each of `STATEMENTS` is greater than the second."""
    errors, bits = run["errors"], run["bits"]
    onset = errors[0] - mean(errors[1:])
    which = bits[FEATURES.index("high")] - bits[0] if len(bits) == len(FEATURES) else 0.0
    return mean(errors[:2]) - errors[-1], onset, which, onset


def _compare_lexical(
    network: str, runs: Sequence[LexicalRun], sentences: int
) -> Iterator[Comparison]:
    own = [run for run in runs if run["network"] == network]
    size = f"{sentences:,} sentences"
    fewer = () if sentences == SENTENCES else (f"{size}, not {SENTENCES:,}",)
    same = (*SAME_NETWORK[network], "29 words, 16 templates", "150 units", "6 passes")
    different = (
        *OTHER_NETWORK[network],
        *fewer,
        f"{OTHER_TRAINING}; cross-entropy, not squared error",
        "some members of classes",
    )
    for id, text, published, values, bound, over_seeds in (
        (
            "cosine",
            "Words: predictions are at least as close to the true probabilities",
            f"mean cosine {COSINE}",
            [run["cosine"] for run in own],
            COSINE,
            estimate,
        ),
        (
            "verbs",
            "Words: the tree divides verbs from nouns first",
            "verbs and nouns (figure 7)",
            [run["verbs"] for run in own],
            PURE,
            share_estimate,
        ),
        (
            "animates",
            "Words: the nouns divide into animates and inanimates",
            "animates and inanimates (figure 7)",
            [run["animates"] for run in own],
            PURE,
            share_estimate,
        ),
    ):
        claim = claim_above(
            f"{id}-{network}",
            f"{text} ({NETWORKS[network]})",
            values,
            bound,
            "over all words",
            over_seeds,
        )
        yield compare_claim(claim, published, same=same, different=different)
