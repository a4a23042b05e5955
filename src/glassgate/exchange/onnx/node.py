"""ONNX's GRU node: what it holds, and its equations in NumPy; the `onnx` package is not needed.

The node (https://onnx.ai/onnx/operators/onnx__GRU.html) holds D directions, and its rows come in
the order **update, reset, hidden**, hidden being the candidate here::

    z = f(W_z x + R_z h + Wb_z + Rb_z)
    r = f(W_r x + R_r h + Wb_r + Rb_r)
    n = g(W_h x + R_h (r * h) + Wb_h + Rb_h)        linear_before_reset = 0
    n = g(W_h x + r * (R_h h + Rb_h) + Wb_h)        linear_before_reset = 1
    h' = (1 - z) * n + z * h

W is [D, 3H, I], R [D, 3H, H] and B [D, 6H]: the three Wb, then the three Rb. The equations stand
apart from every conversion, to prove conversions by.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from glassgate.engine.plan import BOTH, Direction
from glassgate.errors import BadInput
from glassgate.formulation import Array
from glassgate.weights import require_shape

DIRECTIONS: dict[str, tuple[Direction, ...]] = {
    "forward": ("forward",),
    "reverse": ("reverse",),
    "bidirectional": BOTH,
}


class Activation(NamedTuple):
    """One of ONNX's curves by name, in any case, and the numbers that some of them take."""

    name: str
    alpha: float | None = None
    beta: float | None = None


Pair: TypeAlias = tuple[Activation, Activation]  # f of both gates, g of the candidate

# What alpha and beta are where a node gives none, for the curves that take them.
DEFAULTS = {"hardsigmoid": (0.2, 0.5), "affine": (1.0, 0.0)}
CURVES: dict[str, Callable[[Array, float, float], Array]] = {
    "sigmoid": lambda x, *_: 0.5 + 0.5 * np.tanh(0.5 * x),
    "hardsigmoid": lambda x, alpha, beta: np.clip(alpha * x + beta, 0, 1),
    "tanh": lambda x, *_: np.tanh(x),
    "relu": lambda x, *_: np.maximum(x, 0),
    "affine": lambda x, alpha, beta: alpha * x + beta,
}


class NodeArrays(NamedTuple):
    """What a GRU node holds.

    Attributes
    ----------
    W, R, B
        [D, 3H, I], [D, 3H, H] and [D, 6H]; B is None where the node has no biases.
    linear_before_reset
        Whether the reset gate stands after the recurrent product.
    activations
        f and g of each direction.
    clip
        The bound that the node puts on its sums; None without one.
    """

    W: Array
    R: Array
    B: Array | None
    linear_before_reset: bool
    activations: tuple[Pair, ...]
    clip: float | None = None


def activation_pairs(
    names: Sequence[str], alphas: Sequence[float], betas: Sequence[float], directions: int
) -> tuple[Pair, ...]:
    """Give each curve of a node its numbers: taken in turn by those curves that take any.

    Parameters
    ----------
    names
        f and g of each direction, as the node lists them; empty stands for Sigmoid and Tanh.
    alphas, betas
        The node's `activation_alpha` and `activation_beta`.
    directions
        1 or 2.

    Raises
    ------
    BadInput
        When the names are not two a direction, or when numbers are left over though every curve
        is known: then it is uncertain whose they are.
    """
    names = names or ("Sigmoid", "Tanh") * directions
    if len(names) != 2 * directions:
        raise BadInput(f"activations must be {2 * directions} names, got {len(names)}")
    left = list(alphas), list(betas)
    curves = []
    for name in names:
        takes = name.lower() in DEFAULTS
        alpha, beta = (have.pop(0) if takes and have else None for have in left)
        curves.append(Activation(name, alpha, beta))
    if any(left) and all(name.lower() in CURVES for name in names):
        raise BadInput("activation_alpha and activation_beta hold more numbers than curves take")
    return tuple((curves[i], curves[i + 1]) for i in range(0, len(curves), 2))


def node_sizes(node: NodeArrays) -> tuple[int, int]:
    """Give a node's D and H.

    Raises
    ------
    BadInput
        When the shapes of its arrays do not fit together.
    """
    D, H = len(node.activations), node.R.shape[-1] if node.R.ndim else 0
    require_shape("R", node.R.shape, (D, 3 * H, H))
    require_shape("W", node.W.shape, (D, 3 * H, "I"))
    if node.B is not None:
        require_shape("B", node.B.shape, (D, 6 * H))
    return D, H


def curve_numbers(activation: Activation) -> tuple[float, float]:
    """Give a curve's alpha and beta, those of ONNX where the node gives none; 0 if it has none."""
    alpha, beta = DEFAULTS.get(activation.name.lower(), (0.0, 0.0))
    alpha = alpha if activation.alpha is None else activation.alpha
    return alpha, beta if activation.beta is None else activation.beta


def run_node(
    node: NodeArrays, input: Array, initial: Array, direction: str = "forward"
) -> tuple[Array, Array]:
    """Run the node by its own equations in float64, apart from every conversion.

    Parameters
    ----------
    node
        The arrays.
    input
        X, [T, B, I].
    initial
        initial_h, [D, B, H].
    direction
        ``"forward"``, ``"reverse"`` or ``"bidirectional"``.

    Returns
    -------
    output
        Y, [T, D, B, H].
    last
        Y_h, [D, B, H].
    """
    D, H = node_sizes(node)
    biases = np.zeros((D, 6 * H)) if node.B is None else node.B
    outputs, last = [], []
    for d in range(D):
        backward = direction == "reverse" or d == 1
        hidden: Array = np.asarray(initial[d], np.float64)
        states = []
        for x in np.asarray(input[::-1] if backward else input, np.float64):
            hidden = _node_step(node, d, biases[d], x, hidden)
            states.append(hidden)
        outputs.append(np.stack(states[::-1] if backward else states))  # (T, B, H)
        last.append(hidden)
    return np.stack(outputs, 1), np.stack(last)


def _node_step(node: NodeArrays, d: int, biases: Array, x: Array, hidden: Array) -> Array:
    f, g = map(_curve, node.activations[d])
    W_z, W_r, W_h = np.split(node.W[d], 3)
    R_z, R_r, R_h = np.split(node.R[d], 3)
    Wb_z, Wb_r, Wb_h, Rb_z, Rb_r, Rb_h = np.split(biases, 6)
    z = f(x @ W_z.T + hidden @ R_z.T + Wb_z + Rb_z)  # (B, H)
    r = f(x @ W_r.T + hidden @ R_r.T + Wb_r + Rb_r)
    if node.linear_before_reset:
        n = g(x @ W_h.T + r * (hidden @ R_h.T + Rb_h) + Wb_h)
    else:
        n = g(x @ W_h.T + (r * hidden) @ R_h.T + Rb_h + Wb_h)
    return (1 - z) * n + z * hidden


def _curve(activation: Activation) -> Callable[[Array], Array]:
    curve = CURVES[activation.name.lower()]
    alpha, beta = curve_numbers(activation)
    return lambda x: curve(x, alpha, beta)
