"""The gated recurrent unit in plain NumPy: the equations and their gradients.

Read this file first; every faster version is tested against it. `step` is the unit: the two gates,
the candidate, the new state. `forward` repeats it along a sequence and records every step on a
tape. `backward` goes through the tape from the end and computes the gradient of the loss with
respect to every number (backpropagation through time).

Shapes: T steps, B sequences in the batch, I inputs, H units. Arithmetic is float64.

Sources: Cho et al. 2014 (arXiv:1406.1078), Chung et al. 2014 (arXiv:1412.3555);
`glassgate.formulation` lists the forms in which the unit has been published.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from glassgate.errors import BadInput
from glassgate.formulation import Array
from glassgate.weights import GRUWeights, require_shape


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), 0..1; exp may overflow to infinity, whose reciprocal is the right 0."""
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-x))


GATES: dict[str, Callable[[Array], Array]] = {
    "sigmoid": sigmoid,
    "hard_sigmoid_fifth": lambda x: np.clip(x / 5 + 0.5, 0, 1),
    "hard_sigmoid_sixth": lambda x: np.clip(x / 6 + 0.5, 0, 1),
}
SQUASHES: dict[str, Callable[[Array], Array]] = {
    "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, 0),
    "linear": lambda x: x,
}
# The slope of each curve as a function of its value: dy/dx in terms of y.
GATE_SLOPES: dict[str, Callable[[Array], Array]] = {
    "sigmoid": lambda y: y * (1 - y),
    "hard_sigmoid_fifth": lambda y: np.where((y > 0) & (y < 1), 1 / 5, 0),
    "hard_sigmoid_sixth": lambda y: np.where((y > 0) & (y < 1), 1 / 6, 0),
}
SQUASH_SLOPES: dict[str, Callable[[Array], Array]] = {
    "tanh": lambda y: 1 - y * y,
    "relu": lambda y: np.where(y > 0, 1.0, 0.0),
    "linear": np.ones_like,
}


class Step(NamedTuple):
    """The results of one step, each [B, H]; `Tape` explains them."""

    reset: Array
    update: Array
    candidate: Array
    recurrent: Array
    hidden: Array


def step(weights: GRUWeights, input: Array, hidden: Array) -> Step:
    """Compute one step: from x_t and h_{t-1} to h_t.

    Parameters
    ----------
    weights
        The layer.
    input
        x_t, [B, I].
    hidden
        h_{t-1}, [B, H].

    Returns
    -------
    Step
        The gates, the candidate and the new state, each [B, H], in the arrays' own dtype.
    """
    form = weights.formulation
    gate, squash = GATES[form.gate], SQUASHES[form.squash]
    x_r, x_z, x_n = np.split(input @ weights.weight_input.T + weights.bias_input, 3, axis=-1)
    U_r, U_z, U_n = np.split(weights.weight_hidden, 3)  # each (H, H)
    c_r, c_z, c_n = np.split(weights.bias_hidden, 3)  # each (H,)

    update = gate(x_z + hidden @ U_z.T + c_z)
    reset = np.ones_like(update) if form.reset == "none" else gate(x_r + hidden @ U_r.T + c_r)

    if form.reset == "before":
        recurrent = (reset * hidden) @ U_n.T + c_n
        candidate = squash(x_n + recurrent)
    else:
        recurrent = hidden @ U_n.T + c_n
        candidate = squash(x_n + reset * recurrent)

    kept = form.kept(update)
    return Step(reset, update, candidate, recurrent, kept * hidden + (1 - kept) * candidate)


@dataclass(frozen=True, eq=False)
class Tape:
    """Everything a run along a sequence computed; each array [T, B, H] unless stated.

    Attributes
    ----------
    weights
        The layer.
    input
        x, [T, B, I].
    initial
        The state before the first step, [B, H].
    reset
        r, 0..1; ones where the formulation has no reset gate.
    update
        z, 0..1, as the formulation defines it.
    candidate
        n, the new content proposed for the state.
    recurrent
        The recurrent part of the candidate's sum: U_n h + c_n, or U_n (r * h) + c_n where the
        reset gate is applied before the product.
    hidden
        h, the state after each step.
    """

    weights: GRUWeights
    input: Array
    initial: Array
    reset: Array
    update: Array
    candidate: Array
    recurrent: Array
    hidden: Array

    @property
    def kept(self) -> Array:
        """k, the share of the previous state kept in this one, 0..1, [T, B, H]."""
        return self.weights.formulation.kept(self.update)

    @property
    def previous(self) -> Array:
        """The state before each step, [T, B, H]; `initial`, then `hidden` without its last."""
        return np.concatenate([self.initial[None], self.hidden[:-1]])


def forward(weights: GRUWeights, input: Array, initial: Array | None = None) -> Tape:
    """Run the layer along a sequence, in float64.

    Parameters
    ----------
    weights
        The layer.
    input
        [T, B, I], at least one step.
    initial
        The state before the first step, [B, H]; zeros if not given.

    Raises
    ------
    BadInput
        When a shape does not fit, or the sequence is empty.
    """
    weights, input, initial = check_sequence(weights.astype(np.float64), input, initial)
    steps, hidden = [], initial
    for x in input:  # (B, I)
        steps.append(step(weights, x, hidden))
        hidden = steps[-1].hidden
    return Tape(weights, input, initial, *map(np.stack, zip(*steps, strict=True)))


def check_sequence(
    weights: GRUWeights, input: Array, initial: Array | None
) -> tuple[GRUWeights, Array, Array]:
    """Convert a sequence and its initial state to the weights' dtype and check their shapes.

    Raises
    ------
    BadInput
        When `input` is not [T, B, I] with T at least 1, or `initial` not [B, H].
    """
    input = np.asarray(input, weights.dtype)
    require_shape("input", input.shape, ("T", "B", weights.input_size))
    if not len(input):
        raise BadInput(f"input must hold at least one step, got shape {input.shape}")
    B, H = input.shape[1], weights.hidden_size
    initial = np.zeros((B, H)) if initial is None else initial
    require_shape("initial", np.shape(initial), (B, H))
    return weights, input, np.asarray(initial, weights.dtype)


@dataclass(frozen=True, eq=False)
class Gradients:
    """The loss's derivative with respect to each array, of that array's shape."""

    input: Array
    initial: Array
    weight_input: Array
    weight_hidden: Array
    bias_input: Array
    bias_hidden: Array


def backward(tape: Tape, grad_hidden: Array, grad_last: Array | None = None) -> Gradients:
    """Backpropagate through time, in float64.

    Parameters
    ----------
    tape
        What `forward` returned.
    grad_hidden
        The derivative of the loss with respect to each state where it is an output, [T, B, H].
    grad_last
        The derivative with respect to the last state from whatever follows the sequence, [B, H];
        zeros if not given.

    Raises
    ------
    BadInput
        When a shape does not fit.
    """
    require_shape("grad_hidden", np.shape(grad_hidden), tape.hidden.shape)
    carried = np.zeros(tape.initial.shape) if grad_last is None else np.asarray(grad_last)
    require_shape("grad_last", carried.shape, tape.initial.shape)

    T, B, H = tape.hidden.shape
    grad_sums = np.zeros((T, B, 3 * H))  # to W x + b, in the order reset, update, candidate
    grad_past = np.zeros((T, B, 3 * H))  # to U h + c, or U_n (r * h) + c_n
    for t in reversed(range(T)):
        grad_sums[t], grad_past[t], carried = _step_backward(tape, t, grad_hidden[t] + carried)

    weights, previous = tape.weights, tape.previous
    before = weights.formulation.reset == "before"
    recalled = tape.reset * previous if before else previous  # the state that U_n multiplied
    return Gradients(
        input=grad_sums @ weights.weight_input,
        initial=carried,
        weight_input=np.einsum("tbg,tbi->gi", grad_sums, tape.input),
        weight_hidden=np.concatenate(
            [
                np.einsum("tbg,tbh->gh", grad_past[..., : 2 * H], previous),
                np.einsum("tbg,tbh->gh", grad_past[..., 2 * H :], recalled),
            ]
        ),
        bias_input=grad_sums.sum((0, 1)),
        bias_hidden=grad_past.sum((0, 1)),
    )


def _step_backward(tape: Tape, t: int, grad: Array) -> tuple[Array, Array, Array]:
    """From dL/dh_t to dL/d(W x + b) [B, 3H], dL/d(U h + c) [B, 3H] and dL/dh_{t-1} [B, H]."""
    form = tape.weights.formulation
    U_r, U_z, U_n = np.split(tape.weights.weight_hidden, 3)
    reset, update, candidate, kept = tape.reset[t], tape.update[t], tape.candidate[t], tape.kept[t]
    hidden = tape.hidden[t - 1] if t else tape.initial
    gate_slope = GATE_SLOPES[form.gate]

    grad_kept = grad * (hidden - candidate)
    grad_update = (grad_kept if form.update == "keeps" else -grad_kept) * gate_slope(update)
    grad_candidate = grad * (1 - kept) * SQUASH_SLOPES[form.squash](candidate)
    grad_hidden = grad * kept + grad_update @ U_z

    if form.reset == "before":
        grad_recurrent = grad_candidate
        grad_recalled = grad_recurrent @ U_n  # to r * h
        grad_reset = grad_recalled * hidden * gate_slope(reset)
        grad_hidden += grad_recalled * reset
    else:
        grad_recurrent = grad_candidate * reset
        grad_reset = grad_candidate * tape.recurrent[t] * gate_slope(reset)
        grad_hidden += grad_recurrent @ U_n
    if form.reset == "none":
        grad_reset = np.zeros_like(grad_reset)
    grad_hidden += grad_reset @ U_r

    grad_sums = np.concatenate([grad_reset, grad_update, grad_candidate], -1)
    grad_past = np.concatenate([grad_reset, grad_update, grad_recurrent], -1)
    return grad_sums, grad_past, grad_hidden
