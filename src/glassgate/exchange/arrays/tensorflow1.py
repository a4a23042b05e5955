"""Exact conversion from the arrays of TensorFlow 1's GRU cell to `GRUWeights`.

Both kernels multiply two arrays side by side from the right: input and state for the gates, input
and r * state for the candidate, so the reset gate is applied before the recurrent product. The
columns of the gate kernel are in the order r, u, and the update gate keeps:
``h' = u * h + (1 - u) * c``. Each gate has one bias. The gates' activation is fixed.

Sources: the code of `tf.compat.v1.nn.rnn_cell.GRUCell` of TensorFlow 2.21 (tf_keras 2.21); Cho et
al. 2014 (arXiv:1406.1078v3).
"""

import numpy as np

from glassgate.errors import BadInput
from glassgate.exchange.arrays.trees import as_floats, as_one_dtype
from glassgate.formulation import Formulation, Squash
from glassgate.weights import GRUWeights, require_shape


def from_tensorflow1(
    gates_kernel: object,
    gates_bias: object,
    candidate_kernel: object,
    candidate_bias: object,
    squash: Squash = "tanh",
) -> GRUWeights:
    """Convert the weights of a TensorFlow 1 GRUCell: ``from_tensorflow1(*cell.get_weights())``.

    In a checkpoint the four are named ``gates/kernel``, ``gates/bias``, ``candidate/kernel`` and
    ``candidate/bias``, below the name of the cell.

    Parameters
    ----------
    gates_kernel
        [I + H, 2H], the input's rows above the state's, columns r, u.
    gates_bias
        [2H], r, u.
    candidate_kernel
        [I + H, H], rows in the same order.
    candidate_bias
        [H].
    squash
        The cell's ``activation``, in the words of `Formulation`.

    Returns
    -------
    GRUWeights
        Of float64 where an array is, else of float32. The reset gate is applied ``before`` the
        product, the update gate ``keeps``, and the biases are the input's.

    Raises
    ------
    BadInput
        When a shape does not fit, an array does not hold floats, or `squash` is unknown.

    Examples
    --------
    >>> weights = from_tensorflow1(np.ones((5, 4)), np.ones(4), np.ones((5, 2)), np.ones(2))
    >>> weights.input_size, weights.hidden_size, weights.formulation.reset
    (3, 2, 'before')
    """
    form = Formulation("keeps", "before", "sigmoid", squash)
    arrays = {
        "candidate_kernel": as_floats("candidate_kernel", candidate_kernel),
        "gates_kernel": as_floats("gates_kernel", gates_kernel),
        "candidate_bias": as_floats("candidate_bias", candidate_bias),
        "gates_bias": as_floats("gates_bias", gates_bias),
    }
    candidate_shape = arrays["candidate_kernel"].shape
    rows, H = candidate_shape if len(candidate_shape) == 2 else (0, 0)
    if not 0 < H < rows:
        raise BadInput(
            f"candidate_kernel must have shape (I + H, H) with I and H at least 1, "
            f"got {candidate_shape}"
        )
    for name, shape in (
        ("gates_kernel", (rows, 2 * H)),
        ("candidate_bias", (H,)),
        ("gates_bias", (2 * H,)),
    ):
        require_shape(name, arrays[name].shape, shape)
    candidate, gates, b_candidate, b_gates = as_one_dtype(arrays).values()
    kernel = np.concatenate([gates, candidate], 1).T  # (3H, I + H)
    b = np.concatenate([b_gates, b_candidate])  # (3H,)
    return GRUWeights(kernel[:, :-H], kernel[:, -H:], b, np.zeros_like(b), form)
