"""Writes the .npz files beside it: GRUs of other packages, and what each package computes.

    python make_trees.py flax_linen flax_nnx equinox haiku    # with jax, flax, equinox, dm-haiku
    python make_trees.py tensorflow1                          # with tensorflow-cpu, tf_keras

Each file says under ``made_with`` which versions it is of. All numbers are drawn anew, biases too,
and the state before the first step is not zero. A file ``-written`` holds weights of ours, the tree
that glassgate made of them, and what the package computed with it. A file ``-curves`` is of a cell
with a hard sigmoid, where it may have one, and a rectified candidate.
"""

import os
import sys
from importlib.metadata import version
from pathlib import Path

os.environ |= {"JAX_PLATFORMS": "cpu", "JAX_ENABLE_X64": "1"}
os.environ |= {"TF_USE_LEGACY_KERAS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}

import numpy as np

HERE = Path(__file__).parent
SIZES = {"small": (5, 2, 3, 4), "larger": (7, 3, 9, 12), "curves": (5, 2, 3, 4)}  # T, B, I, H
DTYPES = {"small": "float64", "larger": "float32", "curves": "float64"}
WEIGHTS = ("weight_input", "weight_hidden", "bias_input", "bias_hidden")


def drawn(case, *shapes, seed=0):
    rng = np.random.default_rng([list(SIZES).index(case), seed])
    return [(rng.normal(size=shape) / 2).astype(DTYPES[case]) for shape in shapes]


def sequence(case):
    T, B, I, H = SIZES[case]
    return drawn(case, (T, B, I), (B, H), seed=1)


def filled(case, tree):
    import jax

    leaves, structure = jax.tree.flatten(tree)
    return jax.tree.unflatten(structure, drawn(case, *(leaf.shape for leaf in leaves)))


def along(case, step):
    """Give the states, [T, B, H], of a step from input and state to the next state."""
    input, state = sequence(case)
    states = []
    for x in input:
        state = np.asarray(step(x, state))
        states.append(state)
    assert state.dtype == input.dtype
    return np.stack(states)


def store(name, case, packages, tree, step, **more):
    import jax

    paths = jax.tree_util.tree_flatten_with_path(tree)[0]
    save(name, case, packages, {"/".join(k.key for k in path): a for path, a in paths}, step, more)


def save(name, case, packages, leaves, step, more):
    made_with = ", ".join(f"{package} {version(package)}" for package in packages.split())
    input, state = sequence(case)
    arrays = {"input": input, "state": state, "output": along(case, step), **more}
    arrays |= {f"tree/{path}": np.asarray(leaf) for path, leaf in leaves.items()}
    np.savez(HERE / f"{name}.npz", made_with=np.array(made_with), **arrays)
    print(name, made_with)


def curves(case):
    import jax

    hard = {"gate_fn": jax.nn.hard_sigmoid, "activation_fn": jax.nn.relu}
    return hard if case == "curves" else {}


def ours(case):
    from glassgate import Formulation, GRUWeights

    I, H = SIZES[case][2:]
    words = ("hard_sigmoid_sixth", "relu") if case == "curves" else ("sigmoid", "tanh")
    arrays = drawn(case, (3 * H, I), (3 * H, H), (3 * H,), (3 * H,))
    weights = GRUWeights(*arrays, Formulation("writes", "after", *words))
    return weights, {f"weights/{name}": getattr(weights, name) for name in WEIGHTS}


def flax_linen(case):
    import flax.linen
    import jax

    from glassgate.exchange.arrays.flax import to_flax_linen

    cell = flax.linen.GRUCell(SIZES[case][3], **curves(case))

    def put(name, tree, **more):
        def step(x, h):
            return cell.apply(tree, h, x)[0]

        store(name, case, "flax jax", tree, step, **more)

    input, state = sequence(case)
    put(f"flax_linen-{case}", filled(case, cell.init(jax.random.key(0), state, input[0])))
    weights, more = ours(case)
    form = weights.formulation
    tree = {"params": to_flax_linen(weights, form.gate, form.squash)}
    put(f"flax_linen-{case}-written", tree, **more)


def flax_nnx(case):
    from flax import nnx

    cell = nnx.GRUCell(*SIZES[case][2:], rngs=nnx.Rngs(0), **curves(case))
    tree = filled(case, nnx.state(cell, nnx.Param).to_pure_dict())
    nnx.update(cell, tree)
    store(f"flax_nnx-{case}", case, "flax jax", tree, lambda x, h: cell(h, x)[0])


def equinox(case):
    import equinox
    import jax

    from glassgate.exchange.arrays.equinox import to_equinox

    if case == "curves":
        return  # it has none but its own
    cell = equinox.nn.GRUCell(*SIZES[case][2:], dtype=DTYPES[case], key=jax.random.key(0))

    def put(name, tree, **more):
        arrays = tuple(map(jax.numpy.asarray, tree.values()))
        full = equinox.tree_at(lambda c: [getattr(c, field) for field in tree], cell, arrays)
        store(name, case, "equinox jax", tree, jax.vmap(full), **more)

    arrays = {name: leaf for name, leaf in vars(cell).items() if isinstance(leaf, jax.Array)}
    put(f"equinox-{case}", filled(case, arrays))
    weights, more = ours(case)
    put(f"equinox-{case}-written", to_equinox(weights), **more)


def haiku(case):
    import haiku
    import jax

    if case == "curves":
        return  # it has none but its own
    H = SIZES[case][3]
    net = haiku.without_apply_rng(haiku.transform(lambda x, h: haiku.GRU(H)(x, h)[0]))
    input, state = sequence(case)
    tree = filled(case, net.init(jax.random.key(0), input[0], state))
    store(f"haiku-{case}", case, "dm-haiku jax", tree, lambda x, h: net.apply(tree, x, h))


def tensorflow1(case):
    import tensorflow as tf

    I, H = SIZES[case][2:]
    activation = "relu" if case == "curves" else None
    cell = tf.compat.v1.nn.rnn_cell.GRUCell(H, activation, dtype=DTYPES[case])
    cell.build((None, I))
    cell.set_weights(drawn(case, *(variable.shape for variable in cell.variables)))
    names = [variable.name.split("/", 1)[1].removesuffix(":0") for variable in cell.variables]
    leaves = dict(zip(names, cell.get_weights(), strict=True))
    packages = "tensorflow_cpu tf_keras"
    save(f"tensorflow1-{case}", case, packages, leaves, lambda x, h: cell(x, h)[0], {})


if __name__ == "__main__":
    for package in sys.argv[1:]:
        for case in SIZES:
            globals()[package](case)
