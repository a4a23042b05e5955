"""Takes a GRU from one tool's file to another's, and proves that it computes the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from glassgate.engine import GRU
from glassgate.engine.state import State, as_state
from glassgate.errors import BadInput, printable
from glassgate.exchange.formats import OWN, read, require_writable, run, write
from glassgate.exchange.found import EQUATIONS, Found
from glassgate.files import write_whole
from glassgate.formulation import Array
from glassgate.weights import ARRAYS

LIMITS = {"float32": 1e-5, "float64": 1e-10}  # of what the results may differ by
STEPS, BATCH, SEED = 17, 3, 0  # of the random input
ENGINE = "Glassgate's engine"


@dataclass(frozen=True)
class Proof:
    """That two networks compute the same, and what says so.

    Parameters
    ----------
    difference
        The largest between any two outputs or last states; as a share of the largest number among
        the source's where that exceeds 1.
    limit
        The most that counts as the same, by the networks' dtype.
    source
        What the source ran in.
    results
        What the result ran in.
    """

    difference: float
    limit: float
    source: str
    results: tuple[str, ...]

    def __str__(self) -> str:
        """Say the difference, and between what."""
        ran = f"source in {self.source}, result in {' and '.join(self.results)}"
        said = f"largest difference {self.difference:.1e}: {ran}"
        if self.source == EQUATIONS:
            said += "; without the source's runtime the proof is by equations only"
        return said


@dataclass(frozen=True)
class Conversion:
    """What was converted: the GRU, the proof, and what to be warned of."""

    found: Found
    proof: Proof
    warnings: tuple[str, ...]


def convert(
    source: Path, target: Path, node: str | None = None, overwrite: bool = False
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
        proof = prove(found, pick(draft, read(draft), None))
        if not proof.difference <= proof.limit:
            raise BadInput(
                f"{target} is not written, since it would not compute what {source} computes, "
                f"to {proof.limit:.0e}: {proof}"
            )
        write_whole(target, draft.read_bytes())
    return Conversion(found, proof, tuple(warnings(found.network)))


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
    if node is None:
        raise BadInput(f"{path} holds {len(whole)} GRUs: name one with --node out of {names}")
    raise BadInput(f"{path} holds {len(named)} GRUs named {node}: it has {names}")


def prove(source: Found, result: Found) -> Proof:
    """Compare what a source and the result of its conversion make of random numbers.

    The input is normal, the state before it is not zero, the weights are the source's own.

    Raises
    ------
    BadInput
        When the result cannot be taken, or its sizes are not the source's.
    """
    network, copy = source.network, result.network
    if network is None or copy is None:
        raise BadInput(f"the result cannot be read back: {result.refusal}")
    dtype, rng = network.dtype, np.random.default_rng(SEED)
    x = rng.normal(size=(STEPS, BATCH, network.input_size)).astype(dtype)
    h = as_state([rng.uniform(-1, 1, (BATCH, H)).astype(dtype) for H in network.state_sizes])
    with np.errstate(all="ignore"):  # infinite weights make infinite states
        expected = source.reference(x, h) if source.reference else run(network, x, h)
        narrow = as_state([states.astype(copy.dtype) for states in h])
        runs = {ENGINE: copy.run(x.astype(copy.dtype), narrow)}
        if result.reference and result.runtime not in (EQUATIONS, OWN):
            runs[result.runtime] = result.reference(x, h)
        difference = max(_difference(expected, came) for came in runs.values())
    runtime = source.runtime if source.reference else OWN
    return Proof(difference, LIMITS[dtype.name], runtime, tuple(runs))


def warnings(network: GRU) -> Iterator[str]:
    """Say what about a network makes a proof say less than it seems to."""
    arrays = [
        (name, getattr(weights, name))
        for layer in network.weights
        for weights in layer
        for name in ARRAYS
    ]
    if not all(np.isfinite(array).all() for _, array in arrays):
        yield (
            "its weights hold NaN or infinities, which are kept: where both results are NaN, "
            "they count as the same"
        )
    with np.errstate(invalid="ignore"):  # some kinds of NaN
        told = any(array.any() for name, array in arrays if name.startswith("bias"))
    if not told:
        yield "its biases are all zero, so the proof says nothing about where they go"


def _difference(expected: tuple[Array, State], came: tuple[Array, State]) -> float:
    """Return the largest difference; infinite where one alone is NaN, or the shapes differ."""
    largest = 0.0
    if len(expected[1]) != len(came[1]):
        return float("inf")
    for one, other in zip((expected[0], *expected[1]), (came[0], *came[1]), strict=True):
        if one.shape != other.shape:
            return float("inf")
        apart = np.abs(one.astype(np.float64) - other.astype(np.float64))
        apart[(one == other) | (np.isnan(one) & np.isnan(other))] = 0
        scale = max(1.0, float(np.max(np.abs(one), where=np.isfinite(one), initial=0)))
        largest = max(largest, float(np.nan_to_num(apart, nan=np.inf).max(initial=0)) / scale)
    return largest
