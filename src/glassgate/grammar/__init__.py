"""Probabilistic grammars: sentences with a seed, the exact next word, and dependencies.

The public names are those of `__all__`; the files behind them may move. The package needs NumPy
alone.

Read `grammar` first, which is what most callers need. Then, from the text of a grammar upwards:

1. `file`: the text, line by line.
2. `rules`: the rules with every feature given its value, checked.
3. `derivation`: how a sentence is written, by chance or again with a value swapped.
4. `grammar`: samples, the exact distribution of the next word, entropy.
5. `dependency`: forced choices at words that must agree.

`english.grammar` is the grammar of the demo; docs/grammar.md says how to write one.
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
