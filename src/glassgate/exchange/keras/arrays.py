"""Exact conversion between the arrays of a Keras GRU and `GRUWeights`.

Keras multiplies from the right, ``x @ kernel``, and orders the gates update, reset, candidate
(z, r, h). Its update gate keeps. With `reset_after`, the reset gate is applied after the recurrent
product and there are two biases, (2, 3H), one added to the input's product and one to the state's;
without it there is one, (3H,). ``hard_sigmoid`` is clip(0.2 x + 0.5, 0, 1) in Keras 2 and
clip(x / 6 + 0.5, 0, 1) in Keras 3: the version decides what a model computes.

Sources: `keras.layers.GRU` of Keras 2.15 and 3.15, whose forms are Cho et al. 2014
(arXiv:1406.1078v3 for ``reset_after=False``, v1 for ``reset_after=True``).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np

from glassgate.errors import BadInput
from glassgate.exchange.conventions import swap_reset_update
from glassgate.formulation import Array, Formulation, Gate, Squash
from glassgate.weights import GRUWeights, require_shape

SQUASHES: dict[str, Callable[[Array], Array]] = {
    "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, 0.0),
    "linear": lambda x: x,
}
GATES: dict[int, dict[object, Gate]] = {  # by Keras' version, and by its own name
    2: {"sigmoid": "sigmoid", "hard_sigmoid": "hard_sigmoid_fifth"},
    3: {"sigmoid": "sigmoid", "hard_sigmoid": "hard_sigmoid_sixth"},
}


@dataclass(frozen=True, eq=False)
class KerasGRU:
    """The arrays and settings of one Keras GRU layer, as Keras keeps them.

    Attributes
    ----------
    kernel
        [I, 3H], blocks z, r, h.
    recurrent_kernel
        [H, 3H].
    bias
        (2, 3H), the input's bias and the state's, or (3H,), the input's alone, or None.
    reset_after
        Whether the reset gate is applied after the recurrent product.
    activation
        ``"tanh"``, ``"relu"`` or ``"linear"``, for the candidate.
    recurrent_activation
        ``"sigmoid"`` or ``"hard_sigmoid"``, for the gates.
    keras_version
        2 or 3, which decides what ``"hard_sigmoid"`` is.
    """

    kernel: Array
    recurrent_kernel: Array
    bias: Array | None
    reset_after: bool
    activation: str = "tanh"
    recurrent_activation: str = "sigmoid"
    keras_version: int = 3


def from_keras(
    kernel: Array,
    recurrent_kernel: Array,
    bias: Array | None,
    reset_after: bool,
    activation: str | None = "tanh",
    recurrent_activation: str | None = "sigmoid",
    keras_version: int = 3,
) -> GRUWeights:
    """Convert the weights of a Keras GRU layer: ``from_keras(*layer.get_weights(), True)``.

    Parameters
    ----------
    kernel
        [I, 3H], blocks z, r, h, of float16, float32 or float64.
    recurrent_kernel
        [H, 3H], in the same order.
    bias
        (2, 3H) or (3H,) with `reset_after`, (3H,) without, or None. A single bias is the input's.
    reset_after, activation, recurrent_activation
        The layer's own settings, under their own names; None is Keras' word for ``"linear"``.
    keras_version
        2 or 3: the Keras that the model was made with.

    Returns
    -------
    GRUWeights
        Of float64 where an array is, else of float32. The update gate ``keeps``.

    Raises
    ------
    BadInput
        When a shape does not fit, an array does not hold floats, or a setting has no
        counterpart in Glassgate.

    Examples
    --------
    >>> import numpy as np
    >>> weights = from_keras(np.ones((2, 9)), np.ones((3, 9)), np.ones((2, 9)), reset_after=True)
    >>> weights.input_size, weights.hidden_size, weights.formulation.reset
    (2, 3, 'after')
    """
    form = formulation(reset_after, activation, recurrent_activation, keras_version)
    W, U = _as_floats("kernel", kernel), _as_floats("recurrent_kernel", recurrent_kernel)
    H = _hidden_size(W, U)
    b = np.zeros(3 * H, W.dtype) if bias is None else _as_floats("bias", bias)
    if b.shape == (3 * H,):
        b = np.stack([b, np.zeros_like(b)])
    elif not reset_after:
        require_shape("bias without reset_after", b.shape, (3 * H,))
    require_shape("bias", b.shape, (2, 3 * H))
    dtype = np.result_type(W, U, b)
    W, U, b = (array.astype(dtype) for array in (W, U, b))
    return GRUWeights(
        swap_reset_update(W.T),
        swap_reset_update(U.T),
        swap_reset_update(b[0]),
        swap_reset_update(b[1]),
        form,
    )


def from_cudnn(kernel: Array, recurrent_kernel: Array, bias: Array) -> list[Array]:
    """Return the arrays of the GRU with `reset_after` that computes what a CuDNNGRU does.

    Parameters
    ----------
    kernel
        [I, 3H], whose blocks hold cuDNN's [H, I] matrices row by row.
    recurrent_kernel
        [H, 3H], whose blocks are transposed.
    bias
        [6H], the input's, then the state's.

    Source: `preprocess_weights_for_loading` of Keras 2.15.
    """
    H = len(recurrent_kernel)
    blocks = [k.T.reshape(k.shape, order="F") for k in np.split(kernel, 3, axis=1)]
    transposed = [k.T for k in np.split(recurrent_kernel, 3, axis=1)]
    return [np.concatenate(blocks, 1), np.concatenate(transposed, 1), bias.reshape(2, 3 * H)]


def formulation(
    reset_after: bool,
    activation: str | None,
    recurrent_activation: str | None,
    keras_version: int,
) -> Formulation:
    """Return the form of the unit that a Keras layer's settings describe.

    Raises
    ------
    BadInput
        When the version is not 2 or 3, or a setting has no counterpart in Glassgate.
    """
    if keras_version not in GATES:
        raise BadInput(f"keras_version must be 2 or 3, got {keras_version!r}")
    if not isinstance(reset_after, bool):
        raise BadInput(f"reset_after must be True or False, got {reset_after!r}")
    squashes: dict[object, Squash] = {word: word for word in get_args(Squash)}
    squashes[None] = "linear"
    return Formulation(
        update="keeps",
        reset="after" if reset_after else "before",
        gate=_translate("recurrent_activation", recurrent_activation, GATES[keras_version]),
        squash=_translate("activation", activation, squashes),
    )


def to_keras(weights: GRUWeights) -> KerasGRU:
    """Return the arrays and settings of the Keras 3 layer that computes the same function.

    An update gate that ``writes`` is converted to one that ``keeps``, exactly. Where the reset gate
    is applied before the product, Keras has one bias, which becomes the sum of the two.

    Raises
    ------
    BadInput
        When no Keras 3 layer computes this function.
    """
    form = weights.formulation
    if form.reset == "none":
        raise BadInput("Keras has no GRU without a reset gate, nor a gate that is always 1")
    names = {gate: str(name) for name, gate in GATES[3].items()}
    if form.gate == "hard_sigmoid_fifth":
        raise BadInput(
            "Keras 3 has no hard_sigmoid_fifth: "
            "its hard_sigmoid has slope 1/6; slope 1/5 is Keras 2's"
        )
    if form.gate not in names:
        raise BadInput(f"Keras 3 has no gate {form.gate}")
    kept = weights.with_update("keeps")
    b, c = swap_reset_update(kept.bias_input), swap_reset_update(kept.bias_hidden)  # each (3H,)
    after = form.reset == "after"
    return KerasGRU(
        kernel=np.ascontiguousarray(swap_reset_update(kept.weight_input).T),
        recurrent_kernel=np.ascontiguousarray(swap_reset_update(kept.weight_hidden).T),
        bias=np.stack([b, c]) if after else b + c,
        reset_after=after,
        activation=form.squash,
        recurrent_activation=names[form.gate],
    )


def run_equations(layer: KerasGRU, input: Array, state: Array) -> tuple[Array, Array]:
    """Run a Keras GRU by its own equations, in its own layout and in float64.

    They use nothing of the conversion, so that they can prove it where Keras is not installed.

    Parameters
    ----------
    layer
        The layer's arrays and settings, as Keras keeps them.
    input
        [T, B, I].
    state
        The state before the first step, [B, H].

    Returns
    -------
    output
        The state after each step, [T, B, H].
    state
        The last state, [B, H].
    """
    W, U = layer.kernel.astype(np.float64), layer.recurrent_kernel.astype(np.float64)
    H = len(U)
    b = np.zeros(3 * H) if layer.bias is None else layer.bias.astype(np.float64)
    on_input, on_state = b if b.ndim == 2 else (b, np.zeros(3 * H))
    gate, squash = _activations(layer)
    hidden, outputs = np.asarray(state, np.float64), np.empty((*np.shape(input)[:2], H))
    for t, x in enumerate(np.asarray(input, np.float64)):
        x_z, x_r, x_h = np.split(x @ W + on_input, 3, axis=-1)
        z = gate(x_z + hidden @ U[:, :H] + on_state[:H])
        r = gate(x_r + hidden @ U[:, H : 2 * H] + on_state[H : 2 * H])
        if layer.reset_after:
            proposed = squash(x_h + r * (hidden @ U[:, 2 * H :] + on_state[2 * H :]))
        else:
            proposed = squash(x_h + (r * hidden) @ U[:, 2 * H :])
        hidden = outputs[t] = z * hidden + (1 - z) * proposed  # (B, H)
    return outputs, hidden


def _activations(layer: KerasGRU) -> tuple[Callable[[Array], Array], Callable[[Array], Array]]:
    slope = {2: 0.2, 3: 1 / 6}[layer.keras_version]
    gates: dict[str, Callable[[Array], Array]] = {
        "sigmoid": lambda x: 0.5 + 0.5 * np.tanh(x / 2),  # without overflow
        "hard_sigmoid": lambda x: np.minimum(1.0, np.maximum(0.0, slope * x + 0.5)),
    }
    return gates[layer.recurrent_activation], SQUASHES[layer.activation]


def _hidden_size(kernel: Array, recurrent_kernel: Array) -> int:
    H = len(recurrent_kernel) if recurrent_kernel.ndim else 0
    if not H or not kernel.size:
        raise BadInput(
            f"kernel and recurrent_kernel must have shapes (I, 3H) and (H, 3H) with H and I at "
            f"least 1, got {kernel.shape} and {recurrent_kernel.shape}"
        )
    require_shape("recurrent_kernel", recurrent_kernel.shape, (H, 3 * H))
    require_shape("kernel", kernel.shape, ("I", 3 * H))
    return H


def _as_floats(name: str, array: Array) -> Array:
    if not isinstance(array, np.ndarray) or array.dtype.kind != "f" or array.itemsize > 8:
        kind = array.dtype if isinstance(array, np.ndarray) else type(array).__name__
        raise BadInput(f"{name} must be an array of float16, float32 or float64, got {kind}")
    return array.astype(np.float64 if array.itemsize == 8 else np.float32)


def _translate(name: str, setting: object, known: dict[object, Any]) -> Any:
    if isinstance(setting, str | None) and setting in known:
        return known[setting]
    words = ", ".join(word for word in known if isinstance(word, str))
    raise BadInput(f"{name} must be one of {words} to be converted exactly, got {setting!r:.60}")
