"""Proves that two networks compute the same, by running both on random numbers."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from glassgate.engine import GRU
from glassgate.engine.plan import State, as_state
from glassgate.errors import BadInput
from glassgate.exchange.formats import OWN, run
from glassgate.exchange.found import EQUATIONS, Found
from glassgate.formulation import Array
from glassgate.weights import ARRAYS

LIMITS = {"float32": 1e-5, "float64": 1e-10}  # of what the results may differ by
STEPS, FEW, BATCH, SEED = 17, 2, 3, 0  # of the random input
ENGINE = "Glassgate's engine"
BIASES = ("bias_input", "bias_hidden")


@dataclass(frozen=True)
class Proof:
    """That two networks compute the same, and what says so.

    Parameters
    ----------
    difference
        The largest between any two outputs or last states, as a share of `scale`.
    scale
        The largest number among the source's, or 1 where that is less.
    limit
        The most that counts as the same, by the networks' dtype.
    steps
        How many steps were compared. Fewer than `STEPS` where the network makes so much of a
        rounding error that after so many of them no two programs agree.
    source
        What the source ran in.
    results
        What the result ran in.
    """

    difference: float
    scale: float
    limit: float
    steps: int
    source: str
    results: tuple[str, ...]

    def __str__(self) -> str:
        """Say the difference, and between what."""
        said = f"largest difference {self.difference:.1e}"
        if self.scale > 1:
            said += f" of values up to {self.scale:.2g}"
        if self.steps < STEPS:
            said += f" over {self.steps} steps (over {STEPS} this network lets rounding grow)"
        by = "by its own equations" if self.source == EQUATIONS else f"in {self.source}"
        said += f": source {by}, result in {' and '.join(self.results)}"
        if self.source == EQUATIONS:
            said += "; without the source's runtime the proof is by equations only"
        return said


def prove(source: Found, result: Found, path: Path) -> Proof:
    """Compare what a source and the result of its conversion make of random numbers.

    The input is normal, the state before it is not zero, the weights are the source's own.

    Parameters
    ----------
    source
        What was read.
    result
        What was read back from the file that was written.
    path
        That file, which is run itself where its own runtime is installed.

    Raises
    ------
    BadInput
        When the result cannot be taken.
    """
    network, copy = source.network, result.network
    if network is None or copy is None:
        raise BadInput(f"the result cannot be read back: {result.refusal}")
    runs = [Run(ENGINE, partial(_engine, copy))]
    if _is_finite(network):
        runs += written_runs(path, result)
    else:  # each tool makes something else of NaN: then none is asked
        source = replace(source, reference=None)
    proof = _compared(source, network, runs, STEPS)
    return proof if proof.difference <= proof.limit else _compared(source, network, runs, FEW)


def remarks(network: GRU) -> Iterator[tuple[str, str]]:
    """Say what about a network makes a proof say less than it seems to, and how so."""
    layers = [weights for layer in network.weights for weights in layer]
    if not _is_finite(network):
        yield (
            "its weights hold NaN or infinities",
            "which are kept: the proof is by equations only, and NaN in both results is the same",
        )
    with np.errstate(invalid="ignore"):  # some kinds of NaN
        zero = [name for name in BIASES if not any(getattr(one, name).any() for one in layers)]
    added = network.formulation.reset == "before"  # then only the sum of the two matters
    if zero and not (added and len(zero) == 1):
        yield f"its {' and '.join(zero)} hold zeros alone", "of whose place a proof says nothing"


def _compared(source: Found, network: GRU, runs: Sequence[Run], steps: int) -> Proof:
    dtype, rng = network.dtype, np.random.default_rng(SEED)
    x = rng.normal(size=(steps, BATCH, network.input_size)).astype(dtype)
    h = as_state([rng.uniform(-1, 1, (BATCH, H)).astype(dtype) for H in network.state_sizes])
    reference = source.reference or partial(run, network)
    scale, apart = 1.0, 0.0
    with np.errstate(all="ignore"):  # infinite weights make infinite states
        for one in runs:
            state = network.initial_state(BATCH) if one.from_zero else h
            expected, came = reference(x, state), one.run(x, state)
            for mine, other in zip(_arrays(expected, one), _arrays(came, one), strict=True):
                scale = max(scale, float(np.max(np.abs(mine), where=np.isfinite(mine), initial=0)))
                apart = max(apart, _apart(mine, other))
    runtime = source.runtime if source.reference else OWN
    limit, names = LIMITS[dtype.name], tuple(one.name for one in runs)
    return Proof(apart / scale, scale, limit, steps, runtime, names)


def _engine(copy: GRU, input: Array, state: State) -> tuple[Array, State]:
    """Run what was read back, whose numbers may be shorter than the source's."""
    return copy.run(input.astype(copy.dtype), as_state([one.astype(copy.dtype) for one in state]))


def _arrays(came: tuple[Array, State], run: Run) -> list[Array]:
    """Give what is compared: the output, and the last states where the run gives them."""
    output, state = came
    return [output] if run.from_zero else [output, *state]


def _apart(one: Array, other: Array) -> float:
    """Return the largest difference; infinite where one alone is NaN, or the shapes differ."""
    if one.shape != other.shape:
        return float("inf")
    apart = np.abs(one.astype(np.float64) - other.astype(np.float64))
    apart[(one == other) | (np.isnan(one) & np.isnan(other))] = 0
    return float(np.nan_to_num(apart, nan=np.inf).max(initial=0))


def _is_finite(network: GRU) -> bool:
    arrays = (getattr(w, name) for layer in network.weights for w in layer for name in ARRAYS)
    return all(np.isfinite(array).all() for array in arrays)


@dataclass(frozen=True)
class Run:
    """One way of running a network.

    Attributes
    ----------
    name
        What runs it.
    run
        As `GRU.run`.
    from_zero
        Whether it takes no state and gives none: it begins with zeros.
    """

    name: str
    run: Callable[[Array, State], tuple[Array, State]]
    from_zero: bool = False


def written_runs(path: Path, result: Found) -> Iterator[Run]:
    """Give every way in which other tools run a file that was written here.

    Parameters
    ----------
    path
        The file.
    result
        What was read back from it.
    """
    network, ending = result.network, path.suffix.lower()
    if network is None or result.reference is None:
        return
    if ending == ".onnx":
        if network.dtype == np.float32 and find_spec("onnxruntime"):
            yield _in_onnx_runtime(path, network)
    elif result.runtime.startswith(("torch", "keras")):
        yield Run(result.runtime, result.reference)
        if ending == ".keras":
            yield _in_keras(path, result.runtime)


def _in_onnx_runtime(path: Path, network: GRU) -> Run:
    runtime: Any = import_module("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3  # errors, which are raised as well
    session = runtime.InferenceSession(path.read_bytes(), options, ["CPUExecutionProvider"])

    def run(input: Array, state: State) -> tuple[Array, State]:
        feeds, rows = {"input": input}, list(state)
        for name in [each.name for each in session.get_inputs()][1:]:
            count = len(rows) if len(session.get_inputs()) == 2 else _directions(network, name)
            feeds[name], rows = np.stack(rows[:count]), rows[count:]
        output, *states = session.run(None, feeds)
        return output, as_state([one for some in states for one in some])

    return Run(f"onnxruntime {runtime.__version__}", run)


def _directions(network: GRU, name: str) -> int:
    """Say how many states the layer has whose initial state has this name."""
    return len(network.weights[int(name.removeprefix("layer").partition(".")[0])])


def _in_keras(path: Path, runtime: str) -> Run:
    def run(input: Array, state: State) -> tuple[Array, State]:
        from glassgate.exchange.keras.runtime import imported

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Keras about the libraries below it
            keras = imported()
            model = keras.models.load_model(path, compile=False, safe_mode=True)
            output = keras.ops.convert_to_numpy(model(input.swapaxes(0, 1)))
        return output.swapaxes(0, 1), state

    return Run(runtime.partition(",")[0] + " as a whole", run, from_zero=True)
