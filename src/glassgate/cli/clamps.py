"""Clamps on the command line: ``layer=0 units=3,7-9 kept=0``."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from torch import nn

from glassgate.errors import BadInput
from glassgate.inside.clamp import clamp
from glassgate.nn import Feedforward


@contextmanager
def clamps(network: nn.Module, texts: Sequence[str]) -> Iterator[None]:
    """Apply several clamps, given as text, at once.

    Parameters
    ----------
    network
        A network that `clamp` accepts.
    texts
        Clamps in the form that `read_clamp` reads; if two hold the same gates, the later one wins.

    Raises
    ------
    BadInput
        When a text is not a clamp, or the network cannot be clamped so.
    """
    if texts and any(isinstance(part, Feedforward) for part in network.modules()):
        raise BadInput("--clamp needs a model of network gru, lstm or srn, got feedforward")
    with ExitStack() as stack:
        for arguments in list(map(read_clamp, texts)):
            stack.enter_context(clamp(network, **arguments))
        yield


def read_clamp(text: str) -> dict[str, Any]:
    """Read the arguments of `clamp` from words ``name=value`` separated by spaces.

    The names are those of the arguments. A layer is a number from 0, a direction is ``forward`` or
    ``reverse``, units are numbers and ranges separated by commas (both ends of a range included),
    and all other values are numbers.

    Raises
    ------
    BadInput
        When a word is not ``name=value``, a name is unknown or occurs twice, or a value is invalid.

    Examples
    --------
    >>> read_clamp("layer=1 units=3,7-9 kept=0.5")
    {'layer': 1, 'units': [3, 7, 8, 9], 'kept': 0.5}
    """
    arguments: dict[str, Any] = {}
    for word in text.split():
        name, equals, value = word.partition("=")
        if not equals or name not in READERS:
            raise BadInput(
                f"a clamp must consist of words NAME=VALUE with a NAME of {', '.join(READERS)}, "
                f"got {word!r}"
            )
        if name in arguments:
            raise BadInput(f"a clamp must name {name} once, got it twice in {text!r}")
        arguments[name] = READERS[name](name, value)
    return arguments


def _integer(name: str, value: str) -> int:
    if not re.fullmatch(r"-?\d{1,6}", value, re.ASCII):
        raise BadInput(f"{name} must be a whole number of up to six digits, got {value!r}")
    return int(value)


def _units(name: str, value: str) -> list[int]:
    units: list[int] = []
    for part in value.split(","):
        bounds = re.fullmatch(r"(\d{1,6})(?:-(\d{1,6}))?", part, re.ASCII)
        if not bounds:
            raise BadInput(
                f"{name} must be whole numbers and ranges separated by commas without spaces, "
                f"such as 3,7-9, got {value!r}"
            )
        start, end = int(bounds[1]), int(bounds[2] or bounds[1])
        if end < start:
            raise BadInput(f"a range of {name} must start at its lower end, got {part!r}")
        units += range(start, end + 1)
    return units


def _number(name: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise BadInput(f"{name} must be a number, got {value!r}") from None


def _word(_: str, value: str) -> str:
    return value


READERS: dict[str, Callable[[str, str], Any]] = {
    "layer": _integer,
    "direction": _word,
    "units": _units,
    "reset": _number,
    "update": _number,
    "kept": _number,
    "state": _number,
}
