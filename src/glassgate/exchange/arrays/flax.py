"""Exact conversion between the parameter trees of flax's GRU cells and `GRUWeights`.

Both cells multiply from the right, ``x @ kernel``, reset after the recurrent product and have an
update gate that keeps: ``h' = (1 - z) * n + z * h``.

`flax.linen.GRUCell` has a kernel for each gate: ``ir``, ``iz``, ``in`` read the input, with a bias
each; ``hr``, ``hz``, ``hn`` read the state, and ``hn`` alone has a bias, c_n of the equations.

`flax.nnx.GRUCell` has two kernels with the three gates side by side in the order r, z, n:
``dense_i`` with a bias, ``dense_h`` with none. Its documentation writes a b_hn which the cell does
not have: c_n is zero. A linen or PyTorch cell fits into it only where its own c_n is zero too, so
there is no `to_flax_nnx`.

Source: the code of flax 0.12.8.
"""

import numpy as np

from glassgate.exchange.arrays.trees import Layout, Tree, fold_biases, leaves, match_layout
from glassgate.exchange.conventions import to_form
from glassgate.formulation import Array, Formulation, Gate, Squash
from glassgate.weights import GRUWeights

LINEN: Layout = {
    **{f"h{gate}/kernel": ("H", "H") for gate in "rzn"},
    **{f"i{gate}/kernel": ("I", "H") for gate in "rzn"},
    **{f"{name}/bias": ("H",) for name in ("ir", "iz", "in", "hn")},
}
NNX: Layout = {
    "dense_h/kernel": ("H", "3H"),
    "dense_i/kernel": ("I", "3H"),
    "dense_i/bias": ("3H",),
}


def from_flax_linen(tree: Tree, gate: Gate = "sigmoid", squash: Squash = "tanh") -> GRUWeights:
    """Convert the weights of a `flax.linen.GRUCell`, as ``cell.init(...)`` returns them.

    Parameters
    ----------
    tree
        ``ir``, ``iz``, ``in``, each with ``kernel`` [I, H] and ``bias`` [H]; ``hr``, ``hz`` with
        ``kernel`` [H, H]; ``hn`` with ``kernel`` [H, H] and ``bias`` [H]. Outer mappings
        with a single entry, like ``{"params": ...}``, are skipped.
    gate, squash
        The cell's ``gate_fn`` and ``activation_fn``, which no tree records, in the words of
        `Formulation`: `jax.nn.hard_sigmoid` is ``"hard_sigmoid_sixth"``.

    Returns
    -------
    GRUWeights
        Of float64 where an array is, else of float32. The update gate ``keeps``.

    Raises
    ------
    BadInput
        When an array is missing, unknown, of another shape or not of floats, or an activation is
        unknown.

    Examples
    --------
    >>> kernels = {f"i{gate}": {"kernel": np.ones((2, 3)), "bias": np.ones(3)} for gate in "rzn"}
    >>> kernels |= {f"h{gate}": {"kernel": np.ones((3, 3))} for gate in "rz"}
    >>> kernels |= {"hn": {"kernel": np.ones((3, 3)), "bias": np.array([0.1, 0.2, 0.3])}}
    >>> from_flax_linen({"params": kernels}).bias_hidden
    array([0. , 0. , 0. , 0. , 0. , 0. , 0.1, 0.2, 0.3])
    """
    form = Formulation("keeps", "after", gate, squash)
    cell = "a flax.linen GRUCell"
    arrays = match_layout(leaves(tree, cell), LINEN, cell)
    b_hidden = arrays["hn/bias"]
    return GRUWeights(
        np.concatenate([arrays[f"i{name}/kernel"].T for name in "rzn"]),  # (3H, I)
        np.concatenate([arrays[f"h{name}/kernel"].T for name in "rzn"]),  # (3H, H)
        np.concatenate([arrays[f"i{name}/bias"] for name in "rzn"]),  # (3H,)
        np.concatenate([np.zeros_like(b_hidden), np.zeros_like(b_hidden), b_hidden]),
        form,
    )


def to_flax_linen(
    weights: GRUWeights, gate: Gate = "sigmoid", squash: Squash = "tanh"
) -> dict[str, dict[str, Array]]:
    """Return the tree of the `flax.linen.GRUCell` that computes the same function.

    ``nn.GRUCell(features=H).apply({"params": tree}, hidden, input)`` takes it. An update gate that
    ``writes`` is converted to one that ``keeps``, exactly. The hidden biases of reset and update
    are added to those of the input.

    Parameters
    ----------
    weights
        Their reset gate is applied after the recurrent product.
    gate, squash
        The ``gate_fn`` and ``activation_fn`` of the cell that will run it, which no tree records;
        flax's defaults are ``"sigmoid"`` and ``"tanh"``.

    Returns
    -------
    dict
        As for `from_flax_linen`, without an outer ``"params"``.

    Raises
    ------
    BadInput
        When the reset gate is applied elsewhere, or the activations are not those of the weights.
    """
    form = Formulation("keeps", "after", gate, squash)
    kept = to_form(weights, form, f"a flax.linen GRUCell with gate {gate} and squash {squash}")
    bias, b_hidden = fold_biases(kept)
    tree: dict[str, dict[str, Array]] = {}
    for name, kernel, b in zip(
        "rzn", np.split(kept.weight_input, 3), np.split(bias, 3), strict=True
    ):
        tree[f"i{name}"] = {"kernel": kernel.T.copy(), "bias": b}
    for name, kernel in zip("rzn", np.split(kept.weight_hidden, 3), strict=True):
        tree[f"h{name}"] = {"kernel": kernel.T.copy()}
    tree["hn"]["bias"] = b_hidden
    return tree


def from_flax_nnx(tree: Tree, gate: Gate = "sigmoid", squash: Squash = "tanh") -> GRUWeights:
    """Convert the weights of a `flax.nnx.GRUCell`, as ``nnx.state(cell, nnx.Param)`` returns them.

    Parameters
    ----------
    tree
        ``dense_i`` with ``kernel`` [I, 3H] and ``bias`` [3H], ``dense_h`` with ``kernel`` [H, 3H],
        blocks r, z, n. Outer mappings with a single entry are skipped.
    gate, squash
        As in `from_flax_linen`.

    Returns
    -------
    GRUWeights
        Of float64 where an array is, else of float32. The update gate ``keeps``, and the hidden
        bias is zero.

    Raises
    ------
    BadInput
        When an array is missing, unknown, of another shape or not of floats, or an activation is
        unknown. A ``bias`` in ``dense_h`` is unknown: no cell of flax has it.
    """
    form = Formulation("keeps", "after", gate, squash)
    cell = "a flax.nnx GRUCell"
    U, W, b = match_layout(leaves(tree, cell), NNX, cell).values()
    return GRUWeights(W.T, U.T, b, np.zeros_like(b), form)
