"""ONNX's GRU node: what it holds, and its equations in NumPy, without the `onnx` package.

The node (https://onnx.ai/onnx/operators/onnx__GRU.html) holds D directions, and its rows come in
the order **update, reset, hidden**, hidden being the candidate here::

    z = f(W_z x + R_z h + Wb_z + Rb_z)
    r = f(W_r x + R_r h + Wb_r + Rb_r)
    n = g(W_h x + R_h (r * h) + Wb_h + Rb_h)        linear_before_reset = 0
    n = g(W_h x + r * (R_h h + Rb_h) + Wb_h)        linear_before_reset = 1
    h' = (1 - z) * n + z * h

W is [D, 3H, I], R [D, 3H, H] and B [D, 6H]: the three Wb, then the three Rb. The equations here use
nothing of the conversion, so that they can prove it.
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
    """An ONNX activation: its name, in any case, and the parameters that some of them take."""

    name: str
    alpha: float | None = None
    beta: float | None = None


Pair: TypeAlias = tuple[Activation, Activation]  # f of both gates, g of the candidate

# Alpha and beta where a node gives none, for the activations that take them.
DEFAULT_PARAMETERS = {"hardsigmoid": (0.2, 0.5), "affine": (1.0, 0.0)}
FUNCTIONS: dict[str, Callable[[Array, float, float], Array]] = {
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
        Whether the reset gate is applied after the recurrent product.
    activations
        f and g of each direction; where there are none, Sigmoid and Tanh, ONNX's default.
    clip
        The bound at which the node clips its sums; None where it does not clip.
    """

    W: Array
    R: Array
    B: Array | None = None
    linear_before_reset: bool = False
    activations: tuple[Pair, ...] = ()
    clip: float | None = None

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """F and g of each direction, ONNX's default where none are given."""
        return self.activations or ((Activation("Sigmoid"), Activation("Tanh")),) * len(self.R)


def activation_pairs(
    names: Sequence[str], alphas: Sequence[float], betas: Sequence[float], directions: int
) -> tuple[Pair, ...]:
    """Pair a node's activations with their parameters, which those that have any take in turn.

    Parameters
    ----------
    names
        f and g of each direction, as the node lists them; empty means Sigmoid and Tanh.
    alphas, betas
        The node's `activation_alpha` and `activation_beta`.
    directions
        1 or 2.

    Raises
    ------
    BadInput
        When there are not two names for each direction, or when parameters are left over although
        every activation is known, so that it is unclear which they belong to.
    """
    names = names or ("Sigmoid", "Tanh") * directions
    if len(names) != 2 * directions:
        raise BadInput(f"activations must be {2 * directions} names, got {len(names)}")
    unused = list(alphas), list(betas)
    activations = []
    for name in names:
        has_parameters = name.lower() in DEFAULT_PARAMETERS
        alpha, beta = (numbers.pop(0) if has_parameters and numbers else None for numbers in unused)
        activations.append(Activation(name, alpha, beta))
    if any(unused) and all(name.lower() in FUNCTIONS for name in names):
        raise BadInput(
            "activation_alpha and activation_beta hold more numbers than the activations take"
        )
    return tuple(zip(activations[::2], activations[1::2], strict=True))


def node_sizes(node: NodeArrays) -> tuple[int, int]:
    """Return a node's D and H, after checking its shapes.

    Raises
    ------
    BadInput
        When the shapes of its arrays do not fit together.
    """
    D, H = len(node.pairs) if node.R.ndim else 1, node.R.shape[-1] if node.R.ndim else 0
    require_shape("R", node.R.shape, (D, 3 * H, H))
    require_shape("W", node.W.shape, (D, 3 * H, "I"))
    if node.B is not None:
        require_shape("B", node.B.shape, (D, 6 * H))
    return D, H


def activation_parameters(activation: Activation) -> tuple[float, float]:
    """Return alpha and beta: ONNX's defaults where the node gives none, 0 where unused."""
    alpha, beta = DEFAULT_PARAMETERS.get(activation.name.lower(), (0.0, 0.0))
    alpha = alpha if activation.alpha is None else activation.alpha
    return alpha, beta if activation.beta is None else activation.beta


def run_node(
    node: NodeArrays, input: Array, initial: Array, direction: str = "forward"
) -> tuple[Array, Array]:
    """Run the node by its own equations in float64, using nothing of the conversion.

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
    f, g = map(_function, node.pairs[d])
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


def _function(activation: Activation) -> Callable[[Array], Array]:
    function = FUNCTIONS[activation.name.lower()]
    alpha, beta = activation_parameters(activation)
    return lambda x: function(x, alpha, beta)
