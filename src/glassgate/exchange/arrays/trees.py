"""Parameter trees: nested mappings with arrays as leaves, as the JAX libraries keep them.

A layout names the leaves of a cell by their paths and gives the shape of each: I and H stand for
the sizes of input and state, 3H for three blocks side by side.
"""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import numpy as np

from glassgate.errors import BadInput
from glassgate.formulation import Array
from glassgate.weights import GRUWeights, require_shape

Tree: TypeAlias = Mapping[str, object]
Layout: TypeAlias = Mapping[str, tuple[str, ...]]


def leaves(tree: Tree, cell: str) -> dict[str, object]:
    """List a cell's leaves by their paths, such as ``"ir/kernel"``, without those that are None.

    Outer mappings with a single entry, like ``{"params": ...}``, are skipped.

    Raises
    ------
    BadInput
        When `tree` is not a mapping.

    Examples
    --------
    >>> leaves({"params": {"ir": {"kernel": 1, "bias": None}, "hr": {"kernel": 2}}}, "a GRUCell")
    {'ir/kernel': 1, 'hr/kernel': 2}
    """
    if not isinstance(tree, Mapping):
        raise BadInput(f"the parameters of {cell} must be a mapping, got {type(tree).__name__}")
    while len(tree) == 1 and isinstance(only := next(iter(tree.values())), Mapping):
        tree = only
    result: dict[str, object] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            result |= {f"{key}/{name}": leaf for name, leaf in value.items()}
        else:
            result[str(key)] = value
    return {path: leaf for path, leaf in result.items() if leaf is not None}


def match_layout(leaves: Mapping[str, object], layout: Layout, cell: str) -> dict[str, Array]:
    """Check a cell's leaves against its layout and return them as arrays of one dtype.

    The first shape in the layout that names a size decides it.

    Returns
    -------
    dict[str, Array]
        In the order of `layout`; float64 where any leaf is, else float32.

    Raises
    ------
    BadInput
        When a leaf is missing or unknown, holds no floating-point numbers, or has another shape.
    """
    for path in layout:
        if path not in leaves:
            raise BadInput(f"{cell} needs {path}, got only {_list_names(leaves)}")
    if unknown := leaves.keys() - layout.keys():
        raise BadInput(f"{cell} has no {_list_names(unknown)}, only {', '.join(layout)}")
    arrays = {path: as_floats(path, leaves[path]) for path in layout}
    sizes = _sizes(arrays, layout)
    for path, shape in layout.items():
        require_shape(path, arrays[path].shape, tuple(sizes.get(size, size) for size in shape))
    return as_one_dtype(arrays)


def as_one_dtype(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Convert arrays to the widest of their dtypes, which holds all of them exactly."""
    dtype = np.result_type(*arrays.values())
    return {name: array.astype(dtype, copy=False) for name, array in arrays.items()}


def as_floats(name: str, leaf: object) -> Array:
    """Convert what NumPy can read as an array to float32 or float64, without rounding.

    Raises
    ------
    BadInput
        When it is not an array of float16, bfloat16, float32 or float64.
    """
    try:
        array = np.asarray(leaf)
    except ValueError as error:
        raise BadInput(f"{name} must be an array, got {type(leaf).__name__}: {error}") from None
    if array.dtype.name not in ("float16", "bfloat16", "float32", "float64"):
        raise BadInput(f"{name} must hold float16, bfloat16, float32 or float64, got {array.dtype}")
    return array.astype(np.float64 if array.dtype.itemsize == 8 else np.float32, copy=False)


def fold_biases(weights: GRUWeights) -> tuple[Array, Array]:
    """Fold the biases into one per gate, and the one inside the bracket with U_n.

    The hidden biases of reset and update are added to those of the input, which are in the same
    sum.

    Returns
    -------
    bias
        [3H], rows reset, update, candidate.
    bias_hidden
        [H], c_n of the equations.
    """
    gates = 2 * weights.hidden_size
    bias = weights.bias_input.copy()
    bias[:gates] += weights.bias_hidden[:gates]
    return bias, weights.bias_hidden[gates:]


def _sizes(arrays: Mapping[str, Array], layout: Layout) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for path, shape in layout.items():
        for letter, size in zip(shape, arrays[path].shape, strict=False):
            sizes.setdefault(letter, size)
    return {**sizes, "3H": 3 * sizes["H"]} if "H" in sizes else {}


def _list_names(paths: Iterable[str]) -> str:
    return ", ".join(sorted(paths)[:12]) or "nothing"
