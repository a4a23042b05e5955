"""Damage to an ONNX model field by field: the message still parses, but says something else."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any

from onnx import ModelProto

from tests.fuzz.mutate import NUMBERS
from tests.fuzz.words import NAMES

GRU_NAMES = (
    "X", "W", "R", "B", "GRU", "", "LSTM", "Identity", "Constant", "If", "Loop", "direction",
    "reverse", "bidirectional", "activations", "Relu", "Affine", "HardSigmoid", "clip", "layout",
    "linear_before_reset", "value", "weights.bin", "offset", "length", "location",
)  # fmt: skip
FLOATS = (0.0, -0.0, 1.0, 0.2, 1e38, 1e-45, float("inf"), float("nan"))


def fields(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """Change one to four fields of a model, at any depth."""
    model = ModelProto()
    model.ParseFromString(data)
    for _ in range(rng.randint(1, 4)):
        messages = list(_messages(model))
        message = rng.choice(messages)
        field = rng.choice(message.DESCRIPTOR.fields)
        if field.is_repeated:
            _change_repeated(rng, getattr(message, field.name), field)
        elif rng.random() < 0.15:
            message.ClearField(field.name)
        elif field.type == field.TYPE_MESSAGE:
            same_type = [m for m in messages if m.DESCRIPTOR is field.message_type]
            if same_type:
                getattr(message, field.name).CopyFrom(_copy(rng.choice(same_type)))
        else:
            setattr(message, field.name, _value(rng, field, getattr(message, field.name)))
    return bytes(model.SerializeToString())


def _messages(message: Any) -> Iterator[Any]:
    yield message
    for field, value in message.ListFields():
        if field.type == field.TYPE_MESSAGE:
            for inner in value if field.is_repeated else [value]:
                yield from _messages(inner)


def _copy(message: Any) -> Any:
    copied = type(message)()
    copied.CopyFrom(message)
    return copied


def _change_repeated(rng: random.Random, values: Any, field: Any) -> None:
    """Drop, repeat, swap or change a value of a repeated field."""
    if not values:
        if field.type != field.TYPE_MESSAGE:
            values.append(_value(rng, field, None))
        return
    at, choice = rng.randrange(len(values)), rng.random()
    if field.type == field.TYPE_MESSAGE:
        copy = _copy(values[at])
        if choice < 0.4:
            del values[at]
        else:
            values.extend(copy for _ in range(rng.choice((1, 1, 2, 20))))
    elif choice < 0.2:
        del values[at]
    elif choice < 0.4:
        values.extend([values[at]] * rng.choice((1, 2, 20)))
    elif choice < 0.6:
        other = rng.randrange(len(values))
        values[at], values[other] = values[other], values[at]
    else:
        values[at] = _value(rng, field, values[at])


def _value(rng: random.Random, field: Any, old: Any) -> Any:
    if field.type == field.TYPE_STRING:
        text = rng.choice((*GRU_NAMES, *NAMES, old or ""))
        return text.encode(errors="replace").decode()
    if field.type == field.TYPE_BYTES:
        data = bytes(old or b"")
        text = rng.choice((*GRU_NAMES, *NAMES)).encode(errors="replace")
        return rng.choice((text, data[:-1], data + data, data[1:] + b"\xff", b""))
    if field.type in (field.TYPE_FLOAT, field.TYPE_DOUBLE):
        return rng.choice(FLOATS)
    if field.type == field.TYPE_ENUM:
        return rng.choice(list(field.enum_type.values_by_number))
    bits = 31 if field.type == field.TYPE_INT32 else 63
    value = rng.choice((*NUMBERS, *range(20), (old or 0) + 1, (old or 0) * 2))
    signed = field.type in (field.TYPE_INT32, field.TYPE_INT64)
    low, high = (-(2**bits), 2**bits - 1) if signed else (0, 2**64 - 1)
    return min(max(value, low), high)
