"""From the arrays of TensorFlow 1's GRU cell to `GRUWeights`, exactly or not at all.

Both kernels multiply what stands side by side from the right: input and state for the gates, input
and r * state for the candidate, so the reset gate stands before the recurrent product. The gate
kernel has its columns in the order r, u, and the update gate keeps: ``h' = u * h + (1 - u) * c``.
Each gate has one bias. The gates' curve is fixed.

Sources: the code of `tf.compat.v1.nn.rnn_cell.GRUCell` of TensorFlow 2.21 (tf_keras 2.21); Cho et
al. 2014 (arXiv:1406.1078v3).
"""

import numpy as np

from glassgate.errors import BadInput
from glassgate.exchange.arrays.trees import floats, one_dtype
from glassgate.formulation import Formulation, Squash
from glassgate.weights import GRUWeights, require_shape


def from_tensorflow1(
    gates_kernel: object,
    gates_bias: object,
    candidate_kernel: object,
    candidate_bias: object,
    squash: Squash = "tanh",
) -> GRUWeights:
    """Give the weights of a TensorFlow 1 GRUCell: ``from_tensorflow1(*cell.get_weights())``.

    A checkpoint names the four ``gates/kernel``, ``gates/bias``, ``candidate/kernel`` and
    ``candidate/bias``, after the name of the cell.

    Parameters
    ----------
    gates_kernel
        [I + H, 2H], rows of the input above those of the state, columns r, u.
    gates_bias
        [2H], r, u.
    candidate_kernel
        [I + H, H], rows likewise.
    candidate_bias
        [H].
    squash
        The curve of the cell's ``activation``.

    Returns
    -------
    GRUWeights
        In float64 where an array is, else in float32; its reset gate stands ``before`` the
        product, its update gate ``keeps``, and its biases are the input's.

    Raises
    ------
    BadInput
        When a shape does not fit, an array holds no floats, or `squash` is no word of ours.

    Examples
    --------
    >>> weights = from_tensorflow1(np.ones((5, 4)), np.ones(4), np.ones((5, 2)), np.ones(2))
    >>> weights.input_size, weights.hidden_size, weights.formulation.reset
    (3, 2, 'before')
    """
    form = Formulation("keeps", "before", "sigmoid", squash)
    given = {
        "candidate_kernel": floats("candidate_kernel", candidate_kernel),
        "gates_kernel": floats("gates_kernel", gates_kernel),
        "candidate_bias": floats("candidate_bias", candidate_bias),
        "gates_bias": floats("gates_bias", gates_bias),
    }
    came = given["candidate_kernel"].shape
    rows, H = came if len(came) == 2 else (0, 0)
    if not 0 < H < rows:
        raise BadInput(
            f"candidate_kernel must have shape (I + H, H) with I and H at least 1, got {came}"
        )
    for name, shape in (
        ("gates_kernel", (rows, 2 * H)),
        ("candidate_bias", (H,)),
        ("gates_bias", (2 * H,)),
    ):
        require_shape(name, given[name].shape, shape)
    candidate, gates, b_candidate, b_gates = one_dtype(given).values()
    kernel = np.concatenate([gates, candidate], 1).T  # (3H, I + H)
    b = np.concatenate([b_gates, b_candidate])  # (3H,)
    return GRUWeights(kernel[:, :-H], kernel[:, -H:], b, np.zeros_like(b), form)
