"""What is not a cell's tree, or has no exact counterpart, is refused in one sentence."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from glassgate import BadInput, Formulation
from glassgate.exchange.arrays.equinox import to_equinox
from glassgate.exchange.arrays.flax import from_flax_linen, from_flax_nnx, to_flax_linen
from tests.engine.engine_cases import draw_weights
from tests.exchange.tree_cases import (
    READERS,
    TREES,
    golden,
    place,
    small,
    tensorflow1,
)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"reset": "before"}, "has reset after, got before: the place of the reset gate makes"),
        ({"reset": "none"}, "has reset after, got none"),
        (
            {"gate": "hard_sigmoid_sixth"},
            "has gate sigmoid, got hard_sigmoid_sixth: the activ",
        ),
        (
            {"squash": "relu"},
            "has squash tanh, got relu: the activation of the candidate makes",
        ),
    ],
)
@pytest.mark.parametrize("write", [to_flax_linen, to_equinox])
def test_what_cannot_be_exact_is_refused(write, change, message):
    weights = draw_weights(3, 4, replace(Formulation(), **change))
    with pytest.raises(BadInput, match=message):
        write(weights)


def test_activations_that_no_tree_records_are_passed():
    weights = draw_weights(3, 4, Formulation("keeps", "after", "hard_sigmoid_fifth", "linear"))
    tree = to_flax_linen(weights, "hard_sigmoid_fifth", "linear")
    assert from_flax_linen(tree, "hard_sigmoid_fifth", "linear").formulation == weights.formulation
    with pytest.raises(BadInput, match="with gate sigmoid and squash linear has gate sigmoid, got"):
        to_flax_linen(weights, squash="linear")
    for read in (from_flax_linen, from_flax_nnx):
        with pytest.raises(BadInput, match=r"gate must be one of sigmoid, .* got 'hard_sigmoid'"):
            read(tree, "hard_sigmoid")
    with pytest.raises(BadInput, match="squash must be one of tanh, relu, linear, got 'gelu'"):
        tensorflow1(small("tensorflow1"), "gelu")


@pytest.mark.parametrize(
    ("package", "path", "leaf", "message"),
    [
        ("flax_linen", "params/hn/bias", None, "a flax.linen GRUCell needs hn/bias, got only"),
        ("flax_linen", "params/hr/bias", np.ones(4), "a flax.linen GRUCell has no hr/bias"),
        ("flax_linen", "params/hz/kernel", np.ones((4, 5)), r"hz/kernel .* \(4, 4\)"),
        ("flax_linen", "params/ir/kernel", np.ones((4, 3)), r"ir/kernel .* \(4, 4\)"),
        ("flax_linen", "params/hn/bias", np.ones((4, 1)), r"hn/bias must have shape \(4,\)"),
        ("flax_nnx", "dense_h/bias", np.ones(12), "a flax.nnx GRUCell has no dense_h/bias"),
        ("flax_nnx", "dense_i/bias", None, "needs dense_i/bias, got only dense_h"),
        ("flax_nnx", "dense_h/kernel", np.ones((4, 16)), r"shape \(4, 12\), got \(4, 16\)"),
        ("flax_nnx", "dense_h/kernel", np.float64(1), r"shape \(H, 3H\), got \(\)"),
        ("equinox", "weight_hh", np.ones((16, 4)), r"weight_hh must have shape \(12, 4\)"),
        ("equinox", "weight_ih", np.ones((3, 12)), r"weight_ih must have shape \(12, 12\)"),
        ("equinox", "weight_hh", np.ones(12), r"weight_hh must have shape \(12, 4\)"),
        ("equinox", "bias_n", np.ones(12), r"bias_n must have shape \(4,\), got \(12,\)"),
        ("equinox", "scale", np.ones(3), "an equinox GRUCell has no scale, only weight_hh"),
        ("haiku", "gru/b", np.ones(16), r"b must have shape \(12,\), got \(16,\)"),
        ("haiku", "gru/w_i", None, "a haiku GRU needs w_i, got only b, w_h"),
        ("haiku", "gru/w_i", np.ones((0, 12)), "with H and I at least 1"),
        ("haiku", "gru/w_i", np.ones((3, 12), int), "w_i must hold float16.*, got int64"),
        ("haiku", "gru/w_i", np.ones((3, 12), complex), "w_i must hold .*, got complex128"),
        ("haiku", "gru/w_i", "weights", "w_i must hold float16, bfloat16, .*, got <U7"),
        ("haiku", "gru/w_i", {"kernel": np.ones(3)}, "needs w_i, got only b, w_h"),
        ("haiku", "gru/w_i", [[1.0], [1.0, 2.0]], "w_i must be an array, got list"),
        ("tensorflow1", "candidate/kernel", np.ones((7, 8)), r"shape \(I \+ H, H\) with I"),
        ("tensorflow1", "candidate/kernel", np.ones(7), r"shape \(I \+ H, H\) with I"),
        ("tensorflow1", "candidate/kernel", np.ones((7, 0)), r"shape \(I \+ H, H\) with I"),
        ("tensorflow1", "candidate/kernel", np.ones((4, 4)), r"at least 1, got \(4, 4\)"),
        ("tensorflow1", "gates/kernel", np.ones((7, 4)), r"gates_kernel .*\(7, 8\), got"),
        ("tensorflow1", "gates/bias", np.ones(4), r"gates_bias must have shape \(8,\)"),
        ("tensorflow1", "candidate/bias", np.ones(8), r"candidate_bias .*\(4,\), got"),
    ],
)
def test_a_wrong_tree_gets_one_sentence(package, path, leaf, message):
    tree = small(package)
    inner, last = place(tree, path)
    inner[last] = leaf
    with pytest.raises(BadInput, match=message) as caught:
        READERS[package](tree)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("package", TREES)
@pytest.mark.parametrize("tree", [None, [1.0], np.ones(3), {}, {"a": {}}, {1: {2: 3}}])
def test_something_other_than_a_tree_is_refused(package, tree):
    with pytest.raises(BadInput, match=r"must be a mapping, got|got only"):
        READERS[package](tree)


@pytest.mark.parametrize(("package", "other"), list(permutations(TREES, 2)))
def test_the_tree_of_one_package_is_refused_by_the_others(package, other):
    with pytest.raises(BadInput, match="got only"):
        READERS[package](small(other))


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(READERS)), st.data())
def test_a_hostile_shape_is_refused_in_any_position(package, data):
    """Only the array that decides the input size may have any number of inputs."""
    tree = small(package)
    paths = sorted(path for path in golden(f"{package}-small") if path.startswith("tree/"))
    path = data.draw(st.sampled_from(paths)).removeprefix("tree/")
    inner, last = place(tree, path)
    shape = tuple(data.draw(st.lists(st.integers(0, 13), max_size=3)))
    assume(shape != inner[last].shape)
    inner[last] = np.ones(shape)
    free = {"flax_nnx": "dense_i/kernel", "haiku": "gru/w_i", "equinox": "weight_ih"}
    if path == free.get(package) and len(shape) == 2 and min(shape):
        assume(shape[0 if package == "equinox" else 1] != 12)
    with pytest.raises(BadInput) as caught:
        READERS[package](tree)
    assert "\n" not in str(caught.value)
