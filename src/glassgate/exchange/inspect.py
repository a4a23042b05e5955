"""Lists what a file holds: every GRU in it, and what of it cannot be taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from glassgate.errors import printable
from glassgate.exchange.formats import read
from glassgate.exchange.found import Found, describe
from glassgate.exchange.proof import remarks

FACTS = (
    *("layers", "direction", "input size", "hidden size", "formulation", "activations"),
    "initial state",
)


@dataclass(frozen=True)
class Listing:
    """What a file holds.

    Parameters
    ----------
    columns
        ``"name"``, `FACTS`, and ``"taken"``.
    rows
        One for each GRU, as long as `columns`; empty where there is nothing to say.
    notes
        A line for each GRU: whatever else its reader says of it, why it cannot be taken, and what
        to be warned of.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]


def inspect(path: Path) -> Listing:
    """List every GRU in a file.

    Raises
    ------
    BadInput
        When the file cannot be read, or holds no GRU.
    OSError
        When it cannot be opened.
    """
    return listing(read(path))


def listing(found: Sequence[Found]) -> Listing:
    """Bring what was found into one table; what cannot be printed in a name becomes a "?"."""
    rows, notes = [], []
    for one in found:
        facts = (describe(one.network) if one.network else {}) | one.facts
        taken = "no" if one.network is None else "yes"
        rows.append((one.name, *(facts.get(name, "") for name in FACTS), taken))
        others = [f"{name} {value}" for name, value in facts.items() if name not in FACTS]
        notes += [f"{one.name}: {'; '.join(others)}"] if others else []
        if one.network is None:
            notes.append(f"{one.name} cannot be taken: {one.refusal}")
        else:
            notes += [f"{one.name}: {what}" for what, _ in remarks(one.network)]
    plain = tuple(tuple(map(printable, row)) for row in rows)
    return Listing(("name", *FACTS, "taken"), plain, tuple(map(printable, notes)))
