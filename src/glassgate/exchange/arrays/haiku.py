"""Exact conversion from the parameters of haiku's GRU to `GRUWeights`.

Haiku multiplies from the right and orders the gates update, reset, candidate (z, r, a), with one
bias each. Its reset gate is applied before the recurrent product and its update gate writes:
``h' = (1 - z) * h + z * a``. (Its documentation calls z_t the reset gate and r_t the update gate;
its equations and its code have them the usual way round.) The activations are fixed.

Sources: the code of `haiku.GRU` of dm-haiku 0.0.17; Chung et al. 2014 (arXiv:1412.3555).
"""

import numpy as np

from glassgate.exchange.arrays.trees import Layout, Tree, leaves, match_layout
from glassgate.exchange.conventions import swap_reset_update
from glassgate.formulation import Formulation
from glassgate.weights import GRUWeights

LAYOUT: Layout = {"w_h": ("H", "3H"), "w_i": ("I", "3H"), "b": ("3H",)}


def from_haiku(tree: Tree) -> GRUWeights:
    """Convert the weights of a `haiku.GRU`, as ``transformed.init(...)`` returns them.

    Parameters
    ----------
    tree
        ``w_i`` [I, 3H], ``w_h`` [H, 3H] and ``b`` [3H], blocks z, r, a. Outer mappings with a
        single entry, like ``{"gru": ...}``, are skipped. Of a larger model pass the cell's part,
        such as ``params["model/~/gru"]``.

    Returns
    -------
    GRUWeights
        Of float64 where an array is, else of float32. The reset gate is applied ``before`` the
        product, the update gate ``writes``, and the biases are the input's.

    Raises
    ------
    BadInput
        When an array is missing, unknown, of another shape or not of floats.

    Examples
    --------
    >>> tree = {"w_i": np.ones((3, 6)), "w_h": np.ones((2, 6)), "b": np.arange(6.0)}
    >>> from_haiku({"gru": tree}).bias_input
    array([2., 3., 0., 1., 4., 5.])
    """
    cell = "a haiku GRU"
    U, W, b = match_layout(leaves(tree, cell), LAYOUT, cell).values()
    form = Formulation(update="writes", reset="before")
    return GRUWeights(
        swap_reset_update(W.T), swap_reset_update(U.T), swap_reset_update(b), np.zeros_like(b), form
    )
