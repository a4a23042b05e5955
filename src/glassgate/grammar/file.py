"""Read the text of a grammar: rules, features and declared dependencies.

People write such files by copying one and changing it (docs/grammar.md explains each part)::

    feature number = singular plural          # features and their values
    class noun = Noun                         # the name of a category's words in figures
    cue Noun                                  # where a dependency starts
    construction verb = Verb                  # where it ends, and the dependency's name

    Sentence                                  # the first category is the start
        Noun[number] Verb[number]             # both have the same value of the feature
    Noun[singular]
        3 boy | girl                          # a number is a weight, 1 unless given
    Noun[plural]
        3 boys | girls
    Verb[singular]
        runs
    Verb[plural]
        run

Names that begin with a capital are categories, and everything else is a word; ``(nothing)`` is the
empty alternative. A word is either lower-case letters and digits, possibly with apostrophes inside,
or a single punctuation mark. If a feature occurs on the right only, each of its values is equally
probable.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from glassgate.errors import BadInput

NAME = re.compile(r"[A-Z][A-Za-z]*")
SYMBOL = re.compile(r"([A-Z][A-Za-z]*)(?:\[([^\[\]]*)\])?")
WEIGHT = re.compile(r"\d+(\.\d+)?")
NUMBER_LIKE = re.compile(
    r"[-+\u2212]?[\d.,_]*\d[\d.,_/%]*([eE][-+]?\d+)?|[-+\u2212]?(nan|inf|infinity)"
)
WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*|[^\w\s]|_")  # as in `glassgate.train.tokens`
NOTHING = "(nothing)"


class Symbol(NamedTuple):
    """A category with its arguments: feature names (variables) or values (constants)."""

    category: str
    arguments: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the symbol as written in a grammar file."""
        return self.category + (f"[{','.join(self.arguments)}]" if self.arguments else "")


Items = tuple[str | Symbol, ...]


class Alternative(NamedTuple):
    """One alternative of a category.

    `probability` is its share of the block's weight, `items` are its words and symbols in order,
    and `draws` are the features that occur in `items` but not in the head: each is drawn evenly
    from its values.
    """

    probability: float
    items: Items
    draws: tuple[str, ...]
    line: int


class Block(NamedTuple):
    """A category with certain feature values, and all its alternatives."""

    head: Symbol
    alternatives: tuple[Alternative, ...]
    line: int


class Construction(NamedTuple):
    """A kind of dependency: the categories that end it, and the one required in between, if any."""

    name: str
    targets: tuple[str, ...]
    after: str | None
    line: int


@dataclass(frozen=True)
class GrammarFile:
    """The declarations and blocks of a grammar file, with their line numbers."""

    name: str
    features: dict[str, tuple[str, ...]]
    classes: dict[str, str]  # category -> class of its words
    cues: dict[str, int]  # category -> line
    constructions: tuple[Construction, ...]
    blocks: tuple[Block, ...]


class _Reader:
    """Collects declarations and blocks; every error names its line."""

    def __init__(self, text: str, name: str) -> None:
        self.text, self.name = text, name
        self.features: dict[str, tuple[str, ...]] = {}
        self.classes: dict[str, str] = {}
        self.class_lines: dict[str, int] = {}
        self.cues: dict[str, int] = {}
        self.constructions: list[Construction] = []
        self.heads: list[tuple[Symbol, int]] = []
        self.bodies: list[list[tuple[float, Items, int]]] = []

    def fail(self, line: int, message: str) -> BadInput:
        return BadInput(f"{self.name}, line {line}: {message}")

    def lines(self) -> Iterator[tuple[int, bool, str]]:
        """Yield number, whether indented, and content of each line that is not blank."""
        for number, line in enumerate(self.text.splitlines(), start=1):
            content = line.split("#", 1)[0].rstrip()
            if content:
                yield number, content[0].isspace(), content.strip()

    def read(self) -> GrammarFile:
        readers = {
            "feature": self.feature,
            "class": self.word_class,
            "cue": self.cue,
            "construction": self.construction,
        }
        for number, indented, content in self.lines():
            first = content.split()[0]
            if indented:
                self.alternatives(number, content)
            elif first in readers:
                readers[first](number, content.removeprefix(first).strip())
            else:
                self.heads.append((self.symbol(number, content), number))
                self.bodies.append([])
        if not self.heads:
            raise BadInput(
                f"{self.name}: expected at least one category with alternatives, found none"
            )
        defined = {symbol.category for symbol, _ in self.heads}
        for category, line in self.class_lines.items():
            if category not in defined:
                raise self.fail(line, f"no category '{category}' is defined")
        return GrammarFile(
            self.name,
            self.features,
            self.classes,
            self.cues,
            tuple(self.constructions),
            tuple(map(self.block, self.heads, self.bodies)),
        )

    def feature(self, line: int, content: str) -> None:
        name, equals, values = (part.strip() for part in content.partition("="))
        if not equals or not name.isidentifier() or len(values.split()) < 2:
            raise self.fail(line, f"expected 'feature NAME = VALUE VALUE …', got '{content}'")
        known = {value for other in self.features.values() for value in other} | set(self.features)
        for word in (name, *values.split()):
            if word in known:
                raise self.fail(line, f"the feature name or value '{word}' is already declared")
            known.add(word)
        self.features[name] = tuple(values.split())

    def word_class(self, line: int, content: str) -> None:
        name, equals, categories = (part.strip() for part in content.partition("="))
        if not name or not equals or not categories:
            raise self.fail(line, f"expected 'class NAME = CATEGORY …', got '{content}'")
        for category in categories.split():
            self.classes[self.category(line, category)] = name
            self.class_lines[category] = line

    def cue(self, line: int, content: str) -> None:
        for category in content.split() or [""]:
            self.cues.setdefault(self.category(line, category), line)

    def construction(self, line: int, content: str) -> None:
        name, equals, rest = (part.strip() for part in content.partition("="))
        targets, after, between = (part.split() for part in rest.partition(" after "))
        if not name or not equals or not targets or len(between) != len(after):
            form = "construction NAME = CATEGORY … [after CATEGORY]"
            raise self.fail(line, f"expected '{form}', got '{content}'")
        categories = tuple(self.category(line, target) for target in targets)
        middle = self.category(line, between[0]) if between else None
        self.constructions.append(Construction(name, categories, middle, line))

    def category(self, line: int, text: str) -> str:
        if not NAME.fullmatch(text):
            raise self.fail(line, f"expected a category (a capital, then letters), got '{text}'")
        return text

    def symbol(self, line: int, text: str) -> Symbol:
        match = SYMBOL.fullmatch(text)
        if not match:
            raise self.fail(line, f"expected a category like Noun[number], got '{text}'")
        arguments = tuple(part.strip() for part in (match[2] or "").split(",")) if match[2] else ()
        known = {value for values in self.features.values() for value in values}
        for argument in arguments:
            if argument not in self.features and argument not in known:
                raise self.fail(
                    line, f"'{argument}' in '{text}' is not a declared feature or value"
                )
        return Symbol(match[1], arguments)

    def alternatives(self, line: int, content: str) -> None:
        if not self.heads:
            raise self.fail(line, "an indented alternative needs a category above it")
        for part in content.split("|"):
            tokens = re.findall(r"\S+\[[^\]]*\]|\S+", part)
            weight = 1.0
            if tokens and NUMBER_LIKE.fullmatch(tokens[0]):
                weight = self.weight(line, tokens.pop(0))
            if not tokens:
                raise self.fail(line, f"an alternative is empty: write {NOTHING} to allow no words")
            if weight == 0:
                raise self.fail(line, f"the weight of '{part.strip()}' must be above 0, got 0")
            items = () if tokens == [NOTHING] else tuple(self.item(line, t) for t in tokens)
            self.bodies[-1].append((weight, items, line))

    def weight(self, line: int, token: str) -> float:
        if not WEIGHT.fullmatch(token) or not math.isfinite(float(token)):
            form = "a weight must be a plain positive decimal like 3 or 0.5"
            raise self.fail(line, f"{form}, got '{token}'")
        return float(token)

    def item(self, line: int, token: str) -> str | Symbol:
        if token == NOTHING:
            raise self.fail(line, f"{NOTHING} must stand alone in its alternative")
        if token[0].isupper():
            return self.symbol(line, token)
        if not WORD.fullmatch(token) or token != token.lower():
            form = "lower-case letters and digits with apostrophes inside, or a single mark"
            raise self.fail(line, f"expected a word ({form}), got '{token}'")
        return token

    def block(
        self,
        head: tuple[Symbol, int],
        body: list[tuple[float, Items, int]],
    ) -> Block:
        symbol, line = head
        if not body:
            raise self.fail(line, f"the category '{symbol.category}' has no alternatives below it")
        total = sum(weight for weight, _, _ in body)
        for weight, _, number in body:
            if weight / total == 0:
                raise self.fail(
                    number, f"a weight of '{symbol}' is too small relative to the others"
                )
        alternatives = (
            Alternative(weight / total, items, self.draws(symbol, items), number)
            for weight, items, number in body
        )
        return Block(symbol, tuple(alternatives), line)

    def draws(self, head: Symbol, items: Items) -> tuple[str, ...]:
        symbols = (item for item in items if isinstance(item, Symbol))
        names = dict.fromkeys(name for symbol in symbols for name in symbol.arguments)
        return tuple(n for n in names if n in self.features and n not in head.arguments)


def read_grammar_file(text: str, name: str) -> GrammarFile:
    """Read the text of a grammar.

    Parameters
    ----------
    text
        The whole file.
    name
        Its name in error messages, usually its path.

    Raises
    ------
    BadInput
        With the line number, when a line has none of the forms above.
    """
    return _Reader(text, name).read()
