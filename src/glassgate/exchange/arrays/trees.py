"""Parameter trees: nested mappings with arrays as leaves, as the JAX libraries hold them.

A layout says which leaves a cell has, by their paths, and the shape of each: I and H stand for the
sizes of input and state, 3H for three blocks side by side.
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
    """Give what stands in a cell's mapping by its path, ``"ir/kernel"``; a None stands for nothing.

    A mapping around it that holds nothing else, like ``{"params": ...}``, is passed over.

    Raises
    ------
    BadInput
        When it is no mapping.

    Examples
    --------
    >>> leaves({"params": {"ir": {"kernel": 1, "bias": None}, "hr": {"kernel": 2}}}, "a GRUCell")
    {'ir/kernel': 1, 'hr/kernel': 2}
    """
    if not isinstance(tree, Mapping):
        raise BadInput(f"the parameters of {cell} must be a mapping, got {type(tree).__name__}")
    while len(tree) == 1 and isinstance(only := next(iter(tree.values())), Mapping):
        tree = only
    found: dict[str, object] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            found |= {f"{key}/{name}": leaf for name, leaf in value.items()}
        else:
            found[str(key)] = value
    return {path: leaf for path, leaf in found.items() if leaf is not None}


def fitted(found: Mapping[str, object], layout: Layout, cell: str) -> dict[str, Array]:
    """Give a cell's leaves as arrays of one dtype, after holding them against its layout.

    Sizes are those of the first shapes in the layout that name them.

    Returns
    -------
    dict[str, Array]
        In the order of `layout`; float64 where any leaf is, else float32.

    Raises
    ------
    BadInput
        When a leaf is missing or unknown, holds no floating point numbers, or does not fit.
    """
    for path in layout:
        if path not in found:
            raise BadInput(f"{cell} has {path}, which is missing among {_listed(found)}")
    if unknown := found.keys() - layout.keys():
        raise BadInput(f"{cell} has no {_listed(unknown)}, only {', '.join(layout)}")
    arrays = {path: floats(path, found[path]) for path in layout}
    sizes = _sizes(arrays, layout)
    for path, shape in layout.items():
        require_shape(path, arrays[path].shape, tuple(sizes.get(size, size) for size in shape))
    return one_dtype(arrays)


def one_dtype(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Give arrays in the widest of their dtypes, which holds all of them exactly."""
    dtype = np.result_type(*arrays.values())
    return {name: array.astype(dtype, copy=False) for name, array in arrays.items()}


def floats(name: str, leaf: object) -> Array:
    """Give whatever NumPy can read as an array, in float32 or float64 and none of it rounded.

    Raises
    ------
    BadInput
        When it is no array of float16, bfloat16, float32 or float64.
    """
    try:
        array = np.asarray(leaf)
    except ValueError as error:
        raise BadInput(f"{name} must be an array, got {type(leaf).__name__}: {error}") from None
    if array.dtype.name not in ("float16", "bfloat16", "float32", "float64"):
        raise BadInput(f"{name} must hold float16, bfloat16, float32 or float64, got {array.dtype}")
    return array.astype(np.float64 if array.dtype.itemsize == 8 else np.float32, copy=False)


def folded(weights: GRUWeights) -> tuple[Array, Array]:
    """Give one bias for each gate, and the one inside the bracket with U_n.

    The hidden biases of reset and update stand in the same sum as those of the input, and go there.

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


def _listed(paths: Iterable[str]) -> str:
    return ", ".join(sorted(paths)[:12]) or "nothing"
