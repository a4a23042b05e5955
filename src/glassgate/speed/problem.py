"""The arrays of a workload, which all contenders get, and the correct results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from glassgate import GRUWeights, reference
from glassgate.formulation import Array
from glassgate.gates import valid_steps
from glassgate.speed.workloads import Workload

Results: TypeAlias = Mapping[str, Array]
Lengths: TypeAlias = NDArray[np.int64]

GRADIENTS = ("input", "weight_input", "weight_hidden", "bias_input", "bias_hidden")
MIN_LENGTH = 5  # steps, of the sequences of a ragged batch
# The largest error allowed, relative to an array's largest value. One rounding in float32 is 6e-8;
# sums over thousands of products and a hundred steps reach 1e-6, a wrong equation 1e-2 or more.
TOLERANCE = 1e-5


@dataclass(frozen=True, eq=False)
class Problem:
    """One work's arrays, in float32.

    Attributes
    ----------
    weights
        Of the layer, including biases, initialized like those of `torch.nn.GRU`.
    input
        [T, B, I].
    initial
        The state before the first step, [B, H].
    lengths
        Valid steps of each sequence, [B]; T unless the workload is ragged.
    grad
        [T, B, H]; the loss of training is the sum of output * grad. Zero after the end of each
        sequence.
    """

    workload: Workload
    weights: GRUWeights
    input: Array
    initial: Array
    lengths: Lengths
    grad: Array


def make_problem(workload: Workload, seed: int = 0) -> Problem:
    """Draw the arrays of a workload at random; the same seed gives the same arrays."""
    T, B, H = workload.steps, workload.batch, workload.hidden_size
    random = np.random.default_rng(seed)
    shapes = ((3 * H, H), (3 * H, H), (3 * H,), (3 * H,))
    weights = GRUWeights(*(random.uniform(-1, 1, s).astype(np.float32) / H**0.5 for s in shapes))
    input = random.standard_normal((T, B, H), np.float32)
    initial = random.uniform(-1, 1, (B, H)).astype(np.float32)
    lengths = sequence_lengths(workload)
    grad = random.standard_normal((T, B, H), np.float32) * valid_steps(lengths, T)[..., None]
    return Problem(workload, weights, input, initial, lengths, grad)


def sequence_lengths(workload: Workload) -> Lengths:
    """Return the valid steps of each sequence, [B]; the first sequence has all T."""
    lengths = np.full(workload.batch, workload.steps)
    if workload.ragged:
        lengths[1:] = np.random.default_rng(0).integers(
            MIN_LENGTH, workload.steps + 1, workload.batch - 1
        )
    return lengths


def solve(problem: Problem) -> Results:
    """Return the correct results, from `glassgate.reference` in float64.

    A ragged batch is run over its padding, too. This changes no result: valid steps do not depend
    on later ones, and `grad` is zero in the padding.
    """
    tape = reference.forward(problem.weights, problem.input, problem.initial)
    results = {"output": tape.hidden}
    if problem.workload.training:
        grads = reference.backward(tape, problem.grad)
        results |= {f"grad_{name}": getattr(grads, name) for name in GRADIENTS}
    return results


def fault(problem: Problem, results: Mapping[str, Any], expected: Results) -> str | None:
    """Describe in one sentence what is wrong with results; None if they are correct.

    Outputs in the padding are ignored.
    """
    for name, correct in expected.items():
        if name not in results:
            return f"{name} is missing"
        array = np.asarray(results[name])
        if array.shape != correct.shape:
            return f"{name} must have shape {correct.shape}, got {array.shape}"
        valid = valid_steps(problem.lengths, len(array))[..., None] if name == "output" else True
        error = np.abs(np.where(valid, array - correct, 0)).max() / np.abs(correct).max()
        if not error <= TOLERANCE:  # also true for NaN
            return f"{name} is off by {error:.1e} of its largest value, more than {TOLERANCE:.0e}"
    return None
