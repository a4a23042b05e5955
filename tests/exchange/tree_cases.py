"""Parameter trees from the files that golden/exchange/make_trees.py wrote, and their readers."""

from pathlib import Path

import numpy as np

from glassgate.exchange.arrays import (
    from_equinox,
    from_flax_linen,
    from_flax_nnx,
    from_haiku,
    from_tensorflow1,
)

GOLDEN = Path(__file__).parents[1] / "golden" / "exchange"


def tensorflow1(tree, squash="tanh"):
    gates, candidate = tree["gates"], tree["candidate"]
    four = gates["kernel"], gates["bias"], candidate["kernel"], candidate["bias"]
    return from_tensorflow1(*four, squash)


READERS = {
    "flax_linen": from_flax_linen,
    "flax_nnx": from_flax_nnx,
    "equinox": from_equinox,
    "haiku": from_haiku,
    "tensorflow1": tensorflow1,
}
TREES = ("flax_linen", "flax_nnx", "equinox", "haiku")  # those that are read from one mapping


def golden(name):
    with np.load(GOLDEN / f"{name}.npz", allow_pickle=False) as file:
        return dict(file)


def nested(arrays, under="tree/"):
    """The tree in a golden file, as nested mappings."""
    tree = {}
    for path, array in arrays.items():
        if path.startswith(under):
            *outer, last = path.removeprefix(under).split("/")
            inner = tree
            for key in outer:
                inner = inner.setdefault(key, {})
            inner[last] = array
    return tree


def small(package):
    """The tree of the small cell, as the package keeps it."""
    return nested(golden(f"{package}-small"))


def leaves_of(tree):
    for value in tree.values():
        if isinstance(value, dict):
            yield from leaves_of(value)
        else:
            yield value


def mapped(tree, change):
    return {
        key: mapped(value, change) if isinstance(value, dict) else change(value)
        for key, value in tree.items()
    }


def place(tree, path):
    """The mapping that holds the last key of a path, and that key."""
    *outer, last = path.split("/")
    for key in outer:
        tree = tree[key]
    return tree, last
