"""Parameter trees of flax, equinox, haiku and TensorFlow 1, held against what those compute.

The files were made by golden/exchange/make_trees.py, with the packages themselves.
"""

import copy
from dataclasses import replace

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glassgate import GRU, BadInput, Formulation, GRUWeights
from glassgate.exchange.arrays.equinox import from_equinox, to_equinox
from glassgate.exchange.arrays.flax import from_flax_linen, to_flax_linen
from glassgate.exchange.arrays.haiku import from_haiku
from glassgate.reference import forward
from glassgate.weights import ARRAYS
from tests.engine.engine_cases import draw_weights
from tests.exchange.tree_cases import (
    READERS,
    TREES,
    golden,
    leaves_of,
    mapped,
    nested,
    small,
)

KEEPS, CURVES = Formulation(), ("hard_sigmoid_sixth", "relu")
FORMS = {
    "haiku": Formulation(update="writes", reset="before"),
    "tensorflow1": Formulation(reset="before"),
}
# What each reader takes besides the tree, where the cell's curves are not its own.
SAID = {"flax_linen": CURVES, "flax_nnx": CURVES, "tensorflow1": CURVES[1:]}


def assert_same(ours, theirs):
    assert ours.formulation == theirs.formulation
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))


def assert_computes(weights, kept):
    """Reference and engine both compute what the package computed, in its own precision."""
    double = kept["output"].dtype == np.float64
    assert weights.dtype == kept["output"].dtype
    tape = forward(weights, kept["input"], kept["state"])
    np.testing.assert_allclose(tape.hidden, kept["output"], rtol=0, atol=1e-14 if double else 1e-6)
    output, _ = GRU([[weights]]).run(kept["input"], kept["state"][None])
    np.testing.assert_allclose(output, kept["output"], rtol=0, atol=1e-6)


READ = [
    *[(package, case) for package in READERS for case in ("small", "larger")],
    *[(package, "curves") for package in SAID],
]


@pytest.mark.parametrize(("package", "case"), READ)
def test_what_is_read_computes_what_the_package_computed(package, case):
    kept = golden(f"{package}-{case}")
    tree = nested(kept)
    assert all(np.all(leaf) for leaf in leaves_of(tree))
    assert np.all(kept["state"])
    said = SAID[package] if case == "curves" else ()
    weights = READERS[package](tree, *said)
    expected = FORMS.get(package, KEEPS)
    if said:
        words = dict(zip(("gate", "squash")[-len(said) :], said, strict=True))
        expected = replace(expected, **words)
    assert weights.formulation == expected
    assert_computes(weights, kept)


WRITTEN = [
    ("flax_linen", "small"),
    ("flax_linen", "larger"),
    ("flax_linen", "curves"),
    ("equinox", "small"),
    ("equinox", "larger"),
]


@pytest.mark.parametrize(("package", "case"), WRITTEN)
def test_what_is_written_computed_the_same_in_the_package(package, case):
    kept = golden(f"{package}-{case}-written")
    said = CURVES if case == "curves" else ("sigmoid", "tanh")
    ours = GRUWeights(
        *(kept[f"weights/{name}"] for name in ARRAYS), Formulation("writes", "after", *said)
    )
    assert_computes(ours, kept)
    tree = nested(kept)
    if package == "flax_linen":
        assert_trees_equal({"params": to_flax_linen(ours, *said)}, tree)
    else:
        assert_trees_equal(to_equinox(ours), tree)


def assert_trees_equal(ours, theirs):
    assert ours.keys() == theirs.keys()
    for key, value in theirs.items():
        if isinstance(value, dict):
            assert_trees_equal(ours[key], value)
        else:
            assert ours[key].dtype == value.dtype
            np.testing.assert_array_equal(ours[key], value)


sizes = st.integers(1, 70)


@settings(max_examples=40, deadline=None)
@given(sizes, sizes, st.sampled_from(["keeps", "writes"]), st.integers(0, 9))
def test_there_and_back_is_the_same_function(I, H, update, seed):
    weights = draw_weights(I, H, Formulation(update), seed=seed)
    rng = np.random.default_rng(seed)
    input, state = rng.normal(size=(3, 2, I)), rng.normal(size=(2, H))
    expected = forward(weights, input, state).hidden
    for back, again in (
        (from_flax_linen(to_flax_linen(weights)), to_flax_linen),
        (from_equinox(to_equinox(weights)), to_equinox),
    ):
        np.testing.assert_allclose(forward(back, input, state).hidden, expected, atol=1e-12)
        assert_trees_equal(again(back), again(weights))


@pytest.mark.parametrize("package", ["flax_linen", "equinox"])
def test_a_tree_comes_back_bit_for_bit(package):
    tree = small(package)
    write = {"flax_linen": to_flax_linen, "equinox": to_equinox}[package]
    assert_trees_equal(write(READERS[package](tree)), tree.get("params", tree))


@pytest.mark.parametrize("package", READERS)
def test_nothing_given_is_changed_or_shared(package):
    tree = small(package)
    before = copy.deepcopy(tree)
    weights = READERS[package](tree)
    for leaf in leaves_of(tree):
        leaf += 1
    assert_same(weights, READERS[package](before))


@pytest.mark.parametrize("package", TREES)
def test_outer_mappings_with_a_single_entry_are_skipped(package):
    tree = small(package)
    while len(tree) == 1:
        (tree,) = tree.values()
    assert_same(READERS[package](tree), READERS[package]({"model": {"cell": tree}}))


@pytest.mark.parametrize("package", READERS)
def test_any_precision_is_kept_exactly(package):
    for dtype in (np.float16, ml_dtypes.bfloat16, np.float32):
        rounded = mapped(small(package), lambda leaf, dtype=dtype: leaf.astype(dtype))
        weights = READERS[package](rounded)
        assert weights.dtype == np.float32
        wide = mapped(rounded, lambda leaf: leaf.astype(np.float64))
        assert_same(weights.astype(np.float64), READERS[package](wide))
    assert READERS[package](mapped(small(package), np.ndarray.tolist)).dtype == np.float64


def test_one_leaf_of_float64_makes_all_of_it_float64():
    tree = mapped(small("haiku"), lambda leaf: leaf.astype(np.float32))
    tree["gru"]["b"] = tree["gru"]["b"] + np.float64(1e-12)
    weights = from_haiku(tree)
    assert weights.dtype == np.float64
    np.testing.assert_array_equal(np.sort(weights.bias_input), np.sort(tree["gru"]["b"]))


def test_an_equinox_cell_without_biases_and_with_its_settings():
    tree = small("equinox")
    weights = from_equinox(tree)
    said = {"input_size": 3, "hidden_size": 4, "use_bias": True}
    assert_same(from_equinox({**tree, **said}), weights)
    bare = from_equinox({**tree, "bias": None, "bias_n": None, **said, "use_bias": False})
    zeros = np.zeros(12)
    assert_same(bare, replace(weights, bias_input=zeros, bias_hidden=zeros))
    with pytest.raises(BadInput, match="an equinox GRUCell needs bias_n, got only"):
        from_equinox({**tree, "bias_n": None})


def test_the_hidden_biases_of_the_gates_are_added_and_the_candidates_is_not():
    ones = np.ones((6, 2))
    b, c = np.arange(6.0), np.array([10.0, 20, 30, 40, 50, 60])
    weights = GRUWeights(ones, ones, b, c)
    assert to_equinox(weights)["bias"].tolist() == [10, 21, 32, 43, 4, 5]
    assert to_equinox(weights)["bias_n"].tolist() == [50, 60]
    tree = to_flax_linen(weights)
    assert tree["iz"]["bias"].tolist() == [32, 43]
    assert tree["in"]["bias"].tolist() == [4, 5]
    assert tree["hn"]["bias"].tolist() == [50, 60]


def test_numbers_that_are_nan_are_kept():
    tree = small("flax_linen")
    tree["params"]["hn"]["bias"][0] = np.nan
    weights = from_flax_linen(tree)
    assert np.isnan(weights.bias_hidden).sum() == 1
    assert np.isnan(to_flax_linen(weights)["hn"]["bias"]).tolist() == [True, False, False, False]
