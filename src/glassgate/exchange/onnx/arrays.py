"""The arrays of ONNX's GRU node, to and from `GRUWeights`; the `onnx` package is not needed.

The node's update gate keeps, and its rows come in the order update, reset, candidate; the rest of
it stands in `glassgate.exchange.onnx.node`.
"""

from collections.abc import Sequence

import numpy as np

from glassgate.errors import BadInput
from glassgate.exchange.conventions import swapped
from glassgate.exchange.onnx.node import (
    DEFAULTS,
    Activation,
    NodeArrays,
    curve_numbers,
    node_sizes,
)
from glassgate.formulation import Formulation, Gate, Reset, Squash
from glassgate.weights import GRUWeights

# Alpha and beta as the float32 numbers that a file holds.
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
    """Turn a node's arrays into the weights of each of its directions.

    Parameters
    ----------
    node
        The arrays, float32 or float64; they are copied.

    Returns
    -------
    tuple of GRUWeights
        One a direction, of the form that ``"keeps"``.

    Raises
    ------
    BadInput
        When a shape does not fit, when a curve is none of Glassgate's, or when the sums are
        clipped.
    TypeError
        When an array is neither float32 nor float64.

    Examples
    --------
    >>> from glassgate.exchange.onnx.node import activation_pairs
    >>> W, R = np.ones((1, 6, 3), np.float32), np.ones((1, 6, 2), np.float32)
    >>> pairs = activation_pairs(["HardSigmoid", "Tanh"], [0.2], [0.5], directions=1)
    >>> (weights,) = from_onnx(NodeArrays(W, R, None, False, pairs))
    >>> weights.formulation.reset, weights.formulation.gate
    ('before', 'hard_sigmoid_fifth')
    """
    if node.clip is not None:
        raise BadInput(f"a GRU that clips its sums at {node.clip:g} has no exact counterpart")
    D, H = node_sizes(node)
    B = np.zeros((D, 6 * H), node.W.dtype) if node.B is None else node.B
    reset: Reset = "after" if node.linear_before_reset else "before"
    return tuple(
        GRUWeights(
            swapped(node.W[d]),
            swapped(node.R[d]),
            swapped(B[d, : 3 * H]),
            swapped(B[d, 3 * H :]),
            Formulation("keeps", reset, _gate(gate), _squash(squash)),
        )
        for d, (gate, squash) in enumerate(node.activations)
    )


def to_onnx(directions: Sequence[GRUWeights]) -> NodeArrays:
    """Turn the weights of one layer's directions into a node's arrays, the inverse of `from_onnx`.

    An update gate that ``"writes"`` becomes one that keeps, exactly. Weights in bfloat16 are
    float32 numbers here.

    Parameters
    ----------
    directions
        One or two `GRUWeights`, alike in sizes and formulation.

    Raises
    ------
    BadInput
        When the formulation has no reset gate.
    """
    form = directions[0].formulation
    if form.reset == "none":
        raise BadInput('ONNX has no GRU without a reset gate: reset "none" cannot be written')
    kept = [weights.with_update("keeps") for weights in directions]
    biases = [(swapped(w.bias_input), swapped(w.bias_hidden)) for w in kept]
    pair = GATES[form.gate], SQUASHES[form.squash]
    return NodeArrays(
        np.stack([swapped(weights.weight_input) for weights in kept]),  # (D, 3H, I)
        np.stack([swapped(weights.weight_hidden) for weights in kept]),  # (D, 3H, H)
        np.stack([np.concatenate(both) for both in biases]),  # (D, 6H)
        form.reset == "after",
        (pair,) * len(kept),
    )


def _gate(activation: Activation) -> Gate:
    for gate, known in GATES.items():
        if _same(activation, known):
            return gate
    raise BadInput(f"the gates' curve {_said(activation)} is no gate of Glassgate's")


def _squash(activation: Activation) -> Squash:
    for squash, known in SQUASHES.items():
        if _same(activation, known):
            return squash
    raise BadInput(f"the candidate's curve {_said(activation)} is no squash of Glassgate's")


def _same(one: Activation, other: Activation) -> bool:
    numbers = [np.array(curve_numbers(curve), np.float32) for curve in (one, other)]
    return one.name.lower() == other.name.lower() and np.array_equal(numbers[0], numbers[1])


def _said(activation: Activation) -> str:
    if activation.name.lower() not in DEFAULTS:
        return activation.name
    return "{} with alpha {:g} and beta {:g}".format(activation.name, *curve_numbers(activation))
