"""Keras itself as oracle: models saved and read back, networks written and loaded."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glassgate import GRU, BadInput, Formulation
from glassgate.exchange.keras.arrays import KerasGRU, from_keras, run_equations, to_keras
from glassgate.exchange.keras.file import read_keras
from glassgate.exchange.keras.write import write_keras
from tests.exchange.keras.keras_cases import agree, drawn, layer_arrays
from tests.exchange.keras.keras_models import (
    check_written,
    fill,
    keras,
    layers,
    network,
    run,
    sample,
    saved,
)

pytestmark = [pytest.mark.filterwarnings("ignore::DeprecationWarning")]
SIZES = st.integers(1, 70)
WORDS = {
    "activation": ("tanh", "relu", "linear"),
    "recurrent_activation": ("sigmoid", "hard_sigmoid"),
}
CASES = [
    {"reset_after": reset_after, "activation": squash, "recurrent_activation": gate}
    for reset_after in (True, False)
    for squash in WORDS["activation"]
    for gate in WORDS["recurrent_activation"]
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(map(str, case.values())))
def test_each_form_of_the_layer_is_read_as_keras_runs_it(case, kind, tmp_path):
    model = keras.Sequential(
        [layers.Input((None, 3)), layers.GRU(4, return_sequences=True, name="one", **case)]
    )
    (found,) = read_keras(saved(fill(model), tmp_path, kind))
    assert (found.name, found.refusal, found.facts["keras"]) == ("one", None, keras.__version__)
    input, initial = sample(found)
    agree(found, *run(model.layers[0], input, initial), input, initial)


@settings(max_examples=25, deadline=None)
@given(inputs=SIZES, units=SIZES, case=st.sampled_from(CASES), bias=st.booleans())
def test_arrays_of_any_size_go_there_and_back(inputs, units, case, bias):
    layer = layers.GRU(units, return_sequences=True, use_bias=bias, **case)
    layer.build((None, None, inputs))
    fill(layer, scale=0.7 / max(inputs, units) ** 0.5)
    arrays = [*layer.get_weights(), None][:3]
    weights = from_keras(*arrays, **case)
    input, initial = drawn(7, 4, 2, inputs), drawn(8, 1, 2, units)
    output, _ = run(layer, input, initial)
    np.testing.assert_allclose(GRU([[weights]]).run(input, initial)[0], output, 1e-6, 1e-6)
    exact, _ = run_equations(KerasGRU(*arrays, **case), input, initial[0])
    np.testing.assert_allclose(exact, output, 1e-6, 1e-6)
    back = to_keras(weights)
    for there, here in zip(arrays, (back.kernel, back.recurrent_kernel, back.bias), strict=True):
        np.testing.assert_array_equal(0 * here if there is None else there, here)
    assert {word: getattr(back, word) for word in case} == case


@pytest.mark.parametrize("reset_after", [True, False])
def test_bidirectional_is_read(reset_after, kind, tmp_path):
    inner = layers.GRU(4, return_sequences=True, reset_after=reset_after)
    model = keras.Sequential([layers.Input((None, 3)), layers.Bidirectional(inner, name="both")])
    (found,) = read_keras(saved(fill(model), tmp_path, kind))
    assert (found.name, found.facts["direction"]) == ("both", "both")
    input, initial = sample(found)
    agree(found, *run(model.layers[0], input, initial), input, initial)


@pytest.mark.parametrize("wrap", [lambda layer: layer, layers.Bidirectional])
def test_a_stack_is_read_whole_and_layer_by_layer(wrap, kind, tmp_path):
    model = keras.Sequential([layers.Input((None, 3))])
    for name in ("a", "b", "c"):
        model.add(wrap(layers.GRU(5, return_sequences=True, name=name)))
        model.add(layers.Dropout(0.5))
    stack, *singles = read_keras(saved(fill(model), tmp_path, kind))
    assert stack.name == "+".join(single.name for single in singles)
    assert (stack.network.num_layers, len(singles)) == (3, 3)
    input, initial = sample(stack)
    output, directions = input, len(initial) // 3
    recurrent = [layer for layer in model.layers if "dropout" not in layer.name]
    states = []
    for single, layer, state in zip(singles, recurrent, np.split(initial, 3), strict=True):
        below = output
        output, last = run(layer, output, state)
        states.append(last)
        agree(single, output, last, below, state)
    assert len(states[0]) == directions
    agree(stack, output, np.concatenate(states), input, initial, 2e-6)


def functional():
    """Two GRUs joined through a Dropout, one separate, a cell, and two in inner models."""
    input = layers.Input((None, 3))
    inner = keras.Sequential(
        [layers.Input((None, 4)), layers.GRU(2, use_bias=False), layers.Dense(1)], name="inner"
    )
    a = layers.GRU(4, return_sequences=True, name="a")(input)
    b = layers.GRU(4, return_sequences=True, name="b")(layers.Dropout(0.1)(a))
    c = layers.RNN(layers.GRUCell(3), name="c")(layers.Dense(2)(b))
    return keras.Model(input, [inner(b), c])


def test_models_inside_a_model_are_searched(kind, tmp_path):
    model = fill(functional())
    found = {one.name: one for one in read_keras(saved(model, tmp_path, kind))}
    (inner,) = [name for name in found if name.startswith("inner/")]
    assert list(found) == ["a+b", "a", "b", *[n for n in found if n in ("c", inner)]]
    assert {"c", inner} < found.keys()
    for name in ("a", "b", "c", inner):
        layer = model.get_layer(name) if "/" not in name else model.get_layer("inner").layers[0]
        input, initial = sample(found[name])
        agree(found[name], *run(layer, input, initial), input, initial)


@pytest.mark.parametrize(
    ("layer", "reason"),
    [
        (lambda: layers.GRU(2, activation="selu"), "activation must be one of tanh, relu, linear"),
        (lambda: layers.GRU(2, recurrent_activation="relu"), "must be one of sigmoid, hard_sigm"),
        (lambda: layers.RNN([layers.GRUCell(2), layers.GRUCell(2)]), "inside RNN of StackedRNN"),
    ],
)
def test_layers_without_a_counterpart_are_listed_and_refused(layer, reason, kind, tmp_path):
    model = keras.Sequential([layers.Input((None, 3)), layer()])
    (found,) = read_keras(saved(model, tmp_path, kind))
    assert found.network is None
    assert found.reference is None
    assert reason in found.refusal


@pytest.mark.parametrize(
    ("below", "reason"),
    [
        ({"units": 2, "reset_after": False}, "formulation of layer 1 forward must be"),
    ],
)
def test_layers_of_different_forms_are_converted_one_by_one(below, reason, kind, tmp_path):
    unequal = [layers.GRU(**below, return_sequences=True), layers.GRU(2)]
    model = keras.Sequential([layers.Input((None, 3)), *unequal])
    stack, *singles = read_keras(saved(model, tmp_path, kind))
    assert stack.network is None
    assert reason in stack.refusal
    assert all(single.network for single in singles)


FORMS = [
    Formulation(update, reset, gate, squash)
    for update in ("keeps", "writes")
    for reset in ("after", "before")
    for gate in ("sigmoid", "hard_sigmoid_sixth")
    for squash in ("tanh", "relu", "linear")
]


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_keras_loads_and_runs_what_is_written(form, tmp_path):
    check_written(network(form), tmp_path / "gru.keras")


@pytest.mark.parametrize(("depth", "directions"), [(1, 2), (3, 1), (2, 2)])
def test_stacks_and_directions_are_written(depth, directions, tmp_path):
    check_written(network(None, depth, directions), tmp_path / "gru.keras")


def test_a_written_file_comes_back_bit_for_bit(tmp_path):
    for i, written in enumerate(
        (network(), network(dtype=np.float64), network(depth=2, directions=2))
    ):
        write_keras(tmp_path / f"{i}.keras", written)
        back = read_keras(tmp_path / f"{i}.keras")[0].network
        assert back.dtype == written.dtype
        for there, here in zip(sum(written.weights, ()), sum(back.weights, ()), strict=True):
            for name in ("weight_input", "weight_hidden", "bias_input", "bias_hidden"):
                np.testing.assert_array_equal(getattr(there, name), getattr(here, name))


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        (Formulation(reset="none"), "no GRU without a reset gate"),
        (Formulation(gate="hard_sigmoid_fifth"), "its hard_sigmoid has slope 1/6"),
    ],
)
def test_what_keras_cannot_express_is_not_written(form, reason, tmp_path):
    with pytest.raises(BadInput, match=reason):
        write_keras(tmp_path / "gru.keras", network(form))
    assert not list(tmp_path.iterdir())


def test_a_single_bias_is_the_inputs():
    kernel, recurrent, bias = layer_arrays(3, 4, reset_after=False)
    weights = from_keras(kernel, recurrent, bias, reset_after=True)
    assert not weights.bias_hidden.any()
    np.testing.assert_array_equal(weights.bias_input[:4], bias[4:8])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"kernel": np.zeros((3, 11))}, r"kernel must have shape \(I, 12\), got \(3, 11\)"),
        ({"recurrent_kernel": np.zeros((4, 9))}, r"recurrent_kernel must have shape \(4, 12\)"),
        ({"bias": np.zeros(11)}, r"bias must have shape \(2, 12\), got \(11,\)"),
        ({"reset_after": False}, r"bias without reset_after must have shape \(12,\)"),
        ({"kernel": np.zeros((3, 12), int)}, "kernel must be an array of float16"),
        ({"keras_version": 1}, "keras_version must be 2 or 3, got 1"),
        ({"activation": "gelu"}, "activation must be one of tanh, relu, linear"),
        ({"kernel": np.zeros((0, 12))}, "I at least 1"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(change, reason):
    arrays = dict(zip(("kernel", "recurrent_kernel", "bias"), layer_arrays(3, 4), strict=True))
    with pytest.raises(BadInput, match=reason):
        from_keras(**{**arrays, "reset_after": True, **change})
