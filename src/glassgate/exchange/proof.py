"""Proves that two networks compute the same, by running both on the same random numbers."""

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
from glassgate.exchange.file_gru import SOURCE_EQUATIONS, FileGRU
from glassgate.exchange.formats import GLASSGATE_EQUATIONS, run_equations
from glassgate.formulation import Array
from glassgate.weights import ARRAYS

LIMITS = {"float32": 1e-5, "float64": 1e-10}  # the largest difference that counts as the same
STEPS, BATCH, SEED = 17, 3, 0  # of the random input
SHORT_STEPS = 2  # of the second attempt, for networks that amplify rounding errors
ENGINE = "Glassgate's engine"
BIASES = ("bias_input", "bias_hidden")


@dataclass(frozen=True)
class Proof:
    """How far source and result differ, and what they ran in.

    Parameters
    ----------
    difference
        The largest difference between any two outputs or last states, divided by `scale`.
    scale
        The largest absolute value among the source's outputs and states, at least 1.
    limit
        The largest difference that counts as the same, by the networks' dtype.
    steps
        How many steps were compared. Fewer than `STEPS` where the network amplifies rounding
        errors so much that after `STEPS` no two programs agree.
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
        """Give the difference, and what was compared."""
        text = f"largest difference {self.difference:.1e}"
        if self.scale > 1:
            text += f" of values up to {self.scale:.2g}"
        if self.steps < STEPS:
            text += (
                f" over {self.steps} steps (over {STEPS} this network amplifies rounding errors "
                f"too much to compare)"
            )
        by = "by its own equations" if self.source == SOURCE_EQUATIONS else f"in {self.source}"
        text += f": source {by}, result in {' and '.join(self.results)}"
        if self.source == SOURCE_EQUATIONS:
            text += "; without the source's runtime the proof is by equations only"
        return text


def prove(source: FileGRU, result: FileGRU, path: Path) -> Proof:
    """Run a source and the result of its conversion on the same random numbers, and compare.

    The input is normal, the initial state is not zero, the weights are the source's own.

    Parameters
    ----------
    source
        The GRU as it was read.
    result
        The GRU as it was read back from the file that was written.
    path
        That file, which is run itself where the tool it is for is installed.

    Raises
    ------
    BadInput
        When the result cannot be read back.
    """
    network, written = source.network, result.network
    if network is None or written is None:
        raise BadInput(f"the result cannot be read back: {result.refusal}")
    runs = [Run(ENGINE, partial(_run_engine, written))]
    if _is_finite(network):
        runs += file_runs(path, result)
    else:  # tools differ in what they make of NaN, so none is run
        source = replace(source, reference=None)
    proof = _compare(source, network, runs, STEPS)
    if proof.difference <= proof.limit:
        return proof
    return _compare(source, network, runs, SHORT_STEPS)


def limitations(network: GRU) -> Iterator[tuple[str, str]]:
    """Say what about a network makes a proof show less than it seems to, and what it misses."""
    layers = [weights for layer in network.weights for weights in layer]
    if not _is_finite(network):
        yield (
            "its weights hold NaN or infinities",
            "which are kept: the proof is by equations only, and counts NaN in both as equal",
        )
    with np.errstate(invalid="ignore"):  # signaling NaN
        zero = [name for name in BIASES if not any(getattr(w, name).any() for w in layers)]
    summed = network.formulation.reset == "before"  # then only the sum of the two matters
    if zero and not (summed and len(zero) == 1):
        yield (
            f"its {' and '.join(zero)} are all zero",
            "so the proof cannot show that biases are in the right place",
        )


def _compare(source: FileGRU, network: GRU, runs: Sequence[Run], steps: int) -> Proof:
    dtype, rng = network.dtype, np.random.default_rng(SEED)
    x = rng.normal(size=(steps, BATCH, network.input_size)).astype(dtype)
    h = as_state([rng.uniform(-1, 1, (BATCH, H)).astype(dtype) for H in network.state_sizes])
    reference = source.reference or partial(run_equations, network)
    scale, difference = 1.0, 0.0
    with np.errstate(all="ignore"):  # infinite weights make infinite states
        for run in runs:
            state = network.initial_state(BATCH) if run.from_zero else h
            expected = _compared_arrays(reference(x, state), run)
            actual = _compared_arrays(run.run(x, state), run)
            for wanted, got in zip(expected, actual, strict=True):
                size = np.max(np.abs(wanted), where=np.isfinite(wanted), initial=0)
                scale = max(scale, float(size))
                difference = max(difference, _largest_difference(wanted, got))
    runtime = source.runtime if source.reference else GLASSGATE_EQUATIONS
    return Proof(
        difference=difference / scale,
        scale=scale,
        limit=LIMITS[dtype.name],
        steps=steps,
        source=runtime,
        results=tuple(run.name for run in runs),
    )


def _run_engine(written: GRU, input: Array, state: State) -> tuple[Array, State]:
    """Run the network that was read back, whose dtype may be narrower than the source's."""
    dtype = written.dtype
    return written.run(input.astype(dtype), as_state([h.astype(dtype) for h in state]))


def _compared_arrays(result: tuple[Array, State], run: Run) -> list[Array]:
    """List what is compared: the output, and the last states where the run returns them."""
    output, state = result
    return [output] if run.from_zero else [output, *state]


def _largest_difference(one: Array, other: Array) -> float:
    """Return the largest difference; infinite where only one is NaN, or the shapes differ."""
    if one.shape != other.shape:
        return float("inf")
    difference = np.abs(one.astype(np.float64) - other.astype(np.float64))
    difference[(one == other) | (np.isnan(one) & np.isnan(other))] = 0
    return float(np.nan_to_num(difference, nan=np.inf).max(initial=0))


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
        Whether it takes no state and returns none, but begins with zeros.
    """

    name: str
    run: Callable[[Array, State], tuple[Array, State]]
    from_zero: bool = False


def file_runs(path: Path, result: FileGRU) -> Iterator[Run]:
    """Yield every way in which other tools can run a file that was written here.

    Parameters
    ----------
    path
        The file.
    result
        The GRU that was read back from it.
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
    options.log_severity_level = 3  # log errors only, which are raised as well
    session = runtime.InferenceSession(path.read_bytes(), options, ["CPUExecutionProvider"])

    def run(input: Array, state: State) -> tuple[Array, State]:
        feeds, rows = {"input": input}, list(state)
        names = [argument.name for argument in session.get_inputs()]
        for name in names[1:]:
            count = len(rows) if len(names) == 2 else _layer_directions(network, name)
            feeds[name], rows = np.stack(rows[:count]), rows[count:]
        output, *states = session.run(None, feeds)
        return output, as_state([h for layer in states for h in layer])

    return Run(f"onnxruntime {runtime.__version__}", run)


def _layer_directions(network: GRU, name: str) -> int:
    """Count the directions of the layer whose initial state has this name."""
    return len(network.weights[int(name.removeprefix("layer").partition(".")[0])])


def _in_keras(path: Path, runtime: str) -> Run:
    def run(input: Array, state: State) -> tuple[Array, State]:
        from glassgate.exchange.keras.runtime import import_keras

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # from Keras, about the packages it uses
            keras = import_keras()
            model = keras.models.load_model(path, compile=False, safe_mode=True)
            output = keras.ops.convert_to_numpy(model(input.swapaxes(0, 1)))
        return output.swapaxes(0, 1), state

    return Run(runtime.partition(",")[0] + " as a whole", run, from_zero=True)
