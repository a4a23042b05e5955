"""Which units of a GRU are held together, and how: groups of one span, in order of span, alone."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Literal, NamedTuple

import numpy as np

from glassgate.analysis.units import UnitMeans
from glassgate.gates import memory_span
from glassgate.inside.clamp import clamp
from glassgate.inside.memory import Memory
from glassgate.nn.models import LanguageModel

Way = Literal["forgets", "silent"]
WAYS: tuple[Way, ...] = ("forgets", "silent")
"""A unit that forgets has its kept share held at 0: its state is the candidate alone. A silent
unit has its state held at its mean: it carries no information."""

GROUPS = ("longest", "middle", "shortest", "random")
ORDERS = ("longest first", "shortest first", "random order")
GROUP_DIVISOR = 5  # a group is a fifth of the units
RANDOM_GROUPS = 5  # per network
ORDER_STEPS = 8  # from no unit held to all


class Hold(NamedTuple):
    """Units that are held, the way, and the name of the group or order that they are from."""

    way: Way
    name: str
    units: tuple[int, ...]


def memory_from_means(means: UnitMeans) -> Memory:
    """Return the units' memory from their means."""
    kept = np.clip(means.kept, 0, 1)
    return Memory(kept, memory_span(kept))


def group_size(hidden_size: int) -> int:
    """Count the units of a group: a fifth, at least one."""
    return max(1, round(hidden_size / GROUP_DIVISOR))


def groups(memory: Memory, random: np.random.Generator) -> list[Hold]:
    """Return the longest, the middle and the shortest fifth, and `DRAWS` random groups as large."""
    order, size = memory.order.tolist(), group_size(len(memory.span))
    middle = (len(order) - size) // 2
    chosen = [order[:size], order[middle : middle + size], order[-size:]]
    named = list(zip(GROUPS, chosen, strict=False))
    for _ in range(RANDOM_GROUPS):
        named.append((GROUPS[-1], random.permutation(order)[:size].tolist()))
    return [Hold(way, name, tuple(units)) for way in WAYS for name, units in named]


def orders(memory: Memory, random: np.random.Generator) -> list[Hold]:
    """Return more and more units, up to all in `ORDER_STEPS` steps: by span or at random."""
    longest = memory.order.tolist()
    shuffled = random.permutation(longest).tolist()
    by_order = zip(ORDERS, (longest, longest[::-1], shuffled), strict=True)
    return [
        Hold(way, name, tuple(order[: round(len(order) * step / ORDER_STEPS)]))
        for name, order in by_order
        for way in WAYS
        for step in range(ORDER_STEPS + 1)
    ]


def singles(hidden_size: int) -> list[Hold]:
    """Return each unit alone."""
    return [Hold(way, "alone", (unit,)) for way in WAYS for unit in range(hidden_size)]


def hold_units(model: LanguageModel, hold: Hold, means: UnitMeans) -> AbstractContextManager[None]:
    """Hold the units of `hold` for whatever runs inside."""
    units: Sequence[int] = hold.units
    if hold.way == "forgets":
        return clamp(model, units=units, kept=0)
    return clamp(model, units=units, state=means.hidden[list(units)])
