"""How far rounding alone can carry a program away from the equations, for one network and input.

The values are computed in float64, and with each of them a bound on the error of any program that
computes it in the network's own dtype, in whatever order it sums. Errors of a product grow with the
square root of the number of its terms (Higham & Mary 2019, SIAM J. Sci. Comput. 41, theorem 3.1,
which holds for almost all of them at `CONFIDENCE`); a curve multiplies an error by its steepest
slope within reach. So weights that saturate the curves give small bounds, and weights that make a
network chaotic give bounds that grow with every step.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from glassgate.engine import GRU
from glassgate.engine.plan import Merge, State
from glassgate.formulation import Array
from glassgate.reference import GATE_SLOPES, GATES, SQUASH_SLOPES, SQUASHES
from glassgate.weights import GRUWeights

CONFIDENCE = 6.0  # lambda of the theorem: its bound fails for one sum in 10^7 at most
CURVE_ERROR = 8.0  # units of rounding that a program's sigmoid or tanh may be off


def rounding_bound(network: GRU, input: Array, state: State) -> float:
    """Bound the error of an output or a last state of any program in the network's dtype.

    Parameters
    ----------
    network
        The network.
    input
        [T, B, I], exact in the network's dtype.
    state
        As `GRU.initial_state` returns it, exact as well.

    Returns
    -------
    float
        The largest bound; infinite where values overflow.
    """
    unit = float(np.finfo(network.dtype).eps) / 2
    initial, largest = iter(state), 0.0
    values: Array = input.astype(np.float64)
    errors: Array = np.zeros(input.shape)
    for plan, layer in zip(network.plan, network.weights, strict=True):
        outputs, bounds = [], []
        for direction, weights in zip(plan.directions, layer, strict=True):
            order = slice(None, None, -1 if direction == "reverse" else 1)
            h = next(initial).astype(np.float64)
            states, spread = _run_direction(weights, values[order], errors[order], h, unit)
            outputs.append(states[order])
            bounds.append(spread[order])
        turn = slice(None, None, -1 if plan.turns else 1)
        values = plan.combine(outputs)[turn]
        errors = _merge(plan.merge, outputs, bounds)[turn]
        largest = max(largest, *(float(bound.max(initial=0)) for bound in bounds))
    bound = max(largest, float(errors.max(initial=0)))
    return bound if np.isfinite(bound) else float("inf")


def _run_direction(
    weights: GRUWeights, values: Array, errors: Array, hidden: Array, unit: float
) -> tuple[Array, Array]:
    """Run one direction: the state after each step and its bound, each [T, B, H]."""
    states, bounds, spread = [], [], np.zeros_like(hidden)
    for x, error in zip(values, errors, strict=True):
        hidden, spread = _step(weights, x, error, hidden, spread, unit)
        states.append(hidden)
        bounds.append(spread)
    return np.stack(states), np.stack(bounds)


def _step(
    w: GRUWeights, x: Array, x_error: Array, h: Array, h_error: Array, unit: float
) -> tuple[Array, Array]:
    """Compute one step, [B, H], and its bound."""
    form = w.formulation
    W, U = w.weight_input.astype(np.float64), w.weight_hidden.astype(np.float64)
    b, c = w.bias_input.astype(np.float64), w.bias_hidden.astype(np.float64)
    share = CONFIDENCE * np.sqrt(W.shape[1] + U.shape[1] + 2) * unit
    gate, slope = GATES[form.gate], GATE_SLOPES[form.gate]
    squash, squash_slope = SQUASHES[form.squash], SQUASH_SLOPES[form.squash]

    def product(A: Array, v: Array, error: Array, bias: Array) -> tuple[Array, Array]:
        size = np.abs(v) @ np.abs(A).T + np.abs(bias)
        return v @ A.T + bias, error @ np.abs(A).T + share * size

    a, a_error = product(W, x, x_error, b)  # (B, 3H)
    a_r, a_z, a_n = np.split(a, 3, -1)
    e_r, e_z, e_n = np.split(a_error, 3, -1)
    U_r, U_z, U_n = np.split(U, 3)
    c_r, c_z, c_n = np.split(c, 3)
    m, m_error = product(U_z, h, h_error, c_z)
    z, z_error = _curve(gate, slope, a_z + m, e_z + m_error, unit)
    m, m_error = product(U_r, h, h_error, c_r)
    r, r_error = _curve(gate, slope, a_r + m, e_r + m_error, unit)
    if form.reset == "none":
        r, r_error = np.ones_like(r), np.zeros_like(r)
    if form.reset == "before":
        m, m_error = product(U_n, *_times(r, r_error, h, h_error, unit), c_n)
    else:
        m, m_error = _times(r, r_error, *product(U_n, h, h_error, c_n), unit)
    n, n_error = _curve(squash, squash_slope, a_n + m, e_n + m_error, unit)
    k = form.kept(z)
    new = k * h + (1 - k) * n
    mixed = k * h_error + (1 - k) * n_error + z_error * (np.abs(h - n) + h_error + n_error)
    return new, mixed + 4 * unit * (np.abs(k * h) + np.abs((1 - k) * n))


def _times(
    one: Array, one_error: Array, other: Array, other_error: Array, unit: float
) -> tuple[Array, Array]:
    product = one * other
    error = np.abs(one) * other_error + np.abs(other) * one_error + one_error * other_error
    return product, error + unit * np.abs(product)


def _curve(
    curve: Callable[[Array], Array],
    slope: Callable[[Array], Array],
    x: Array,
    error: Array,
    unit: float,
) -> tuple[Array, Array]:
    """Return a curve's value and its bound: the steepest slope in reach times the error.

    Every curve is steepest where it comes nearest to 0, or equally steep on both sides; a curve
    that is flat at x may still have its steepest part in reach.
    """
    nearest = np.where(np.abs(x) > error, x - np.sign(x) * error, 0.0)
    reach = np.maximum(slope(curve(x)), slope(curve(nearest)))
    reach = np.maximum(reach, slope(curve(x + error)))
    value = curve(x)
    return value, reach * error + CURVE_ERROR * unit * np.maximum(np.abs(value), 1.0)


def _merge(merge: Merge, outputs: list[Array], bounds: list[Array]) -> Array:
    """Return the bound of a layer's output from those of its directions."""
    if len(bounds) == 1 or merge == "concat":
        return np.concatenate(bounds, -1)
    if merge == "mul":
        (one, other), (one_error, other_error) = outputs, bounds
        return _times(one, one_error, other, other_error, 0.0)[1]
    return (bounds[0] + bounds[1]) / (2 if merge == "ave" else 1)
