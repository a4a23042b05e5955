"""Looks through the pickles of a PyTorch file before `torch.load` runs them.

``torch.load(weights_only=True)`` calls nothing that does harm by what it does. What it takes is
not bounded: a file of a hundred bytes can ask for a bytearray of gigabytes, or for the hash of a
tuple that holds itself twice, fifty times over. So what the pickle does is followed here without
being done, as far as sizes go: which functions it calls, how large what it makes would be, and how
much there would be to walk.
"""

from __future__ import annotations

import math
import pickletools
import warnings
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from pickletools import OpcodeInfo, markobject
from typing import Any, TypeAlias

from glassgate.errors import BadInput

QUANTIZED = "torch._utils _rebuild_qtensor"
REBUILT = (
    *(f"torch._utils _rebuild_tensor{version}" for version in ("", "_v2", "_v3")),
    QUANTIZED,
)
BYTES = ("builtins bytearray", "__builtin__ bytearray")
ENCODED = "_codecs encode"
CALLED = {
    *REBUILT,
    *BYTES,
    *("collections OrderedDict", "torch Size", "torch device", "torch.serialization _get_layout"),
    *("torch._utils _rebuild_parameter", "torch.nn.parameter Parameter", ENCODED),
    *("torch._utils _rebuild_parameter_with_state", "collections Counter"),
    *("torch._utils _rebuild_sparse_tensor", "torch._utils _rebuild_meta_tensor_no_storage"),
    *(f"{module} {name}" for module in ("builtins", "__builtin__") for name in ("set", "complex")),
}
MOST_AXES = 64
MOST_STEPS = 2**21  # some 60 make a tensor
WALKS = 100  # what may be walked for each byte of the file: hashed, or passed to a function
LONGEST_WALK = 2**40


class _Held:
    """What a list, tuple, dict or the result of a call holds, and how much there is to walk."""

    __slots__ = ("parts", "walk")

    def __init__(self, parts: Sequence[Any]) -> None:
        self.parts, self.walk = parts, 1 + _walk(parts)

    def take(self, parts: Sequence[_Item]) -> None:
        self.walk = min(self.walk + _walk(parts), LONGEST_WALK)


class _Text(_Held):
    """A text, or the bytes that are made of it."""

    __slots__ = ("text",)

    def __init__(self, text: str | bytes) -> None:
        super().__init__(())
        self.text = text
        self.walk += len(text)


# On the stack: a number, a function's or class's name, what holds other things, or anything else.
_Item: TypeAlias = "int | str | _Held | None"
MARK = "("


def require_plain(pickles: bytes, count: int, size: int) -> None:
    """Refuse pickles that take more than a file of arrays does.

    Parameters
    ----------
    pickles
        The bytes of so many pickles, one after the other; what follows them is not looked at.
    count
        How many.
    size
        The whole file's bytes.

    Raises
    ------
    BadInput
        When one is damaged, calls what no state dict calls, or claims more than the file holds.
    """
    stream = BytesIO(pickles)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes in its strings that Python does not know
            for _ in range(count):
                _Followed(size).through(pickletools.genops(stream))
    except BadInput:
        raise
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise BadInput("its pickle is damaged or cut short") from error


class _Followed:
    """One pickle, followed step by step."""

    def __init__(self, size: int) -> None:
        self.size, self.left = size, WALKS * size
        self.stack: list[_Item] = []
        self.memo: dict[int, _Item] = {}

    def through(self, steps: Iterator[tuple[OpcodeInfo, Any, int | None]]) -> None:
        for count, (step, argument, _) in enumerate(steps):
            if count > MOST_STEPS:
                raise BadInput(f"its pickle takes more than {MOST_STEPS} steps")
            self.left -= self.walked(step, argument)
            if self.left < 0:
                raise BadInput("its pickle goes over the same things again and again")

    def walked(self, step: OpcodeInfo, argument: Any) -> int:
        """Do one step on the stack; give how much would be walked."""
        name, stack = step.name.removeprefix("LONG_").removeprefix("BIN"), self.stack
        if name == "PUT":
            self.memo[argument] = stack[-1]
            return 0
        if name == "GET":
            stack.append(self.memo[argument])
            return 0
        taken = self.taken(step)
        if name in ("REDUCE", "NEWOBJ"):
            self.require_harmless(*taken)
            stack.append(taken[1].parts[0] if taken[0] == ENCODED else _Held(taken[1:]))
            return _walk(taken[1:])
        if name in ("APPEND", "APPENDS", "SETITEM", "SETITEMS", "BUILD"):
            stack.append(taken[0])
            taken[0].take(taken[1:])
            return _walk(taken[1::2]) if name.startswith("SET") else 0
        if name == "PERSID":
            self.require_held(*(part for part in taken[0].parts if isinstance(part, int)))
        stack.extend(_made(name, argument, taken) for _ in step.stack_after)
        return 0

    def taken(self, step: OpcodeInfo) -> list[Any]:
        """Take from the stack what a step takes, but for the mark."""
        before, items = step.stack_before, []
        if markobject in before:
            while (item := self.stack.pop()) != MARK:
                items.append(item)
            before = before[: before.index(markobject)]
        items += [self.stack.pop() for _ in before]
        return items[::-1]

    def require_harmless(self, called: _Item, given: Any) -> None:
        if called not in CALLED:
            what = called.replace(" ", ".") if isinstance(called, str) else "what it made"
            raise BadInput(f"its pickle calls {what:.80}, as no state dict does")
        if called in BYTES and not all(isinstance(part, _Text) for part in given.parts):
            raise BadInput("its pickle makes a bytearray of something else than text")
        codec = [getattr(part, "text", None) for part in given.parts[1:]]
        if called == ENCODED and codec != ["latin1"]:
            raise BadInput("its pickle encodes a text otherwise than as latin1")
        if called == QUANTIZED and len(given.parts) > 2:
            sizes = given.parts[2].parts  # of what is made before it is set
            self.require_held(math.prod(sizes) if len(sizes) <= MOST_AXES else self.size + 1)
        if called in REBUILT and len(given.parts) > 3:
            _, offset, size, stride = given.parts[:4]
            pairs = zip(size.parts, stride.parts, strict=False)
            self.require_held(offset + sum(most * step - step for most, step in pairs))

    def require_held(self, *numbers: int) -> None:
        if any(number > self.size for number in numbers):
            raise BadInput("its pickle claims more numbers than the file has bytes")


def _walk(items: Iterable[_Item]) -> int:
    walk = sum(item.walk if isinstance(item, _Held) else 1 for item in items)
    return min(walk, LONGEST_WALK)


def _made(name: str, argument: Any, taken: list[_Item]) -> Any:
    """Give what a step leaves on the stack."""
    if name == "MARK":
        return MARK
    if isinstance(argument, int) or name == "GLOBAL":
        return argument
    if isinstance(argument, str | bytes):
        return _Text(argument)
    if name.startswith(("TUPLE", "EMPTY")):
        return _Held(taken)
    return None
