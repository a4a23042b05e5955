"""Exact conversion between the arrays of ONNX's GRU node and `GRUWeights`, without `onnx`.

The node's update gate keeps, and its rows come in the order update, reset, candidate.
`glassgate.exchange.onnx.node` describes the rest of the node.
"""

from collections.abc import Sequence

import numpy as np

from glassgate.errors import BadInput
from glassgate.exchange.conventions import swap_reset_update
from glassgate.exchange.onnx.node import (
    DEFAULT_PARAMETERS,
    Activation,
    NodeArrays,
    activation_parameters,
    node_sizes,
)
from glassgate.formulation import Formulation, Gate, Reset, Squash
from glassgate.weights import GRUWeights

# Alpha and beta are the float32 numbers that a file holds.
GATES: dict[Gate, Activation] = {
    "sigmoid": Activation("Sigmoid"),
    "hard_sigmoid_fifth": Activation("HardSigmoid", float(np.float32(0.2)), 0.5),
    "hard_sigmoid_sixth": Activation("HardSigmoid", float(np.float32(1 / 6)), 0.5),
}
SQUASHES: dict[Squash, Activation] = {
    "tanh": Activation("Tanh"),
    "relu": Activation("Relu"),
    "linear": Activation("Affine", 1.0, 0.0),
}


def from_onnx(node: NodeArrays) -> tuple[GRUWeights, ...]:
    """Convert a node's arrays to the weights of each of its directions.

    Parameters
    ----------
    node
        The arrays, of float32 or float64; they are copied.

    Returns
    -------
    tuple of GRUWeights
        One for each direction; their update gate ``"keeps"``.

    Raises
    ------
    BadInput
        When a shape does not fit, an activation has no counterpart in Glassgate, or the node clips.
    TypeError
        When an array is neither float32 nor float64.

    Examples
    --------
    >>> from glassgate.exchange.onnx import NodeArrays, activation_pairs
    >>> W, R = np.ones((1, 6, 3), np.float32), np.ones((1, 6, 2), np.float32)
    >>> pairs = activation_pairs(["HardSigmoid", "Tanh"], [0.2], [0.5], directions=1)
    >>> (weights,) = from_onnx(NodeArrays(W, R, None, False, pairs))
    >>> weights.formulation.reset, weights.formulation.gate
    ('before', 'hard_sigmoid_fifth')
    >>> from_onnx(NodeArrays(W, R))[0].formulation.gate
    'sigmoid'
    """
    if node.clip is not None:
        raise BadInput(
            f"the node clips its sums at {node.clip:g}, which has no exact counterpart in Glassgate"
        )
    D, H = node_sizes(node)
    B = np.zeros((D, 6 * H), node.W.dtype) if node.B is None else node.B
    reset: Reset = "after" if node.linear_before_reset else "before"
    return tuple(
        GRUWeights(
            swap_reset_update(node.W[d]),
            swap_reset_update(node.R[d]),
            swap_reset_update(B[d, : 3 * H]),
            swap_reset_update(B[d, 3 * H :]),
            Formulation("keeps", reset, _gate(gate), _squash(squash)),
        )
        for d, (gate, squash) in enumerate(node.pairs)
    )


def to_onnx(directions: Sequence[GRUWeights]) -> NodeArrays:
    """Convert the weights of one layer's directions to a node's arrays, the inverse of `from_onnx`.

    An update gate that ``"writes"`` is converted to one that ``"keeps"``, exactly. bfloat16 weights
    become float32.

    Parameters
    ----------
    directions
        One or two `GRUWeights` of the same sizes and formulation.

    Raises
    ------
    BadInput
        When the formulation has no reset gate.
    """
    form = directions[0].formulation
    if form.reset == "none":
        raise BadInput('ONNX has no GRU without a reset gate, so reset "none" cannot be written')
    kept = [weights.with_update("keeps") for weights in directions]
    biases = [(swap_reset_update(w.bias_input), swap_reset_update(w.bias_hidden)) for w in kept]
    activations = GATES[form.gate], SQUASHES[form.squash]
    return NodeArrays(
        np.stack([swap_reset_update(weights.weight_input) for weights in kept]),  # (D, 3H, I)
        np.stack([swap_reset_update(weights.weight_hidden) for weights in kept]),  # (D, 3H, H)
        np.stack([np.concatenate(pair) for pair in biases]),  # (D, 6H)
        form.reset == "after",
        (activations,) * len(kept),
    )


def _gate(activation: Activation) -> Gate:
    for gate, known in GATES.items():
        if _is_same(activation, known):
            return gate
    raise BadInput(f"Glassgate has no gate activation {_describe(activation)}")


def _squash(activation: Activation) -> Squash:
    for squash, known in SQUASHES.items():
        if _is_same(activation, known):
            return squash
    raise BadInput(f"Glassgate has no candidate activation {_describe(activation)}")


def _is_same(one: Activation, other: Activation) -> bool:
    parameters = [np.array(activation_parameters(a), np.float32) for a in (one, other)]
    return one.name.lower() == other.name.lower() and np.array_equal(parameters[0], parameters[1])


def _describe(activation: Activation) -> str:
    if activation.name.lower() not in DEFAULT_PARAMETERS:
        return activation.name
    alpha, beta = activation_parameters(activation)
    return f"{activation.name} with alpha {alpha:g} and beta {beta:g}"
