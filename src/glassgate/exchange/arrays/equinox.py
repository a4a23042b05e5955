"""Exact conversion between the arrays of an equinox GRU cell and `GRUWeights`.

Rows are reset, update, candidate, as here. ``bias`` holds one bias for each gate, and ``bias_n`` is
c_n of the equations, inside the bracket that the reset gate multiplies. The update gate, which the
code calls ``inp``, keeps: ``h' = new + inp * (hidden - new)``. The activations are
fixed.

Source: the code of `equinox.nn.GRUCell` of equinox 0.13.8.
"""

import numpy as np

from glassgate.exchange.arrays.trees import Layout, Tree, fold_biases, leaves, match_layout
from glassgate.exchange.conventions import to_form
from glassgate.formulation import Array, Formulation
from glassgate.weights import GRUWeights

MATRICES: Layout = {"weight_hh": ("3H", "H"), "weight_ih": ("3H", "I")}
BIASES: Layout = {"bias": ("3H",), "bias_n": ("H",)}
SETTINGS = {"input_size", "hidden_size", "use_bias"}  # the other entries of vars(cell)


def from_equinox(tree: Tree) -> GRUWeights:
    """Convert the weights of an `equinox.nn.GRUCell`: ``from_equinox(vars(cell))``.

    Parameters
    ----------
    tree
        ``weight_ih`` [3H, I], ``weight_hh`` [3H, H], ``bias`` [3H] and ``bias_n`` [H]; both biases
        are missing or None in a cell with ``use_bias=False``. ``input_size``, ``hidden_size`` and
        ``use_bias`` may be present. Outer mappings with a single entry are skipped.

    Returns
    -------
    GRUWeights
        Of float64 where an array is, else of float32. The update gate ``keeps``.

    Raises
    ------
    BadInput
        When an array is missing, unknown, of another shape or not of floats.

    Examples
    --------
    >>> tree = {"weight_ih": np.ones((6, 3)), "weight_hh": np.ones((6, 2))}
    >>> from_equinox({**tree, "bias": np.ones(6), "bias_n": np.array([0.1, 0.2])}).bias_hidden
    array([0. , 0. , 0. , 0. , 0.1, 0.2])
    """
    cell = "an equinox GRUCell"
    given = {path: leaf for path, leaf in leaves(tree, cell).items() if path not in SETTINGS}
    biased = bool(BIASES.keys() & given.keys())
    arrays = match_layout(given, {**MATRICES, **BIASES} if biased else MATRICES, cell)
    U, W = arrays["weight_hh"], arrays["weight_ih"]
    b, c = np.zeros(len(W), W.dtype), np.zeros(len(W), W.dtype)
    if biased:
        b, c[-U.shape[1] :] = arrays["bias"], arrays["bias_n"]
    return GRUWeights(W, U, b, c)


def to_equinox(weights: GRUWeights) -> dict[str, Array]:
    """Return the arrays of the `equinox.nn.GRUCell` that computes the same function.

    Put them into a cell with ``use_bias=True`` by `equinox.tree_at`. An update gate that ``writes``
    is converted to one that ``keeps``, exactly. The hidden biases of reset and update are added to
    those of the input.

    Returns
    -------
    dict[str, Array]
        ``weight_ih``, ``weight_hh``, ``bias`` and ``bias_n``, as for `from_equinox`.

    Raises
    ------
    BadInput
        When the reset gate is not applied after the recurrent product, or an activation differs.
    """
    kept = to_form(weights, Formulation(), "an equinox GRUCell")
    bias, bias_n = fold_biases(kept)
    return {
        "weight_ih": kept.weight_input,
        "weight_hh": kept.weight_hidden,
        "bias": bias,
        "bias_n": bias_n,
    }
