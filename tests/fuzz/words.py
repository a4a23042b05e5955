"""Damage to JSON: names, numbers and the shape of the whole, in text that parses all the same."""

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
    """Give JSON after one to four changes; now and then text that is no JSON any more."""
    value = json.loads(text)
    for _ in range(rng.randint(1, 4)):
        value = _changed(rng, value)
    said = json.dumps(value).encode()
    if rng.random() < 0.02:
        said = b"[" * 20_000 + said
    if rng.random() < 0.02:
        said = said[: rng.randint(0, len(said))]
    return said


def _changed(rng: random.Random, value: Any) -> Any:
    """Change one place of a value, chosen among all of its places."""
    places = list(_places(value))
    if not places:
        return anything(rng, value)
    holder, key = rng.choice(places)
    whole = copy.deepcopy(holder[key])
    choice = rng.random()
    if choice < 0.15:
        del holder[key]
    elif choice < 0.25:
        _added(rng, holder, whole)
    elif choice < 0.35:
        other, there = rng.choice(places)
        if other is not holder:
            holder[key] = copy.deepcopy(other[there])
    elif choice < 0.4 and isinstance(holder, dict):
        holder[rng.choice(NAMES)] = holder.pop(key)
    else:
        holder[key] = anything(rng, whole)
    return value


def _added(rng: random.Random, holder: Any, value: Any) -> None:
    """Repeat a value under another name, or many times over in a list."""
    if isinstance(holder, dict):
        holder[rng.choice(NAMES)] = value
    else:
        holder.extend(copy.deepcopy(value) for _ in range(rng.choice((1, 2, 50))))


def _places(value: Any) -> Any:
    waiting = [value]
    while waiting:
        here = waiting.pop()
        if isinstance(here, dict | list):
            for key in here if isinstance(here, dict) else range(len(here)):
                yield here, key
                waiting.append(here[key])


def anything(rng: random.Random, came: Any) -> Any:
    """Give another value, mostly of the kind that came."""
    if type(came) is int and rng.random() < 0.7:
        return rng.choice((*NUMBERS, came + 1, came - 1, came * 3, -came, 10**400))
    if isinstance(came, str) and rng.random() < 0.6:
        return rng.choice((*NAMES, came + "x", came[:-1], came * 2, came.upper()))
    if isinstance(came, bool) and rng.random() < 0.7:
        return not came
    return rng.choice((*OTHERS, *NAMES, *NUMBERS, [], {}, [[]], [None]))
