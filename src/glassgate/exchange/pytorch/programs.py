"""Reads the arrays of a TorchScript program, and leaves its code alone.

A program's archive has the state of its modules in ``data.pkl``, a pickle whose classes have names
such as ``__torch__.torch.nn.modules.rnn.GRU``. It is loaded by torch's own restricted loader, like
a state dict, from a copy of the archive without code; each class stands for an empty object that
keeps attributes, and each function of `torch.jit` for its first argument.
"""

from __future__ import annotations

import io
import pickletools
import zipfile
from collections.abc import Iterator
from typing import Any

from glassgate.errors import BadInput
from glassgate.exchange.pytorch.pickles import PROGRAM_CLASS, PROGRAM_FUNCTIONS

WAY_OUT = 'torch.save(torch.jit.load(FILE).state_dict(), "gru.pt") writes its arrays'
MAX_CLASSES = 2**12


class Module:
    """A module of a program: the attributes that its pickle gives it."""


def is_program(members: list[zipfile.ZipInfo]) -> bool:
    """Whether an archive's members are those of a TorchScript program."""
    return any(member.filename.endswith("/constants.pkl") for member in members)


def without_code(archive: zipfile.ZipFile, size: int) -> bytes:
    """Return a program's archive with its arrays alone.

    Raises
    ------
    BadInput
        When a member that holds arrays is compressed, or they are larger than the file.
    """
    kept = [member for member in archive.infolist() if _holds_arrays(member.filename)]
    if any(member.compress_type != zipfile.ZIP_STORED for member in kept) or (
        sum(member.file_size for member in kept) > size
    ):
        raise BadInput("it is a TorchScript program whose arrays are compressed")
    copy = io.BytesIO()
    with zipfile.ZipFile(copy, "w") as target:
        for member in kept:
            target.writestr(zipfile.ZipInfo(member.filename), archive.read(member))
    return copy.getvalue()


def stand_ins(pickled: bytes) -> list[tuple[Any, str]]:
    """Return what stands for each class and function of a program's pickle, and its name."""
    classes = dict.fromkeys(_classes(pickled))
    if len(classes) > MAX_CLASSES:
        raise BadInput(f"its program has more than {MAX_CLASSES} classes")
    functions = [(_first, name.replace(" ", ".")) for name in sorted(PROGRAM_FUNCTIONS)]
    return [(type("Module", (Module,), {}), name) for name in classes] + functions


def _holds_arrays(name: str) -> bool:
    parts = name.split("/")
    return len(parts) > 1 and (
        (len(parts) == 2 and parts[1] in ("data.pkl", "version", "byteorder"))
        or (len(parts) == 3 and parts[1] == "data")
    )


def _classes(pickled: bytes) -> Iterator[str]:
    for opcode, argument, _ in pickletools.genops(pickled):
        if opcode.name == "GLOBAL" and str(argument).startswith(PROGRAM_CLASS):
            yield str(argument).replace(" ", ".")


def _first(value: object, *_: object) -> object:
    return value
