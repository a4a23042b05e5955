"""Probabilistic grammars: sentences by seed, the exact next-word distribution, and dependencies.

The names below are public. The package needs NumPy alone.

Read `grammar` first, which most callers need. Then, from the text of a grammar upwards:

1. `file`: the text, line by line.
2. `rules`: the rules with a value for every feature, checked.
3. `derivation`: how a sentence is derived, at random or again with one value swapped.
4. `grammar`: samples, the exact distribution of the next word, entropy.
5. `dependency`: forced choices at words that must agree.

`english.grammar` is the grammar of the demo; docs/grammar.md explains how to write one.
"""

from glassgate.grammar.dependency import (
    Cell,
    Dependency,
    Item,
    dependencies,
    dependency_items,
)
from glassgate.grammar.derivation import Derivation
from glassgate.grammar.grammar import END, Grammar, Prefix

__all__ = [
    "END",
    "Cell",
    "Dependency",
    "Derivation",
    "Grammar",
    "Item",
    "Prefix",
    "dependencies",
    "dependency_items",
]
