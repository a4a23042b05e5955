"""Lists what a file holds: every GRU in it, and why one cannot be converted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike

from glassgate.errors import printable
from glassgate.exchange.file_gru import FileGRU, describe
from glassgate.exchange.formats import read
from glassgate.exchange.proof import limitations

FACTS = (
    *("layers", "direction", "input size", "hidden size", "formulation", "activations"),
    "initial state",
)


@dataclass(frozen=True)
class Listing:
    """What a file holds, as a table with notes below it.

    Parameters
    ----------
    columns
        ``"name"``, `FACTS`, and ``"convertible"``.
    rows
        One for each GRU, as long as `columns`; an entry is empty where nothing is known.
    notes
        One line each: the other facts about a GRU, why it cannot be converted, and what to be
        warned of.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]


def inspect(path: str | PathLike[str]) -> Listing:
    """List every GRU in a file.

    Raises
    ------
    BadInput
        When the file cannot be read, or holds no GRU.
    OSError
        When it cannot be opened.
    """
    return tabulate(read(path))


def tabulate(grus: Sequence[FileGRU]) -> Listing:
    """Put GRUs into one table; a character that cannot be printed becomes a "?"."""
    rows, notes = [], []
    for gru in grus:
        facts = (describe(gru.network) if gru.network else {}) | gru.facts
        convertible = "no" if gru.network is None else "yes"
        rows.append((gru.name, *(facts.get(name, "") for name in FACTS), convertible))
        others = [f"{name} {value}" for name, value in facts.items() if name not in FACTS]
        notes += [f"{gru.name}: {'; '.join(others)}"] if others else []
        if gru.network is None:
            notes.append(f"{gru.name} cannot be converted: {gru.refusal}")
        else:
            notes += [f"{gru.name}: {problem}" for problem, _ in limitations(gru.network)]
        notes += [f"{gru.name}: {note}" for note in gru.notes]
    safe_rows = tuple(tuple(map(printable, row)) for row in rows)
    return Listing(("name", *FACTS, "convertible"), safe_rows, tuple(map(printable, notes)))
