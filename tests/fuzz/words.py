"""Damage to JSON, to names, numbers and structure, in text that mostly still parses."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

from tests.fuzz.mutate import NUMBERS

NAMES = (
    "", "gru", "layer0.forward.weight_input", "weight_ih_l0", "weight_hh_l999999", "../up", "/etc",
    "a\nb", "\x1b[2J", "\u202e", "\ud800", "x" * 2000, "__metadata__", "glassgate", "nan", "GRU",
    "Lambda", "Bidirectional", "RNN", "GRUCell", "Functional", "Sequential", "relu", "linear",
    "hard_sigmoid", "concat", "F32", "BF16", "I64", "float64", "bfloat16", "reverse", "read",
)  # fmt: skip
OTHERS = (None, True, False, 0.5, -0.0, 1e308, float("inf"), float("nan"))


def damaged_json(rng: random.Random, text: bytes) -> bytes:
    """Return JSON after one to four changes; rarely text that is not valid JSON any more."""
    value = json.loads(text)
    for _ in range(rng.randint(1, 4)):
        value = _change(rng, value)
    changed = json.dumps(value).encode()
    if rng.random() < 0.02:
        changed = b"[" * 20_000 + changed
    if rng.random() < 0.02:
        changed = changed[: rng.randint(0, len(changed))]
    return changed


def _change(rng: random.Random, value: Any) -> Any:
    """Change one entry of a value, chosen among those at any depth."""
    places = list(_places(value))
    if not places:
        return anything(rng, value)
    holder, key = rng.choice(places)
    old = copy.deepcopy(holder[key])
    choice = rng.random()
    if choice < 0.15:
        del holder[key]
    elif choice < 0.25:
        _repeat(rng, holder, old)
    elif choice < 0.35:
        other, there = rng.choice(places)
        if other is not holder:
            holder[key] = copy.deepcopy(other[there])
    elif choice < 0.4 and isinstance(holder, dict):
        holder[rng.choice(NAMES)] = holder.pop(key)
    else:
        holder[key] = anything(rng, old)
    return value


def _repeat(rng: random.Random, holder: Any, value: Any) -> None:
    """Repeat a value under another name, or several times in a list."""
    if isinstance(holder, dict):
        holder[rng.choice(NAMES)] = value
    else:
        holder.extend(copy.deepcopy(value) for _ in range(rng.choice((1, 2, 50))))


def _places(value: Any) -> Any:
    pending = [value]
    while pending:
        holder = pending.pop()
        if isinstance(holder, dict | list):
            for key in holder if isinstance(holder, dict) else range(len(holder)):
                yield holder, key
                pending.append(holder[key])


def anything(rng: random.Random, old: Any) -> Any:
    """Return another value, mostly of the same type."""
    if type(old) is int and rng.random() < 0.7:
        return rng.choice((*NUMBERS, old + 1, old - 1, old * 3, -old, 10**400))
    if isinstance(old, str) and rng.random() < 0.6:
        return rng.choice((*NAMES, old + "x", old[:-1], old * 2, old.upper()))
    if isinstance(old, bool) and rng.random() < 0.7:
        return not old
    return rng.choice((*OTHERS, *NAMES, *NUMBERS, [], {}, [[]], [None]))
