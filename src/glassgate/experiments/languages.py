"""The language of the embedded grammar, a sample of its own for each seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from glassgate.analysis.language import Language, sample_language
from glassgate.experiments.runner import Runner
from glassgate.grammar.grammar import Grammar


class Sizes(Protocol):
    """A plan that says how many sentences a sample has."""

    @property
    def train(self) -> int:
        """To learn from."""

    @property
    def held_out(self) -> int:
        """To measure on."""


def sample_languages(
    plan: Sizes, seeds: Sequence[int], runner: Runner, *, items: bool = True
) -> dict[int, Language]:
    """Sample the language for each seed, with forced choices at dependencies or without."""
    grammar = Grammar.load()
    with runner.waiting(f"sampling sentences for {len(seeds)} seeds"):
        return {
            seed: sample_language(grammar, seed, plan.train, plan.held_out, items=items)
            for seed in seeds
        }
