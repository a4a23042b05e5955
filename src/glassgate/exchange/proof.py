"""Proves that two networks compute the same, by running both on the same random numbers.

Two float32 programs that are both right differ by their rounding, and where weights are large that
may be much. So beside their difference both are measured against the equations in float64, and a
difference above `LIMITS` still counts as the same where rounding alone can explain it, by the bound
of `glassgate.exchange.rounding` for this very network and input. The bound must be small enough to
show something: where it is not after `STEPS` steps, fewer are compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from glassgate.engine import GRU
from glassgate.engine.plan import State, as_state
from glassgate.errors import BadInput
from glassgate.exchange.file_gru import SOURCE_EQUATIONS, FileGRU
from glassgate.exchange.formats import GLASSGATE_EQUATIONS, run_equations
from glassgate.exchange.rounding import rounding_bound
from glassgate.exchange.runs import Run, file_runs
from glassgate.formulation import Array
from glassgate.weights import ARRAYS, MATRICES, GRUWeights

LIMITS = {"float32": 1e-5, "float64": 1e-10}  # a difference that counts as the same in any network
WIDEST = {"float32": 1e-3, "float64": 1e-8}  # a bound on rounding that still shows something
STEPS, BATCH, SEED = 17, 3, 0  # of the random input
SHORT_STEPS = (2, 1)  # of further attempts, for networks that amplify rounding errors
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
        The largest difference that counts as the same, over `scale`: by the networks' dtype or,
        where that is larger, what rounding in both programs can explain.
    steps
        How many steps were compared. Fewer than `STEPS` where the network amplifies rounding
        errors so much that after `STEPS` no two programs agree.
    source
        What the source ran in.
    results
        What the result ran in.
    source_error, result_error
        The largest difference of each from the equations in float64, over `scale`.
    usual_limit
        The limit by the networks' dtype alone.
    unrun
        Why the source ran by equations, where it did.
    """

    difference: float
    scale: float
    limit: float
    steps: int
    source: str
    results: tuple[str, ...]
    source_error: float
    result_error: float
    usual_limit: float
    unrun: str = ""

    def __str__(self) -> str:
        """Give the difference, and what was compared."""
        text = f"largest difference {self.difference:.1e}"
        if self.scale > 1:
            text += f" of values up to {self.scale:.2g}"
        if self.steps < STEPS:
            steps = "1 step" if self.steps == 1 else f"{self.steps} steps"
            text += (
                f" over {steps} (over {STEPS} this network amplifies rounding errors too much to "
                f"compare)"
            )
        by = "by its own equations" if self.source == SOURCE_EQUATIONS else f"in {self.source}"
        text += f": source {by}, result in {' and '.join(self.results)}"
        if self.source == SOURCE_EQUATIONS:
            text += f"; the proof is by equations only{', since ' * bool(self.unrun)}{self.unrun}"
        if self.difference > self.usual_limit:
            text += (
                f"; the source differs by {self.source_error:.1e} and the result by "
                f"{self.result_error:.1e} from the equations in float64, and rounding alone may "
                f"make up to {self.limit:.1e}"
            )
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
    for steps in (STEPS, *SHORT_STEPS):
        proof = _compare(source, network, runs, steps)
        if proof.difference <= proof.usual_limit:
            break
        informative = proof.limit <= WIDEST[network.dtype.name]
        if informative and proof.difference <= proof.limit:
            break
    else:  # weights so large that even one step shows little: their bits must be the same as well
        if not _has_same_bits(network, written):
            return replace(proof, limit=proof.usual_limit)
    return proof


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
    scale, difference, source_error, result_error = 1.0, 0.0, 0.0, 0.0
    with np.errstate(all="ignore"):  # infinite weights make infinite states
        for run in runs:
            state = network.initial_state(BATCH) if run.from_zero else h
            exact = _compared_arrays(run_equations(network, x, state), run)
            expected = _compared_arrays(reference(x, state), run)
            actual = _compared_arrays(run.run(x, state), run)
            for true, wanted, got in zip(exact, expected, actual, strict=True):
                size = np.max(np.abs(wanted), where=np.isfinite(wanted), initial=0)
                scale = max(scale, float(size))
                difference = max(difference, _largest_difference(wanted, got))
                source_error = max(source_error, _largest_difference(true, wanted))
                result_error = max(result_error, _largest_difference(true, got))
        usual = LIMITS[dtype.name]
        # Only where it is needed, since it takes as long as the equations.
        rounding = 2 * rounding_bound(network, x, h) if difference / scale > usual else 0.0
    runtime = source.runtime if source.reference else GLASSGATE_EQUATIONS
    return Proof(
        difference=difference / scale,
        scale=scale,
        limit=max(usual, rounding / scale),
        steps=steps,
        source=runtime,
        results=tuple(run.name for run in runs),
        source_error=source_error / scale,
        result_error=result_error / scale,
        usual_limit=usual,
        unrun=source.unrun,
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


def _has_same_bits(one: GRU, other: GRU) -> bool:
    """Whether two networks have the same layers, and the same numbers in them.

    An update gate that writes is the same as one that keeps with negated rows, and before the
    recurrent product only the sum of the two biases matters.
    """
    if (one.plan, one.hidden_sizes, one.dtype) != (other.plan, other.hidden_sizes, other.dtype):
        return False
    stacks = (
        [w.with_update("keeps") for layer in gru.weights for w in layer] for gru in (one, other)
    )
    return all(_is_same(a, b) for a, b in zip(*stacks, strict=True))


def _is_same(a: GRUWeights, b: GRUWeights) -> bool:
    names = MATRICES if a.formulation.reset == "before" else ARRAYS
    arrays = [(getattr(a, name), getattr(b, name)) for name in names]
    arrays.append((a.bias_input + a.bias_hidden, b.bias_input + b.bias_hidden))
    same = all(np.array_equal(*pair, equal_nan=True) for pair in arrays)
    return same and a.formulation == b.formulation


def _is_finite(network: GRU) -> bool:
    arrays = (getattr(w, name) for layer in network.weights for w in layer for name in ARRAYS)
    return all(np.isfinite(array).all() for array in arrays)
