"""A probabilistic grammar: sentences with a seed, and the exact distribution of the next word.

After any prefix the grammar keeps every derivation that is still open as the stack of what it has
yet to write, with its probability given the prefix. The next word's distribution sums over the
stacks, so it is exact, and exact for ambiguous grammars too (Stolcke 1995 derives such prefix
probabilities in general; stacks suffice where no category begins with itself).
"""

import random
from collections.abc import Iterable, Mapping
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import TypeAlias

import numpy as np

from glassgate.errors import BadInput
from glassgate.grammar.derivation import ByChance, Derivation, derive
from glassgate.grammar.file import Symbol, read_grammar_file
from glassgate.grammar.rules import Rules

END = "<eos>"
"""What follows the last word of a sentence."""

Stack: TypeAlias = "tuple[Symbol | str, Stack] | None"  # what to write next, and what comes after
Opening = tuple[str, float, Stack]  # a next word, its probability, and what is left to write


class Prefix:
    """All derivations open after the words read so far; their probabilities sum to 1."""

    def __init__(self, grammar: "Grammar", stacks: Mapping[Stack, float]) -> None:
        self.grammar, self.stacks = grammar, stacks
        self._longer: dict[str, Prefix] = {}

    @cached_property
    def next_words(self) -> dict[str, float]:
        """Probability of each possible next word; `END` where the sentence may end here."""
        words: dict[str, float] = {}
        for stack, share in self.stacks.items():
            for word, probability, _ in self.grammar.openings(stack):
                words[word] = words.get(word, 0.0) + share * probability
        return words

    def read(self, word: str) -> "Prefix":
        """Give the prefix one word longer.

        Raises
        ------
        BadInput
            If the grammar gives `word` probability 0 here.
        """
        if word not in self._longer:
            self._longer[word] = self._read(word)
        return self._longer[word]

    def _read(self, word: str) -> "Prefix":
        if word not in self.next_words:
            expected = ", ".join(sorted(self.next_words)[:6])
            raise BadInput(f"the grammar has no '{word}' here; it expects one of {expected}, …")
        stacks: dict[Stack, float] = {}
        for stack, share in self.stacks.items():
            for opened, probability, rest in self.grammar.openings(stack):
                if opened == word:
                    gain = share * probability / self.next_words[word]
                    stacks[rest] = stacks.get(rest, 0.0) + gain
        return self.grammar.prefix(stacks)


class Grammar:
    """A probabilistic context-free grammar with agreeing features.

    Parameters
    ----------
    text
        The grammar, in the format of `glassgate.grammar.file`.
    name
        What to call it in error messages, usually its path.

    Attributes
    ----------
    words
        Every word of the grammar, in the order of the file.

    Raises
    ------
    BadInput
        With the line number, for a malformed grammar.
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
        """Read a grammar file, or the embedded grammar of English where no path is given.

        Raises
        ------
        BadInput
            With the line number, for a malformed grammar; with the byte, for text not in UTF-8;
            where there is no file.
        OSError
            If the file cannot be read.
        """
        if path is None:
            embedded = resources.files("glassgate.grammar") / "english.grammar"
            return cls(embedded.read_text(encoding="utf-8"), "english.grammar")
        return cls(_read_text(Path(path)), str(path))

    def derive(self, chance: random.Random) -> Derivation:
        """Sample one sentence together with the choices that made it."""
        return derive(self.rules, ByChance(self.rules, chance))

    def sample(self, count: int, seed: int) -> list[list[str]]:
        """Sample `count` sentences, each a list of words.

        >>> " ".join(Grammar.load().sample(1, seed=0)[0])
        'the kings quietly see some tired horses behind the garden beside the bridge'
        """
        chance = random.Random(seed)
        return [self.derive(chance).words for _ in range(count)]

    def begin(self) -> Prefix:
        """Give the empty prefix."""
        return self.prefix({(self.rules.start, None): 1.0})

    def prefix(self, stacks: dict[Stack, float]) -> Prefix:
        """Give the prefix with these open stacks; equal ones are one object."""
        key = frozenset(stacks.items())
        if key not in self._prefixes:
            self._prefixes[key] = Prefix(self, stacks)
        return self._prefixes[key]

    def prefixes(self, words: Iterable[str]) -> list[Prefix]:
        """Give the prefix before each word of a sentence, and the one before its end."""
        found = [self.begin()]
        for word in words:
            found.append(found[-1].read(word))
        return found

    def openings(self, stack: Stack) -> list[Opening]:
        """List the words that `stack` can write next, each with what is left to write after it."""
        if stack not in self._openings:
            self._openings[stack] = self._open(stack)
        return self._openings[stack]

    def _open(self, stack: Stack) -> list[Opening]:
        if stack is None:
            return [(END, 1.0, None)]
        top, rest = stack
        if isinstance(top, str):
            return [(top, 1.0, rest)]
        found: list[Opening] = []
        for expansion in self.rules.reachable[top]:
            below = rest
            for item in reversed(expansion.items):
                below = (item, below)
            for word, probability, left in self.openings(below):
                found.append((word, expansion.probability * probability, left))
        return found

    def word_class(self, word: str) -> str:
        """Name the class that the file gives a category that lists `word`, else "other"."""
        classes = self.rules.file.classes
        for block in self.rules.file.blocks:
            if block.head.category in classes and any(
                a.items == (word,) for a in block.alternatives
            ):
                return classes[block.head.category]
        return "other"

    def surprisal(self, words: Iterable[str]) -> float:
        """-log2 of the probability of a whole sentence, its end included, in bits.

        Raises
        ------
        BadInput
            If a word is impossible where it stands.
        """
        bits, prefix = 0.0, self.begin()
        for word in (*words, END):
            following = prefix.read(word)
            bits -= np.log2(prefix.next_words[word])
            prefix = following
        return bits

    @property
    def mean_length(self) -> float:
        """Words in a sentence on average, its end counted as one."""
        words = {
            symbol: sum(
                e.probability * sum(isinstance(i, str) for i in e.items) for e in expansions
            )
            for symbol, expansions in self.rules.reachable.items()
        }
        return 1.0 + self.rules.total(words)

    def entropy(self, sample: int = 1000, seed: int = 0) -> float:
        """Entropy of a sentence, in bits; divide by `mean_length` for bits a word.

        The entropy of derivations is exact: each category adds that of its own choice, times how
        often it is opened (Grenander 1967). An ambiguous sentence has several derivations; what
        they hide, log2 p(sentence) - log2 p(derivation), is averaged over `sample` sentences and
        taken off. It is 0 for each sentence of an unambiguous grammar.
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
        raise BadInput(f"{path} does not exist, expected a file") from None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        byte = data[error.start]
        raise BadInput(
            f"{path} is not UTF-8: the byte 0x{byte:02x} at offset {error.start} cannot be read"
        ) from None
