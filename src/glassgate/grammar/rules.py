"""The rules of a grammar for every combination of feature values, checked."""

import itertools
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from glassgate.errors import BadInput
from glassgate.grammar.file import Block, GrammarFile, Items, Symbol


class Expansion(NamedTuple):
    """One way to expand a symbol; the arguments of its symbols are values, not feature names."""

    probability: float
    items: Items
    line: int


class Rules:
    """The blocks of a grammar file by category and feature values.

    Raises
    ------
    BadInput
        With the line number, when a category is missing, defined twice or used with the wrong
        arguments, when one can begin with itself (left recursion), when sentences grow without end,
        or when a sentence can be empty.
    """

    def __init__(self, file: GrammarFile) -> None:
        self.file = file
        self.start = file.blocks[0].head
        self.blocks: dict[Symbol, Block] = {}
        for block in file.blocks:
            self._add(block)
        self._check_declarations()
        self._check_left_recursion()
        self._check_growth()
        self._check_empty()

    def fail(self, line: int, message: str) -> BadInput:
        """Return the error for a line of the file."""
        return BadInput(f"{self.file.name}, line {line}: {message}")

    def _add(self, block: Block) -> None:
        """Add a block under each combination of values that its head covers."""
        head = block.head
        if head is self.start and head.arguments:
            raise self.fail(block.line, f"the start category '{head}' takes no features")
        for values in itertools.product(*(self.values(a) for a in head.arguments)):
            symbol = Symbol(head.category, values)
            if symbol in self.blocks:
                first = self.blocks[symbol].line
                raise self.fail(block.line, f"'{symbol}' is already defined on line {first}")
            self.blocks[symbol] = block

    @cached_property
    def dependency_categories(self) -> set[str]:
        """The categories that occur in declarations of dependencies."""
        categories = set(self.file.cues)
        for construction in self.file.constructions:
            categories.update(filter(None, (*construction.targets, construction.after)))
        return categories

    def values(self, argument: str) -> tuple[str, ...]:
        """Return the values of a feature, or a value itself as the only one."""
        return self.file.features.get(argument, (argument,))

    def expansions(self, symbol: Symbol) -> Iterator[Expansion]:
        """Yield every expansion of `symbol`; the probabilities sum to 1."""
        block = self.blocks[symbol]
        for alternative in block.alternatives:
            choices = list(itertools.product(*map(self.values, alternative.draws)))
            for chosen in choices:
                bound = dict(zip(block.head.arguments, symbol.arguments, strict=True))
                bound |= zip(alternative.draws, chosen, strict=True)
                items = tuple(instantiate(item, bound) for item in alternative.items)
                probability = alternative.probability / len(choices)
                yield Expansion(probability, items, alternative.line)

    @cached_property
    def reachable(self) -> dict[Symbol, list[Expansion]]:
        """Every symbol that can occur in a sentence, with its expansions; the start comes first."""
        expansions: dict[Symbol, list[Expansion]] = {}
        waiting = [self.start]
        while waiting:
            symbol = waiting.pop()
            if symbol in expansions:
                continue
            expansions[symbol] = list(self.expansions(symbol))
            for expansion in expansions[symbol]:
                for item in expansion.items:
                    if isinstance(item, Symbol):
                        if item not in self.blocks:
                            raise self.fail(expansion.line, f"no category '{item}' is defined")
                        waiting.append(item)
        return expansions

    def _check_declarations(self) -> None:
        categories = {symbol.category for symbol in self.reachable}
        for category, line in self.file.cues.items():
            if category not in categories:
                raise self.fail(line, f"the cue '{category}' cannot occur in any sentence")
        for construction in self.file.constructions:
            for category in filter(None, (*construction.targets, construction.after)):
                if category not in categories:
                    message = f"the category '{category}' cannot occur in any sentence"
                    raise self.fail(construction.line, message)

    @cached_property
    def nullable(self) -> set[Symbol]:
        """The symbols that can expand to no words at all."""
        empty: set[Symbol] = set()
        while True:
            more = {
                symbol
                for symbol, expansions in self.reachable.items()
                if any(all(item in empty for item in e.items) for e in expansions)
            }
            if more == empty:
                return empty
            empty = more

    def _check_left_recursion(self) -> None:
        done: set[Symbol] = set()
        for root in self.reachable:
            path: list[Symbol] = []
            stack = [(root, False)]
            while stack:
                symbol, leave = stack.pop()
                if leave:
                    done.add(path.pop())
                elif symbol in path:
                    line = self.blocks[symbol].line
                    raise self.fail(line, f"'{symbol}' can begin with itself (left recursion)")
                elif symbol not in done:
                    path.append(symbol)
                    stack.append((symbol, True))
                    stack.extend((corner, False) for corner in self._left_corners(symbol))

    def _left_corners(self, symbol: Symbol) -> Iterator[Symbol]:
        for expansion in self.reachable[symbol]:
            for item in expansion.items:
                if isinstance(item, Symbol):
                    yield item
                if item not in self.nullable:
                    break

    def _check_growth(self) -> None:
        """Refuse rules whose sentences grow without end: eigenvalues of `children` reach 1."""
        sizes = np.abs(np.linalg.eigvals(self.children))
        if sizes.max(initial=0.0) >= 1.0:
            values, vectors = np.linalg.eig(self.children.T)
            worst = int(np.abs(vectors[:, np.abs(values).argmax()]).argmax())
            symbol = list(self.reachable)[worst]
            grows = "produces itself at least once on average, so sentences would grow without end"
            raise self.fail(self.blocks[symbol].line, f"'{symbol}' {grows}")

    def _check_empty(self) -> None:
        for expansion in self.reachable[self.start]:
            if all(item in self.nullable for item in expansion.items):
                message = (
                    f"the sentence '{self.start}' can be empty here, expected at least one word"
                )
                raise self.fail(expansion.line, message)

    @cached_property
    def children(self) -> NDArray[np.float64]:
        """Mean number of each symbol (column) in an expansion of each (row), [S, S]."""
        index = {symbol: i for i, symbol in enumerate(self.reachable)}
        means = np.zeros((len(index), len(index)))
        for symbol, expansions in self.reachable.items():
            for expansion in expansions:
                for item in expansion.items:
                    if isinstance(item, Symbol):
                        means[index[symbol], index[item]] += expansion.probability
        return means

    def total(self, amount: Mapping[Symbol, float]) -> float:
        """Return the mean over sentences of an amount summed over all symbols expanded in one.

        Solves t = a + M t, where M is `children`, and returns t of the start symbol.
        """
        amounts = np.array([amount[symbol] for symbol in self.reachable])
        return float(np.linalg.solve(np.eye(len(amounts)) - self.children, amounts)[0])


def instantiate(item: Symbol | str, bound: Mapping[str, str]) -> Symbol | str:
    """Replace each feature name in a symbol's arguments by its value."""
    if isinstance(item, str) or not item.arguments:
        return item
    return Symbol(item.category, tuple(bound.get(a, a) for a in item.arguments))
