"""From the parameters of haiku's GRU to `GRUWeights`, exactly or not at all.

Haiku multiplies from the right and orders the gates update, reset, candidate (z, r, a), with one
bias for each. Its reset gate stands before the recurrent product and its update gate writes:
``h' = (1 - z) * h + z * a``. (Its documentation calls z_t the reset gate and r_t the update gate;
its equations and its code have them the usual way round.) The curves are fixed.

Sources: the code of `haiku.GRU` of dm-haiku 0.0.17; Chung et al. 2014 (arXiv:1412.3555).
"""

import numpy as np

from glassgate.exchange.arrays.trees import Layout, Tree, fitted, leaves
from glassgate.exchange.conventions import swapped
from glassgate.formulation import Formulation
from glassgate.weights import GRUWeights

LAYOUT: Layout = {"w_h": ("H", "3H"), "w_i": ("I", "3H"), "b": ("3H",)}


def from_haiku(tree: Tree) -> GRUWeights:
    """Give the weights of a `haiku.GRU`, as ``transformed.init(...)`` returns them.

    Parameters
    ----------
    tree
        ``w_i`` [I, 3H], ``w_h`` [H, 3H] and ``b`` [3H], blocks z, r, a. A mapping around it that
        holds nothing else, like ``{"gru": ...}``, is passed over; of a larger model give the part
        ``params["model/~/gru"]``.

    Returns
    -------
    GRUWeights
        In float64 where an array is, else in float32; its reset gate stands ``before`` the
        product, its update gate ``writes``, and its biases are the input's.

    Raises
    ------
    BadInput
        When an array is missing, unknown, of another shape or without floats.

    Examples
    --------
    >>> tree = {"w_i": np.ones((3, 6)), "w_h": np.ones((2, 6)), "b": np.arange(6.0)}
    >>> from_haiku({"gru": tree}).bias_input
    array([2., 3., 0., 1., 4., 5.])
    """
    cell = "a haiku GRU"
    U, W, b = fitted(leaves(tree, cell), LAYOUT, cell).values()
    form = Formulation(update="writes", reset="before")
    return GRUWeights(swapped(W.T), swapped(U.T), swapped(b), np.zeros_like(b), form)
