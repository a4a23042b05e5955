"""What is measured of a GRU at a moment of its training, and at which steps."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

import numpy as np

from glassgate.analysis import agreement
from glassgate.analysis.agreement import drop_repeated_cues, log2_probabilities, pool_cells
from glassgate.analysis.gradient import distant_items, gradient_by_lag
from glassgate.analysis.language import Language
from glassgate.analysis.units import sentence_gates, unit_means
from glassgate.experiments.learning.results import Moment
from glassgate.nn.models import LanguageModel
from glassgate.train.watch import Step, Watcher

SENTENCE = ("the", "boy", "fell", "down", "and", "hurt", "his")
EXPECTED = ("his", "her", "its", "their")  # after its last word but one
LAGS = 12  # words back that the gradient is measured
GRADIENT_ITEMS = 400  # forced choices that the gradient is averaged over, at most


def moment_steps(first: int, last: int, number: int) -> list[int]:
    """Return 0 and up to `number` - 1 steps from `first` to `last`, each the same factor apart.

    >>> moment_steps(first=4, last=500, number=6)
    [0, 4, 13, 45, 150, 500]
    """
    factors = np.geomspace(min(first, last), last, number - 1)
    return [0, *dict.fromkeys(factors.round().astype(int).tolist())]


class AtSteps(Watcher):
    """Calls a function after each of some steps of a training, counted over all epochs."""

    def __init__(self, steps: Sequence[int], call: Callable[[int], None]) -> None:
        self._steps, self._call = frozenset(steps), call
        self._taken = 0

    def on_step(self, step: Step) -> None:  # noqa: ARG002 - steps are counted over all epochs
        """Count the step, and call the function if it is one of those."""
        self._taken += 1
        if self._taken in self._steps:
            self._call(self._taken)


class Meter:
    """Measures one network on one language, again and again.

    It measures a copy of the model, in evaluation mode, and draws no random numbers: training goes
    on as it would have without. With `word_by_word`, gates at each word of `SENTENCE` are kept.
    """

    def __init__(self, language: Language, *, word_by_word: bool) -> None:
        self.language, self.word_by_word = language, word_by_word
        self.choices = drop_repeated_cues(language)
        self.items = distant_items(language, lags=LAGS)[:GRADIENT_ITEMS]
        self.moments: list[Moment] = []

    def measure(self, trained: LanguageModel, step: int) -> None:
        """Measure the model after `step` steps, and add what was found to `moments`."""
        model, language = copy.deepcopy(trained).cpu().eval(), self.language
        means = unit_means(model, language, language.held_out)
        sentence = list(SENTENCE)
        gates = sentence_gates(model, language, sentence)
        words = len(sentence) if self.word_by_word else 0
        self.moments.append(
            {
                "step": step,
                "kl_bits": agreement.score(model, language)["kl_bits"],
                "kept": means.kept.tolist(),
                "reset": means.reset.tolist(),
                "by_distance": pool_cells(agreement.agreement(model, self.choices)),
                "gradient": gradient_by_lag(model, language, self.items, LAGS).tolist(),
                "expected": self._expected(model),
                "kept_by_word": gates.kept[:words, 0].tolist(),
                "reset_by_word": gates.reset[:words, 0].tolist(),
            }
        )

    def _expected(self, model: LanguageModel) -> dict[str, float]:
        """Return the probability of each word of `EXPECTED` before the last word of `SENTENCE`."""
        context = self.language.context(SENTENCE[:-1])
        (log2_q,) = log2_probabilities(model, [context])
        return {word: float(2.0 ** log2_q[-1][self.language.ids[word]]) for word in EXPECTED}
