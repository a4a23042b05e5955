"""The rules of a grammar with every feature given its value, and the laws they must obey."""

import itertools
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from glassgate.errors import BadInput
from glassgate.grammar.file import Block, GrammarFile, Items, Symbol


class Expansion(NamedTuple):
    """One way to write a symbol: words and symbols whose arguments are all values."""

    probability: float
    items: Items
    line: int


class Rules:
    """Every block of a grammar file by category and values.

    Raises
    ------
    BadInput
        With the line number: a category that is missing, defined twice or used with the wrong
        arguments; one that can begin with itself (left recursion); sentences that never end;
        a sentence that can be empty.
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
        """Word a complaint about a line of the file."""
        return BadInput(f"{self.file.name}, line {line}: {message}")

    def _add(self, block: Block) -> None:
        """Enter a block under each combination of values that its head stands for."""
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
    def watched(self) -> set[str]:
        """The categories that dependencies are made of."""
        named = {c for k in self.file.constructions for c in (*k.targets, k.after) if c}
        return named | set(self.file.cues)

    def values(self, argument: str) -> tuple[str, ...]:
        """List the values of a feature; a value stands for itself alone."""
        return self.file.features.get(argument, (argument,))

    def expansions(self, symbol: Symbol) -> Iterator[Expansion]:
        """Every way to write `symbol`; the probabilities sum to 1."""
        block = self.blocks[symbol]
        for alternative in block.alternatives:
            choices = list(itertools.product(*map(self.values, alternative.draws)))
            for chosen in choices:
                bound = dict(zip(block.head.arguments, symbol.arguments, strict=True))
                bound |= zip(alternative.draws, chosen, strict=True)
                items = tuple(instantiate(item, bound) for item in alternative.items)
                share = alternative.probability / len(choices)
                yield Expansion(share, items, alternative.line)

    @cached_property
    def reachable(self) -> dict[Symbol, list[Expansion]]:
        """Every symbol that a sentence can hold, with its expansions, the start first."""
        found: dict[Symbol, list[Expansion]] = {}
        waiting = [self.start]
        while waiting:
            symbol = waiting.pop()
            if symbol in found:
                continue
            found[symbol] = list(self.expansions(symbol))
            for expansion in found[symbol]:
                for item in expansion.items:
                    if isinstance(item, Symbol):
                        if item not in self.blocks:
                            raise self.fail(expansion.line, f"no category '{item}' is defined")
                        waiting.append(item)
        return found

    def _check_declarations(self) -> None:
        categories = {symbol.category for symbol in self.reachable}
        for category, line in self.file.cues.items():
            if category not in categories:
                raise self.fail(line, f"the cue '{category}' occurs in no sentence")
        for construction in self.file.constructions:
            for named in filter(None, (*construction.targets, construction.after)):
                if named not in categories:
                    raise self.fail(construction.line, f"'{named}' occurs in no sentence")

    @cached_property
    def nullable(self) -> set[Symbol]:
        """The symbols that can be written as nothing at all."""
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
        """Refuse rules whose sentences grow without end: their mean matrix must shrink."""
        sizes = np.abs(np.linalg.eigvals(self.children))
        if sizes.max(initial=0.0) >= 1.0:
            values, vectors = np.linalg.eig(self.children.T)
            worst = int(np.abs(vectors[:, np.abs(values).argmax()]).argmax())
            symbol = list(self.reachable)[worst]
            grows = "writes itself again once or more on average, so sentences grow without end"
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
        """Mean number of each symbol in one expansion of each, [S, S] over `reachable`."""
        place = {symbol: i for i, symbol in enumerate(self.reachable)}
        means = np.zeros((len(place), len(place)))
        for symbol, expansions in self.reachable.items():
            for expansion in expansions:
                for item in expansion.items:
                    if isinstance(item, Symbol):
                        means[place[symbol], place[item]] += expansion.probability
        return means

    def total(self, amount: Mapping[Symbol, float]) -> float:
        """Sum an amount over all symbols opened in a sentence, on average.

        Solves t = a + M t, M the mean number of children, and gives t at the start.
        """
        amounts = np.array([amount[symbol] for symbol in self.reachable])
        return float(np.linalg.solve(np.eye(len(amounts)) - self.children, amounts)[0])


def instantiate(item: Symbol | str, bound: Mapping[str, str]) -> Symbol | str:
    """Give each feature in a symbol's arguments its value."""
    if isinstance(item, str) or not item.arguments:
        return item
    return Symbol(item.category, tuple(bound.get(a, a) for a in item.arguments))
