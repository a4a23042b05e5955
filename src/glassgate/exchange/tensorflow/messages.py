"""Reads protocol buffers field by field, without their definitions. Files come from strangers.

A message is a row of fields, each a number that says which field it is and how it is stored, and a
value: an integer, 8 or 4 bytes, or a row of bytes, which may be a text or a message of its own. The
reader copies nothing and never looks deeper than it is asked to.

Source: https://protobuf.dev/programming-guides/encoding
"""

from collections.abc import Iterator

from glassgate.errors import BadInput

MAX_VARINT = 10  # bytes of an integer
VARINT, EIGHT_BYTES, BYTES, FOUR_BYTES = 0, 1, 2, 5  # how a value is stored


def read_varint(data: memoryview, at: int) -> tuple[int, int]:
    """Read an integer at a position; return it and the position after it.

    Raises
    ------
    BadInput
        When the data ends within it, or it is longer than 64 bits.
    """
    value = 0
    for i in range(MAX_VARINT):
        if at + i >= len(data):
            break
        byte = data[at + i]
        value |= (byte & 127) << (7 * i)
        if byte < 128:
            return value & (2**64 - 1), at + i + 1
    raise BadInput("a number in it is cut short")


def fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield the fields of a message: their numbers and values.

    Raises
    ------
    BadInput
        When the data is no message.

    Examples
    --------
    >>> [(number, bytes(value)) for number, value in fields(memoryview(bytes([18, 2, 71, 79])))]
    [(2, b'GO')]
    """
    at = 0
    while at < len(data):
        tag, at = read_varint(data, at)
        number, kind = tag >> 3, tag & 7
        if kind == VARINT:
            value, at = read_varint(data, at)
            yield number, value
            continue
        if kind == BYTES:
            length, at = read_varint(data, at)
        else:
            length = {EIGHT_BYTES: 8, FOUR_BYTES: 4}.get(kind, len(data) + 1)
        if length > len(data) - at:
            raise BadInput("it is no protocol buffer, or cut short")
        yield number, data[at : at + length]
        at += length


def messages(data: memoryview, number: int) -> Iterator[memoryview]:
    """Yield the values of a repeated field that holds bytes, texts or messages."""
    for found, value in fields(data):
        if found == number and isinstance(value, memoryview):
            yield value


def last(data: memoryview, number: int) -> memoryview:
    """Return the last value of a field that holds bytes; empty where there is none."""
    return [memoryview(b""), *messages(data, number)][-1]


def integer(data: memoryview, number: int, default: int = 0) -> int:
    """Return the last value of a field that holds an integer."""
    for found, value in fields(data):
        if found == number and isinstance(value, int):
            default = value
    return default


def text(data: memoryview) -> str:
    """Return a value as text; what is not UTF-8 is replaced."""
    return bytes(data).decode(errors="replace")
