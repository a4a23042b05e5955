"""Clamps as a command line says them: ``layer=0 units=3,7-9 kept=0``."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from glassgate.errors import BadInput
from glassgate.inside.clamp import clamp


@contextmanager
def clamps(network: object, texts: Sequence[str]) -> Iterator[None]:
    """Hold what each text says, all at once.

    Parameters
    ----------
    network
        As `clamp` takes it.
    texts
        Clamps as `read_clamp` reads them; where two hold the same, the later one does.

    Raises
    ------
    BadInput
        When a text is no clamp, or not one that can be held in this network.
    """
    with ExitStack() as held:
        for named in list(map(read_clamp, texts)):
            held.enter_context(clamp(network, **named))
        yield


def read_clamp(text: str) -> dict[str, Any]:
    """Read the arguments of `clamp` from words ``name=value`` with spaces between.

    Names are those of the arguments. A layer is a number from 0, a direction ``forward`` or
    ``reverse``; units are numbers and ranges with commas between, both ends of a range included;
    all others are numbers.

    Raises
    ------
    BadInput
        When a word is no ``name=value``, a name is unknown or comes twice, or a value is not what
        the name asks for.

    Examples
    --------
    >>> read_clamp("layer=1 units=3,7-9 kept=0.5")
    {'layer': 1, 'units': [3, 7, 8, 9], 'kept': 0.5}
    """
    read: dict[str, Any] = {}
    for word in text.split():
        name, equals, value = word.partition("=")
        if not equals or name not in READERS:
            raise BadInput(
                f"a clamp must be words NAME=VALUE of {', '.join(READERS)}, got {word!r}"
            )
        if name in read:
            raise BadInput(f"a clamp must name {name} once, got it twice in {text!r}")
        read[name] = READERS[name](name, value)
    return read


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
                f"{name} must be whole numbers and ranges with commas between them and no space, "
                f"like 3,7-9, got {value!r}"
            )
        start, end = int(bounds[1]), int(bounds[2] or bounds[1])
        if end < start:
            raise BadInput(f"{name} must go from the lower to the higher, got {part!r}")
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
