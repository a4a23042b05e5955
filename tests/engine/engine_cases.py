"""What the tests of the native engine share: forms, targets, random layers, exact comparison."""

import subprocess
import sys
from itertools import product

import numpy as np
import pytest

from glassgate import Formulation, GRUWeights
from glassgate.engine import set_threads, targets

FORMS = [
    Formulation(*words)
    for words in product(
        ("keeps", "writes"),
        ("after", "before", "none"),
        ("sigmoid", "hard_sigmoid_fifth", "hard_sigmoid_sixth"),
        ("tanh", "relu", "linear"),
    )
]
FEW_FORMS = [
    Formulation(),
    Formulation(reset="before", update="writes"),
    Formulation(reset="none", gate="hard_sigmoid_fifth"),
    Formulation(update="writes", gate="hard_sigmoid_sixth", squash="relu"),
]
GRADIENTS = ("input", "initial", "weight_input", "weight_hidden", "bias_input", "bias_hidden")


def form_name(form):
    return "-".join(vars(form).values())


def dtype_name(dtype):
    return np.dtype(dtype).name


each_target = pytest.mark.parametrize("target", targets())
each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=dtype_name)
each_form = pytest.mark.parametrize("form", FORMS, ids=form_name)
few_forms = pytest.mark.parametrize("form", FEW_FORMS, ids=form_name)


def draw(shape, seed, dtype=np.float64):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def draw_weights(I, H, form=None, dtype=np.float64, seed=0, scale=None):
    """Draw normal weights, as wide as torch draws them without a scale; a generator is a seed."""
    shapes = [(3 * H, I), (3 * H, H), (3 * H,), (3 * H,)]
    rng, scale = np.random.default_rng(seed), scale or (3 * H) ** -0.5
    arrays = (rng.normal(scale=scale, size=shape).astype(dtype) for shape in shapes)
    return GRUWeights(*arrays, form or Formulation())


def run_python(code, environment, limit=120):
    """Run a program in its own process, which must succeed in time; give what it printed."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        timeout=limit,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


class on_threads:  # noqa: N801  (read as a sentence: with on_threads(2))
    """Give the engine so many threads for a while."""

    def __init__(self, most):
        self.most = most

    def __enter__(self):
        set_threads(self.most)

    def __exit__(self, *_):
        set_threads(None)


def same_bits(left, right, what=""):
    assert (left.shape, left.dtype) == (right.shape, right.dtype), what
    differs = left.view(f"u{left.itemsize}") != right.view(f"u{right.itemsize}")
    assert not differs.any(), f"{what}: {differs.sum()} of {differs.size} values differ"


def same_gradients(left, right, names=GRADIENTS):
    for name in names:
        same_bits(getattr(left, name), getattr(right, name), name)


def swapped(array):
    return array.astype(array.dtype.newbyteorder())


def misaligned(array):
    there = np.zeros(array.nbytes + 1, np.uint8)
    moved = np.frombuffer(there.data, array.dtype, offset=1).reshape(array.shape)
    moved[...] = array
    assert not moved.flags.aligned
    return moved


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


def strided(array):
    return np.repeat(array, 2, axis=-1)[..., ::2]
