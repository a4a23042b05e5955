"""A probabilistic grammar: random sentences, and the exact distribution of the next word.

After a prefix the grammar holds every derivation that is still possible, as the stack of items it
has yet to write and its probability given the prefix. The distribution of the next word sums over
these stacks, so it is exact, for ambiguous grammars too. (Stolcke 1995 derives such prefix
probabilities in general; stacks suffice if no category can begin with itself.)
"""

import random
from collections.abc import Iterable, Mapping
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import TypeAlias

import numpy as np

from glassgate.errors import BadInput
from glassgate.grammar.derivation import Derivation, RandomChoice, derive
from glassgate.grammar.file import Symbol, read_grammar_file
from glassgate.grammar.rules import Rules

END = "<eos>"
"""The token after the last word of a sentence."""

EXAMPLES = 6  # words that an error message names

Stack: TypeAlias = "tuple[Symbol | str, Stack] | None"  # the next item to write, and the rest
Opening = tuple[str, float, Stack]  # a next word, its probability, the rest


class Prefix:
    """The derivations still possible after the words so far; their probabilities sum to 1."""

    def __init__(self, grammar: "Grammar", stacks: Mapping[Stack, float]) -> None:
        self.grammar, self.stacks = grammar, stacks
        self._longer: dict[str, Prefix] = {}

    @cached_property
    def next_words(self) -> dict[str, float]:
        """The probability of each possible next word, with `END` if the sentence may end here."""
        words: dict[str, float] = {}
        for stack, share in self.stacks.items():
            for word, probability, _ in self.grammar.openings(stack):
                words[word] = words.get(word, 0.0) + share * probability
        return words

    def read(self, word: str) -> "Prefix":
        """Return the prefix that is longer by `word`.

        Raises
        ------
        BadInput
            When the grammar gives `word` probability 0 here.
        """
        if word not in self._longer:
            self._longer[word] = self._read(word)
        return self._longer[word]

    def _read(self, word: str) -> "Prefix":
        if word not in self.next_words:
            expected = sorted(self.next_words)
            shown = ", ".join(expected[:EXAMPLES] + ["…"] * (len(expected) > EXAMPLES))
            raise BadInput(f"the grammar does not allow '{word}' here, expected one of {shown}")
        stacks: dict[Stack, float] = {}
        for stack, share in self.stacks.items():
            for opened, probability, rest in self.grammar.openings(stack):
                if opened == word:
                    gain = share * probability / self.next_words[word]
                    stacks[rest] = stacks.get(rest, 0.0) + gain
        return self.grammar.prefix(stacks)


class Grammar:
    """A probabilistic context-free grammar with features for agreement.

    Parameters
    ----------
    text
        The grammar, in the format of `glassgate.grammar.file`.
    name
        Its name in error messages, usually its path.

    Attributes
    ----------
    words
        Every word of the grammar, in the order of first occurrence.

    Raises
    ------
    BadInput
        With the line number, when the grammar is malformed.
    """

    def __init__(self, text: str, name: str = "grammar") -> None:
        self.text = text
        self.rules = Rules(read_grammar_file(text, name))
        alternatives = (a for block in self.rules.file.blocks for a in block.alternatives)
        items = (item for alternative in alternatives for item in alternative.items)
        self.words = list(dict.fromkeys(item for item in items if isinstance(item, str)))
        self._openings: dict[Stack, list[Opening]] = {}
        self._prefixes: dict[frozenset[tuple[Stack, float]], Prefix] = {}

    @classmethod
    def load(cls, path: str | Path | None = None) -> "Grammar":
        """Read a grammar file; without a path, the English grammar that comes with the package.

        Raises
        ------
        BadInput
            When the file is missing, is not UTF-8 (with the byte), or is malformed (with the line).
        OSError
            When the file cannot be read.
        """
        if path is None:
            embedded = resources.files("glassgate.grammar") / "english.grammar"
            return cls(embedded.read_text(encoding="utf-8"), "english.grammar")
        return cls(_read_text(Path(path)), str(path))

    def derive(self, chance: random.Random) -> Derivation:
        """Sample one sentence, together with the choices that produced it."""
        return derive(self.rules, RandomChoice(self.rules, chance))

    def sample(self, count: int, seed: int) -> list[list[str]]:
        """Sample `count` sentences, each a list of words.

        >>> " ".join(Grammar.load().sample(1, seed=0)[0])
        'the kings quietly see some tired horses behind the garden beside the bridge'
        """
        chance = random.Random(seed)
        return [self.derive(chance).words for _ in range(count)]

    def begin(self) -> Prefix:
        """Return the empty prefix."""
        return self.prefix({(self.rules.start, None): 1.0})

    def prefix(self, stacks: dict[Stack, float]) -> Prefix:
        """Return the prefix with these stacks; equal prefixes are the same object."""
        key = frozenset(stacks.items())
        if key not in self._prefixes:
            self._prefixes[key] = Prefix(self, stacks)
        return self._prefixes[key]

    def prefixes(self, words: Iterable[str]) -> list[Prefix]:
        """Return the prefix before each word of a sentence, and the one before its end."""
        prefixes = [self.begin()]
        for word in words:
            prefixes.append(prefixes[-1].read(word))
        return prefixes

    def openings(self, stack: Stack) -> list[Opening]:
        """Return the words that `stack` can write next, each with the stack that is left."""
        if stack not in self._openings:
            self._openings[stack] = self._open(stack)
        return self._openings[stack]

    def _open(self, stack: Stack) -> list[Opening]:
        if stack is None:
            return [(END, 1.0, None)]
        top, rest = stack
        if isinstance(top, str):
            return [(top, 1.0, rest)]
        openings: list[Opening] = []
        for expansion in self.rules.reachable[top]:
            below = rest
            for item in reversed(expansion.items):
                below = (item, below)
            for word, probability, left in self.openings(below):
                openings.append((word, expansion.probability * probability, left))
        return openings

    def word_class(self, word: str) -> str:
        """Return the declared class of the category that lists `word`, or "other"."""
        classes = self.rules.file.classes
        for block in self.rules.file.blocks:
            if block.head.category in classes and any(
                a.items == (word,) for a in block.alternatives
            ):
                return classes[block.head.category]
        return "other"

    def surprisal(self, words: Iterable[str]) -> float:
        """Return -log2 of the probability of a whole sentence with its end, in bits.

        Raises
        ------
        BadInput
            When a word is impossible at its position.
        """
        bits, prefix = 0.0, self.begin()
        for word in (*words, END):
            following = prefix.read(word)
            bits -= np.log2(prefix.next_words[word])
            prefix = following
        return bits

    @property
    def mean_length(self) -> float:
        """The mean number of words in a sentence, its end counted as one."""
        words = {
            symbol: sum(
                e.probability * sum(isinstance(i, str) for i in e.items) for e in expansions
            )
            for symbol, expansions in self.rules.reachable.items()
        }
        return 1.0 + self.rules.total(words)

    def entropy(self, sample: int = 1000, seed: int = 0) -> float:
        """Return the entropy of a sentence in bits; divide by `mean_length` for bits per word.

        The entropy of derivations is exact: it is the entropy of each category's choice, times the
        mean number of its expansions in a sentence (Grenander 1967). An ambiguous sentence has
        several derivations, so log2 p(sentence) - log2 p(derivation), averaged over `sample`
        random sentences, is subtracted. The correction is 0 for an unambiguous grammar.
        """
        choice = {
            symbol: -sum(e.probability * np.log2(e.probability) for e in expansions)
            for symbol, expansions in self.rules.reachable.items()
        }
        chance = random.Random(seed)
        derivations = [self.derive(chance) for _ in range(sample)]
        hidden = [d.bits - self.surprisal(d.words) for d in derivations]
        return float(self.rules.total(choice) - np.mean(hidden))


def _read_text(path: Path) -> str:
    if path.is_dir():
        raise BadInput(f"{path} is a folder, expected a file")
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise BadInput(f"there is no file {path}") from None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        byte = data[error.start]
        raise BadInput(
            f"{path} is not UTF-8: the byte 0x{byte:02x} at offset {error.start} cannot be read"
        ) from None
