"""The language of the embedded grammar, a sample of its own for each seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from glassgate.analysis.language import Language, sample_language
from glassgate.experiments.runner import Runner
from glassgate.grammar.grammar import Grammar
from glassgate.train.parallel import Piece
from glassgate.train.watch import Watcher


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
    pieces = [
        Piece(f"seed {seed}", _sample, (grammar, seed, plan.train, plan.held_out, items))
        for seed in seeds
    ]
    with runner.waiting(f"sampling sentences for {len(seeds)} seeds"):
        return dict(zip(seeds, runner.run(pieces), strict=True))


def _sample(
    grammar: Grammar,
    seed: int,
    train: int,
    held_out: int,
    items: bool,
    _watchers: Sequence[Watcher],
) -> Language:
    return sample_language(grammar, seed, train, held_out, items=items)
