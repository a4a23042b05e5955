"""Surprisal by condition: the mean over sentences of what a region, or a sentence, costs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from glassgate.analysis.intervals import t_interval
from glassgate.analysis.items import CONDITION, REGION, Items
from glassgate.analysis.score_table import Scores


@dataclass
class _Total:
    """A region of a sentence, or a whole sentence: its bits for each model."""

    bits: list[float]
    known: bool = True


@dataclass(frozen=True)
class ConditionMean:
    """The surprisal in a condition, of a region or of whole sentences.

    A sentence's surprisal is the sum over its words, or those of the region: by the chain rule that
    of all of them together. Sentences in which one of these words is unknown are left out.
    """

    condition: str
    region: str | None  # None for whole sentences, with their `<eos>`
    sentences: int  # that count
    unknown: int  # left out
    mean: float | None  # bits, over sentences and models; None without sentences
    interval: tuple[float, float] | None  # 95%, over models if there are several, else sentences


class Conditions:
    """Adds up surprisals by condition, region and sentence; `models` is the number of models.

    Files without a column condition do not count.
    """

    def __init__(self, models: int) -> None:
        self._models = models
        self._totals: dict[tuple[str, str | None], dict[tuple[Path, int], _Total]] = {}

    def over(self, items: Items, rows: Iterable[Scores], model: int = 0) -> Iterator[Scores]:
        """Yield the rows of a file as they are, and add them up.

        `model` is the number of the first model whose values the rows hold.
        """
        condition, region = items.named(CONDITION), items.named(REGION)
        for row in rows:
            if condition is not None and (region is None or row.fields.get(region)):
                key = row.fields.get(condition, ""), region and row.fields[region]
                self._add(key, row, model)
            yield row

    def _add(self, key: tuple[str, str | None], row: Scores, model: int) -> None:
        sentences = self._totals.setdefault(key, {})
        place = row.items.path, row.scored[0].sentence
        total = sentences.setdefault(place, _Total([0.0] * self._models))
        for number, scored in enumerate(row.scored, model):
            total.bits[number] += scored.surprisal
            total.known &= scored.known

    def means(self) -> list[ConditionMean]:
        """Return a mean for each condition and region, in the order in which they occur."""
        return [
            _mean(condition, region, list(sentences.values()))
            for (condition, region), sentences in self._totals.items()
        ]


def _mean(condition: str, region: str | None, sentences: list[_Total]) -> ConditionMean:
    known = [sentence.bits for sentence in sentences if sentence.known]
    if known and len(known[0]) > 1:
        values = [mean(bits) for bits in zip(*known, strict=True)]  # of each model
    else:
        values = [bits[0] for bits in known]  # of each sentence
    return ConditionMean(
        condition=condition,
        region=region,
        sentences=len(known),
        unknown=len(sentences) - len(known),
        mean=mean(values) if values else None,
        interval=t_interval(values) if len(values) > 1 else None,
    )
