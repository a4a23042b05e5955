"""Converts a GRU from one tool's file to another's, and proves that it computes the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory

from glassgate.errors import BadInput, printable
from glassgate.exchange.file_gru import FileGRU
from glassgate.exchange.formats import MODEL, read, require_writable, write
from glassgate.exchange.proof import Proof, limitations, prove
from glassgate.files import write_whole

ALONE = "it is converted alone: the model's embedding and output layer are left out"


@dataclass(frozen=True)
class Conversion:
    """What `convert` returns.

    Attributes
    ----------
    gru
        The GRU that was converted, as it was read.
    proof
        How far source and result differ, and what they ran in.
    warnings
        What the conversion leaves out, and what its proof cannot show; one sentence each.
    """

    gru: FileGRU
    proof: Proof
    warnings: tuple[str, ...]


def convert(
    source: str | PathLike[str],
    target: str | PathLike[str],
    node: str | None = None,
    overwrite: bool = False,
) -> Conversion:
    """Convert one GRU of a file to a file of another format, and prove that it is the same.

    Parameters
    ----------
    source
        A file or model folder that `glassgate.exchange.read` reads.
    target
        The file to write; its ending says the format. It is written only once the proof holds.
    node
        The name of the GRU in the file; needed only where there are several.
    overwrite
        Whether an existing file may be replaced.

    Raises
    ------
    BadInput
        When a file cannot be read, the GRU has no exact counterpart, `target` already exists, or
        the proof fails.
    OSError
        When a file cannot be read or written.
    """
    source, target = Path(source), Path(target)
    require_writable(target)
    if target.exists() and not overwrite:
        raise BadInput(f"{target} already exists: choose another name or pass --overwrite")
    gru = pick(source, read(source), node)
    if gru.network is None:
        raise BadInput(
            f"{printable(gru.name)} of {source} cannot be converted exactly: {gru.refusal}"
        )
    with TemporaryDirectory() as folder:
        draft = Path(folder) / target.name
        write(draft, gru.network, gru.notes)
        proof = prove(gru, pick(draft, read(draft), None), draft)
        if not proof.difference <= proof.limit:
            raise BadInput(
                f"{target} was not written, because it would not compute what {source} computes "
                f"to within {proof.limit:.0e}: {proof}"
            )
        write_whole(target, draft.read_bytes())
    is_trained = (source / MODEL).is_file()
    return Conversion(gru, proof, (*([ALONE] if is_trained else []), *warnings(gru)))


def pick(path: Path, grus: Sequence[FileGRU], node: str | None) -> FileGRU:
    """Pick the GRU of that name, or the only one; otherwise refuse with a list of the names.

    Where no name is given, LSTMs, plain RNNs and the single layers of a stack do not count.
    """
    candidates = [gru for gru in grus if "GRU" in gru.facts.get("kind", "GRU")] or grus
    networks = [gru for gru in candidates if gru.part_of is None]
    matches = networks if node is None else [gru for gru in grus if gru.name == node]
    if len(matches) == 1:
        return matches[0]
    names = ", ".join(printable(gru.name) for gru in candidates)
    refused = [gru for gru in networks if gru.network is None]
    if node is not None:
        raise BadInput(f"{path} holds no GRU named {printable(node)}: its GRUs are {names}")
    if len(refused) == len(networks):
        first = f"{printable(refused[0].name)}: {refused[0].refusal}"
        raise BadInput(f"{path} holds no GRU that can be converted exactly ({first})")
    if refused:
        names += f" ({printable(refused[0].name)} cannot be converted: {refused[0].refusal})"
    raise BadInput(f"{path} holds several GRUs: name one with --node, out of {names}")


def warnings(gru: FileGRU) -> Iterator[str]:
    """Say what a conversion leaves out, and what its proof cannot show."""
    if gru.part_of is not None:
        yield f"it is one layer of {gru.part_of}, whose other layers are left out"
    initial = gru.facts.get("initial state", "")
    if "to be passed" in initial:
        yield f"its initial state is {initial} by the caller: a network holds none"
    yield from gru.notes
    if gru.network is not None:
        yield from (f"{problem}, {effect}" for problem, effect in limitations(gru.network))
