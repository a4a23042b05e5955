"""The arrays that every contender gets for a work, and the right answer to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from glassgate import GRUWeights, reference
from glassgate.formulation import Array
from glassgate.gates import valid_steps
from glassgate.speed.shapes import Work

Results: TypeAlias = Mapping[str, Array]
Lengths: TypeAlias = NDArray[np.int64]

GRADIENTS = ("input", "weight_input", "weight_hidden", "bias_input", "bias_hidden")
SHORTEST = 5  # steps of a ragged batch's shortest sequence
# The largest error allowed, as a share of an array's largest value. Float32 carries 6e-8; sums
# over thousands of products and a hundred steps leave 1e-6, a wrong equation 1e-2 and more.
TOLERANCE = 1e-5


@dataclass(frozen=True, eq=False)
class Problem:
    """One work's arrays, in float32.

    Attributes
    ----------
    weights
        The layer, drawn as `torch.nn.GRU` draws its own, with biases.
    input
        [T, B, I].
    initial
        The state before the first step, [B, H].
    lengths
        Valid steps of each sequence, [B]; all T of them where the work is not ragged.
    grad
        In training, the loss is the sum of output * grad, [T, B, H]; zero where a sequence has
        ended.
    """

    work: Work
    weights: GRUWeights
    input: Array
    initial: Array
    lengths: Lengths
    grad: Array


def make_problem(work: Work, seed: int = 0) -> Problem:
    """Draw the arrays of a work; the same seed draws the same ones."""
    T, B, H = work.steps, work.batch, work.hidden_size
    draw = np.random.default_rng(seed)
    shapes = ((3 * H, H), (3 * H, H), (3 * H,), (3 * H,))
    weights = GRUWeights(*(draw.uniform(-1, 1, s).astype(np.float32) / H**0.5 for s in shapes))
    input = draw.standard_normal((T, B, H), np.float32)
    initial = draw.uniform(-1, 1, (B, H)).astype(np.float32)
    lengths = lengths_of(work)
    grad = draw.standard_normal((T, B, H), np.float32) * valid_steps(lengths, T)[..., None]
    return Problem(work, weights, input, initial, lengths, grad)


def lengths_of(work: Work) -> Lengths:
    """Give the valid steps of each sequence, [B]; the first has all T of them."""
    lengths = np.full(work.batch, work.steps)
    if work.ragged:
        lengths[1:] = np.random.default_rng(0).integers(SHORTEST, work.steps + 1, work.batch - 1)
    return lengths


def solve(problem: Problem) -> Results:
    """Give what a contender must make of the problem, from `glassgate.reference` in float64.

    A ragged batch is run to its padded end: no valid step sees what comes after it, and where a
    sequence has ended `grad` is zero, so that neither outputs nor gradients know the difference.
    """
    tape = reference.forward(problem.weights, problem.input, problem.initial)
    results = {"output": tape.hidden}
    if problem.work.training:
        grads = reference.backward(tape, problem.grad)
        results |= {f"grad_{name}": getattr(grads, name) for name in GRADIENTS}
    return results


def fault(problem: Problem, found: Mapping[str, Any], right: Results) -> str | None:
    """Say in one sentence what is wrong with a contender's results; None when they are right.

    Of the output only valid steps count: what stands beyond a sequence's end is nobody's.
    """
    for name, wanted in right.items():
        if name not in found:
            return f"{name} is missing"
        came = np.asarray(found[name])
        if came.shape != wanted.shape:
            return f"{name} must have shape {wanted.shape}, got {came.shape}"
        counted = valid_steps(problem.lengths, len(came))[..., None] if name == "output" else True
        error = np.abs(np.where(counted, came - wanted, 0)).max() / np.abs(wanted).max()
        if not error <= TOLERANCE:  # NaN is refused too
            return f"{name} is off by {error:.1e} of its largest value, more than {TOLERANCE:.0e}"
    return None
