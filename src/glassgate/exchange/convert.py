"""Takes a GRU from one tool's file to another's, and proves that it computes the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory

from glassgate.errors import BadInput, printable
from glassgate.exchange.formats import read, require_writable, write
from glassgate.exchange.found import Found
from glassgate.exchange.proof import Proof, prove, remarks
from glassgate.files import write_whole


@dataclass(frozen=True)
class Conversion:
    """What was converted: the GRU, the proof, and what to be warned of."""

    found: Found
    proof: Proof
    warnings: tuple[str, ...]


def convert(
    source: str | PathLike[str],
    target: str | PathLike[str],
    node: str | None = None,
    overwrite: bool = False,
) -> Conversion:
    """Convert one GRU of a file into a file of another format, and prove that it is the same.

    Parameters
    ----------
    source
        A file that `glassgate.exchange.formats.read` reads.
    target
        The file to write; its ending says the format. It is there after the proof or not at all.
    node
        Which GRU of the file; not needed where there is one.
    overwrite
        Whether a file that is there may be replaced.

    Raises
    ------
    BadInput
        When a file cannot be read, the GRU cannot be taken or written exactly, `target` exists
        already, or the proof fails.
    OSError
        When a file cannot be read or written.
    """
    source, target = Path(source), Path(target)
    require_writable(target)
    if target.exists() and not overwrite:
        raise BadInput(f"{target} exists already: choose another name, or say --overwrite")
    found = pick(source, read(source), node)
    if found.network is None:
        raise BadInput(
            f"{printable(found.name)} of {source} cannot be taken exactly: {found.refusal}"
        )
    with TemporaryDirectory() as folder:
        draft = Path(folder) / target.name
        write(draft, found.network)
        proof = prove(found, pick(draft, read(draft), None), draft)
        if not proof.difference <= proof.limit:
            raise BadInput(
                f"{target} is not written, since it would not compute what {source} computes, "
                f"to {proof.limit:.0e}: {proof}"
            )
        write_whole(target, draft.read_bytes())
    return Conversion(found, proof, tuple(warnings(found)))


def pick(path: Path, found: Sequence[Found], node: str | None) -> Found:
    """Give the GRU of that name, or the only one; refuse with a list of the names.

    Without a name, LSTMs, plain RNNs and the single layers of a stack do not count.
    """
    grus = [one for one in found if "GRU" in one.facts.get("kind", "GRU")] or found
    whole = [one for one in grus if one.part_of is None]
    named = whole if node is None else [one for one in found if one.name == node]
    if len(named) == 1:
        return named[0]
    names = ", ".join(printable(one.name) for one in grus)
    refused = [one for one in whole if one.network is None]
    if node is not None:
        raise BadInput(f"{path} holds no GRU named {printable(node)}: it has {names}")
    if len(refused) == len(whole):
        first = f"{printable(refused[0].name)}: {refused[0].refusal}"
        raise BadInput(f"{path} holds no GRU that can be taken exactly ({first})")
    if refused:
        names += f" ({printable(refused[0].name)} cannot be taken: {refused[0].refusal})"
    raise BadInput(f"{path} holds several GRUs: name one with --node out of {names}")


def warnings(found: Found) -> Iterator[str]:
    """Say what a conversion leaves out, and what its proof cannot say."""
    if found.part_of is not None:
        yield f"it is one layer of {found.part_of}, the rest of which is left out"
    initial = found.facts.get("initial state", "")
    if "to be passed" in initial:
        yield f"its initial state is {initial} by whoever runs it: a network holds none"
    if found.network is not None:
        yield from (f"{what}, {how}" for what, how in remarks(found.network))
