"""Means over seeds, and what was published beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import mean

from glassgate.analysis.intervals import UNDECIDED, estimate, share_estimate
from glassgate.experiments.claims import Claim, claim_above, claim_below
from glassgate.reproductions.comparison import Comparison, compare_claim
from glassgate.reproductions.counting.networks import FORMS
from glassgate.reproductions.counting.results import Network, Run
from glassgate.reproductions.counting.words import Language

SAME = ("the language", "one layer of 10 units", "the training words", "prediction of symbols")
DIFFERENT = (
    "batches of ten words, and another length and rate of training",
    "a word is right if each symbol after the first b is predicted with more than a half; "
    "published: with more than 0.01, throughout",
)
FORM_AS_PUBLISHED = "the unit of the published code, whose reset gate is computed and not used"
PUBLISHED_LIMITS = {"anbn": (256, 39), "anbncn": (100, 9)}
"""By language: the largest n of the published LSTM, and the first n at which its GRU errs."""


# Over seeds ---------------------------------------------------------------------------------------


def summaries(runs: Sequence[Run], languages: Sequence[Language]) -> list[Network]:
    """Put the seeds of each network on each language together."""
    return [
        _summary([run for run in runs if _key(run) == (language.name, network)], language)
        for language in languages
        for network in dict.fromkeys(run["network"] for run in runs)
    ]


def _key(run: Run) -> tuple[str, str]:
    return run["language"], run["network"]


def _summary(runs: Sequence[Run], language: Language) -> Network:
    firsts = [run["miscounted"] or language.tested + 1 for run in runs]
    return {
        "language": language.name,
        "network": runs[0]["network"],
        "parameters": runs[0]["parameters"],
        "first": estimate(firsts),
        "firsts": firsts,
        "miscounted": [run["miscounted"] for run in runs],
        "rejected": [run["rejected"] for run in runs],
        "longer": [run["longer"] for run in runs],
        "shorter": [run["shorter"] for run in runs],
        "units": estimate([len(run["units"]) for run in runs]),
        "correlation": estimate([run["correlation"] for run in runs]),
        "intact": share_estimate([run["intact"] for run in runs]),
        "held": share_estimate([run["held"] for run in runs]),
        "moved": estimate([run["moved"] for run in runs]),
        "moved_best": estimate([run["moved_best"] for run in runs]),
        "moved_others": estimate([run["moved_others"] for run in runs]),
        "train_seconds": mean(run["train_seconds"] for run in runs),
    }


def find_network(networks: Sequence[Network], language: str, network: str) -> Network:
    """Return the row of a network on a language."""
    return next(row for row in networks if (row["language"], row["network"]) == (language, network))


# What was published -------------------------------------------------------------------------------


def compare(networks: Sequence[Network], languages: Sequence[Language]) -> list[Comparison]:
    """Compare what was published of each network on each language with what it does here."""
    return [comparison for language in languages for comparison in _comparisons(networks, language)]


def _comparisons(networks: Sequence[Network], language: Language) -> Iterator[Comparison]:
    lstm_reach, gru_error = PUBLISHED_LIMITS[language.name]
    different, whole = (*DIFFERENT, *_shorter(language)), not _shorter(language)
    for claim, published in (
        (_counts(networks, language, language.trained), "it counts"),
        (_counts(networks, language, lstm_reach), f"correct to n = {lstm_reach}"),
    ):
        yield compare_claim(claim, published, same=SAME, different=different, same_size=whole)
    for network in ("gru-none", "gru", "gru-before"):
        none = network == "gru-none"
        for claim, published in (
            (
                _fails(networks, language, network),
                f"errs from n = {gru_error} on" if none else "“the GRU” does not count",
            ),
            (_falls_behind(networks, language, network), "only the LSTM counts without bounds"),
        ):
            yield compare_claim(
                claim,
                published,
                same=(*SAME, FORM_AS_PUBLISHED) if none else SAME,
                different=different if none else (*different, "the reset gate is used"),
                same_size=whole,
            )
    yield compare_claim(
        _fails(networks, language, "srn"),
        "cannot count (a proof; not trained)",
        same=SAME[:1],
        different=("a trained network, not a proof about all",),
    )


def _shorter(language: Language) -> tuple[str, ...]:
    published = {"anbn": 100, "anbncn": 50}[language.name]
    if language.trained == published:
        return ()
    return (f"words to n = {language.trained}, not {published}",)


def _counts(networks: Sequence[Network], language: Language, reach: int) -> Claim:
    """Claim that the LSTM is correct to some n and beyond."""
    return claim_above(
        f"{language.name}-lstm-counts-{reach}",
        f"{language.title}: the {FORMS['lstm'].name} counts beyond n = {reach}",
        find_network(networks, language.name, "lstm")["firsts"],
        reach + 1,
        _measure(language),
    )


def _falls_behind(networks: Sequence[Network], language: Language, network: str) -> Claim:
    """Claim that a network goes wrong before the LSTM of the same seed does.

    It is undecided unless the LSTM counts beyond the trained words: else training was too short.
    """
    lstm, other = (find_network(networks, language.name, n)["firsts"] for n in ("lstm", network))
    claim = claim_above(
        f"{language.name}-{network}-behind",
        f"{language.title}: the {FORMS[network].name} goes wrong before the LSTM does",
        [far - near for far, near in zip(lstm, other, strict=True)],
        0,
        f"{_measure(language)}: that of the LSTM less that of the {FORMS[network].name}",
    )
    return _if_trained_enough(claim, networks, language)


def _if_trained_enough(claim: Claim, networks: Sequence[Network], language: Language) -> Claim:
    if _counts(networks, language, language.trained)["confirmed"] == "yes":
        return claim
    return {**claim, "confirmed": UNDECIDED}


def _measure(language: Language) -> str:
    return f"first n miscounted; {language.tested + 1} where all of n to {language.tested} is right"


def _fails(networks: Sequence[Network], language: Language, network: str) -> Claim:
    """Claim that a network errs within the lengths that it was trained on.

    It is undecided unless the LSTM counts beyond them, as in `_falls_behind`.
    """
    claim = claim_below(
        f"{language.name}-{network}-fails",
        f"{language.title}: the {FORMS[network].name} miscounts within the trained n = "
        f"{language.trained}",
        find_network(networks, language.name, network)["firsts"],
        language.trained + 1,
        _measure(language),
    )
    return _if_trained_enough(claim, networks, language)
