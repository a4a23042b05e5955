"""Checks the pickles of a PyTorch file before `torch.load` runs them.

``torch.load(weights_only=True)`` calls no harmful function, but it does not bound memory or time: a
file of a hundred bytes can ask for a bytearray of gigabytes, or for the hash of a tuple that holds
the same tuple twice, fifty levels deep. So the pickle is simulated here first, for sizes alone:
which functions it calls, how large their results would be, and how many objects would be walked,
that is, visited again and again in nested containers.
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
REBUILD_CALLS = (
    *(f"torch._utils _rebuild_tensor{version}" for version in ("", "_v2", "_v3")),
    QUANTIZED,
)
BYTEARRAYS = ("builtins bytearray", "__builtin__ bytearray")
ENCODE = "_codecs encode"
ALLOWED_CALLS = {
    *REBUILD_CALLS,
    *BYTEARRAYS,
    *("collections OrderedDict", "torch Size", "torch device", "torch.serialization _get_layout"),
    *("torch._utils _rebuild_parameter", "torch.nn.parameter Parameter", ENCODE),
    *("torch._utils _rebuild_parameter_with_state", "collections Counter"),
    *("torch._utils _rebuild_sparse_tensor", "torch._utils _rebuild_meta_tensor_no_storage"),
    *(f"{module} {name}" for module in ("builtins", "__builtin__") for name in ("set", "complex")),
}
PROGRAM_CLASS = "__torch__."  # begins the name of a class of a TorchScript program
PROGRAM_FUNCTIONS = {
    f"torch.jit._pickle {name}"
    for name in (
        *("build_intlist", "build_tensorlist", "build_doublelist", "build_boollist"),
        *("build_tensor_from_id", "restore_type_tag"),
    )
}
MAX_AXES = 64  # of a tensor
MAX_OPCODES = 2**21  # a tensor takes about 60
WALK_PER_BYTE = 100  # objects walked, in hashing or calls, allowed per byte of the file
MAX_WALK = 2**40  # the count stops here


class _Container:
    """A list, tuple, dict or result of a call: its parts, and how many objects a walk visits."""

    __slots__ = ("parts", "walk")

    def __init__(self, parts: Sequence[Any]) -> None:
        self.parts, self.walk = parts, 1 + _walk(parts)

    def add(self, parts: Sequence[_Item]) -> None:
        self.walk = min(self.walk + _walk(parts), MAX_WALK)


class _Text(_Container):
    """A text, or the bytes encoded from it."""

    __slots__ = ("text",)

    def __init__(self, text: str | bytes) -> None:
        super().__init__(())
        self.text = text
        self.walk += len(text)


# On the stack: a number, the name of a function or class, a container, or anything else (None).
_Item: TypeAlias = "int | str | _Container | None"
MARK = "("


def require_plain_pickle(pickles: bytes, count: int, size: int, program: bool = False) -> None:
    """Refuse pickles that would take more memory or time than a file of arrays does.

    Parameters
    ----------
    pickles
        `count` pickles, one after the other; what follows them is not read.
    count
        How many.
    size
        The size of the whole file in bytes.
    program
        Whether it is that of a TorchScript program, whose classes and functions it then may call.

    Raises
    ------
    BadInput
        When one is damaged, calls a function that no state dict calls, or claims more numbers than
        the file holds.
    """
    stream = BytesIO(pickles)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about unknown escapes in its strings
            for _ in range(count):
                _Simulation(size, program).run(pickletools.genops(stream))
    except BadInput:
        raise
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise BadInput("its pickle is damaged or cut short") from error


class _Simulation:
    """One pickle, simulated opcode by opcode."""

    def __init__(self, size: int, program: bool) -> None:
        self.size, self.walk_left, self.program = size, WALK_PER_BYTE * size, program
        self.stack: list[_Item] = []
        self.memo: dict[int, _Item] = {}

    def run(self, opcodes: Iterator[tuple[OpcodeInfo, Any, int | None]]) -> None:
        for count, (opcode, argument, _) in enumerate(opcodes):
            if count > MAX_OPCODES:
                raise BadInput(f"its pickle takes more than {MAX_OPCODES} steps")
            self.walk_left -= self.step(opcode, argument)
            if self.walk_left < 0:
                raise BadInput("its pickle visits the same objects again and again")

    def step(self, opcode: OpcodeInfo, argument: Any) -> int:
        """Apply one opcode to the stack; return how many objects it would walk."""
        name, stack = opcode.name.removeprefix("LONG_").removeprefix("BIN"), self.stack
        if name == "PUT":
            self.memo[argument] = stack[-1]
            return 0
        if name == "GET":
            stack.append(self.memo[argument])
            return 0
        popped = self.pop_arguments(opcode)
        if name in ("REDUCE", "NEWOBJ"):
            self.require_allowed_call(*popped)
            stack.append(popped[1].parts[0] if popped[0] == ENCODE else _Container(popped[1:]))
            return _walk(popped[1:])
        if name in ("APPEND", "APPENDS", "SETITEM", "SETITEMS", "BUILD"):
            stack.append(popped[0])
            popped[0].add(popped[1:])
            return _walk(popped[1::2]) if name.startswith("SET") else 0
        if name == "PERSID":
            self.require_fits(*(part for part in popped[0].parts if isinstance(part, int)))
        stack.extend(_result(name, argument, popped) for _ in opcode.stack_after)
        return 0

    def pop_arguments(self, opcode: OpcodeInfo) -> list[Any]:
        """Pop what an opcode takes from the stack, and drop the mark."""
        before, items = opcode.stack_before, []
        if markobject in before:
            while (item := self.stack.pop()) != MARK:
                items.append(item)
            before = before[: before.index(markobject)]
        items += [self.stack.pop() for _ in before]
        return items[::-1]

    def require_allowed_call(self, function: _Item, arguments: Any) -> None:
        if function not in ALLOWED_CALLS and not self.is_of_program(function):
            name = function.replace(" ", ".") if isinstance(function, str) else "its own result"
            raise BadInput(f"its pickle calls {name:.80}, which no state dict does")
        if function in BYTEARRAYS and not all(isinstance(part, _Text) for part in arguments.parts):
            raise BadInput("its pickle makes a bytearray from something other than text")
        codec = [getattr(part, "text", None) for part in arguments.parts[1:]]
        if function == ENCODE and codec != ["latin1"]:
            raise BadInput("its pickle encodes text in a codec other than latin1")
        if function == QUANTIZED and len(arguments.parts) > 2:
            sizes = arguments.parts[2].parts  # the tensor is made before its numbers are set
            self.require_fits(math.prod(sizes) if len(sizes) <= MAX_AXES else self.size + 1)
        if function in REBUILD_CALLS and len(arguments.parts) > 3:
            _, offset, size, stride = arguments.parts[:4]
            pairs = zip(size.parts, stride.parts, strict=False)
            self.require_fits(offset + sum(length * step - step for length, step in pairs))

    def is_of_program(self, function: _Item) -> bool:
        named = self.program and isinstance(function, str)
        return named and (function in PROGRAM_FUNCTIONS or str(function).startswith(PROGRAM_CLASS))

    def require_fits(self, *numbers: int) -> None:
        if any(number > self.size for number in numbers):
            raise BadInput("its pickle claims more numbers than the file has bytes")


def _walk(items: Iterable[_Item]) -> int:
    walk = sum(item.walk if isinstance(item, _Container) else 1 for item in items)
    return min(walk, MAX_WALK)


def _result(name: str, argument: Any, popped: list[_Item]) -> Any:
    """Return what an opcode pushes on the stack."""
    if name == "MARK":
        return MARK
    if isinstance(argument, int) or name == "GLOBAL":
        return argument
    if isinstance(argument, str | bytes):
        return _Text(argument)
    if name.startswith(("TUPLE", "EMPTY")):
        return _Container(popped)
    return None
