"""Directions of Keras' layers, merged and backwards, read and written."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glassgate import GRU, BadInput, LayerPlan
from glassgate.exchange.keras.file import read_keras
from glassgate.exchange.keras.layers import run_layers
from glassgate.exchange.keras.write import write_keras
from tests.exchange.keras.keras_cases import agree, drawn, gru, layer_arrays, under, write_h5
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


@pytest.mark.parametrize("merge_mode", ["sum", "mul", "ave", "concat"])
@pytest.mark.parametrize("go_backwards", [True, False])
def test_directions_are_merged_as_keras_merges_them(go_backwards, merge_mode, kind, tmp_path):
    one, other = (
        layers.GRU(4, return_sequences=True, go_backwards=way, name=f"to_{way}")
        for way in (go_backwards, not go_backwards)
    )
    both = layers.Bidirectional(one, merge_mode, backward_layer=other, name="both")
    model = keras.Sequential([layers.Input((None, 3)), both])
    (found,) = read_keras(saved(fill(model), tmp_path, kind))
    assert found.facts.get("merge", "concat") == found.facts["merge_mode"] == merge_mode
    assert found.facts.get("order of output", "time") == ("as read" if go_backwards else "time")
    input, initial = sample(found)
    agree(found, *run(both, input, initial), input, initial)


def test_directions_that_are_not_merged_come_side_by_side(kind, tmp_path):
    input = layers.Input((None, 3))
    both = layers.Bidirectional(layers.GRU(4, return_sequences=True), None, name="both")
    model = fill(keras.Model(input, both(input)))
    (found,) = read_keras(saved(model, tmp_path, kind))
    assert (found.facts["merge_mode"], "merge" in found.facts) == ("None", False)
    sequence, _ = sample(found)
    outputs = model.predict(np.swapaxes(sequence, 0, 1), verbose=0)
    wanted = np.swapaxes(np.concatenate(outputs, -1), 0, 1)
    np.testing.assert_allclose(found.network.run(sequence)[0], wanted, 1e-6, 1e-6)


def test_a_layer_that_goes_backwards_returns_the_last_step_first(kind, tmp_path):
    model = keras.Sequential([layers.Input((None, 3))])
    model.add(layers.GRU(4, return_sequences=True, go_backwards=True, name="a"))
    model.add(layers.Bidirectional(layers.GRU(4, return_sequences=True), "sum", name="b"))
    model.add(layers.GRU(4, go_backwards=True, return_sequences=True, name="c"))
    stack, *singles = read_keras(saved(fill(model), tmp_path, kind))
    assert stack.facts["direction"] == "reverse, both, reverse"
    assert stack.facts["order of output"] == "as read, time, as read"
    sequence, _ = sample(stack)
    output = model.predict(np.swapaxes(sequence, 0, 1), verbose=0)
    for came in (
        stack.network.run(sequence)[0],
        stack.reference(sequence, 0 * sample(stack)[1])[0],
    ):
        np.testing.assert_allclose(came, np.swapaxes(output, 0, 1), 1e-6, 1e-6)
    input, initial = sample(singles[0])
    agree(singles[0], *run(model.layers[0], input, initial), input, initial)


KERAS_PLANS = [
    LayerPlan(),
    LayerPlan(("reverse",), order="read"),
    *(LayerPlan(("forward", "reverse"), merge) for merge in ("sum", "mul", "ave", "concat")),
    LayerPlan(("reverse", "forward"), "ave", "read"),
]


def planned(plan, H=4):
    """Return a network with these layers."""
    stack, reads = [], 3
    for i, one in enumerate(plan):
        some = [network(inputs=reads, seed=100 * i + 10 * d) for d in range(len(one.directions))]
        stack.append([gru.weights[0][0] for gru in some])
        reads = one.width(H)
    return GRU(stack, plan)


@settings(max_examples=10, deadline=None)
@given(plan=st.lists(st.sampled_from(KERAS_PLANS), min_size=1, max_size=3))
def test_every_plan_that_keras_has_is_written(plan, tmp_path_factory):
    check_written(planned(plan), tmp_path_factory.mktemp("plan") / "gru.keras")


@pytest.mark.parametrize("directions", [("reverse",), ("reverse", "forward")])
def test_a_plan_without_a_keras_counterpart_is_refused(directions, tmp_path):
    with pytest.raises(BadInput, match=r"layer 0 reads in reverse first and returns its states in"):
        write_keras(tmp_path / "gru.keras", planned([LayerPlan(directions)]))


def test_layers_of_different_sizes_are_one_network(kind, tmp_path):
    model = keras.Sequential([layers.Input((None, 3))])
    model.add(layers.Bidirectional(layers.GRU(6, return_sequences=True)))
    model.add(layers.GRU(4, return_sequences=True))
    stack, *singles = read_keras(saved(fill(model), tmp_path, kind))
    assert stack.facts["hidden size"] == "6, 4"
    assert len(singles) == 2
    zeros = stack.network.initial_state(3)
    assert [state.shape for state in zeros] == [(3, 6), (3, 6), (3, 4)]
    sequence = drawn(1, 5, 3, 3)
    output = model.predict(np.swapaxes(sequence, 0, 1), verbose=0)
    for ran in (stack.network.run, stack.reference, partial(run_layers, *stack.reference.args)):
        np.testing.assert_allclose(ran(sequence, zeros)[0], np.swapaxes(output, 0, 1), 1e-6, 1e-6)


PUBLISHED = {  # the last outputs that Keras' own tests state, of gru_test.py
    "reset after": ({}, [0.5217289, 0.6371659, 0.39384964]),
    "go backwards": ({"go_backwards": True}, [0.24406259, 0.611516, 0.3928808]),
    "reset before": ({"reset_after": False}, [0.51447755, 0.6426879, 0.40208298]),
    "no bias": ({"use_bias": False}, [0.49988455, 0.64701194, 0.4103359]),
}


@pytest.mark.parametrize("which", PUBLISHED)
def test_keras_published_values_are_reproduced(which, kind, tmp_path):
    words, expected = PUBLISHED[which]
    constant = keras.initializers.Constant
    numbers = {"kernel": 0.01, "recurrent": 0.02, "bias": 0.03}
    filled = {f"{name}_initializer": constant(value) for name, value in numbers.items()}
    model = keras.Sequential([layers.Input((6, 4)), layers.GRU(3, **filled, **words)])
    (found,) = read_keras(saved(model, tmp_path, kind))
    input = np.arange(72, dtype=np.float32).reshape(3, 6, 4).transpose(1, 0, 2)  # (T, B, I)
    output, last = found.network.run(input)
    np.testing.assert_allclose(last[0], np.array(expected)[:, None].repeat(3, 1), 1e-6)
    np.testing.assert_array_equal(output[-1], last[0])


def test_a_layer_called_twice_is_in_no_stack(kind, tmp_path):
    input = layers.Input((None, 3))
    shared, below = (layers.GRU(3, return_sequences=True, name=name) for name in ("sh", "b"))
    top = layers.GRU(5, return_sequences=True, name="c")
    model = fill(keras.Model(input, top(shared(shared(below(input))))))
    found = {one.name: one for one in read_keras(saved(model, tmp_path, kind))}
    assert sorted(found) == ["b", "c", "sh"]
    assert {one.part_of for one in found.values()} == {None}
    sequence, initial = sample(found["sh"])
    agree(found["sh"], *run(shared, sequence, initial), sequence, initial)


@pytest.mark.parametrize("wrap", [lambda layer: layer, layers.Bidirectional])
@pytest.mark.parametrize("named", [True, False])
def test_a_layer_that_is_given_a_state_is_in_no_stack_and_says_so(named, wrap, kind, tmp_path):
    input = layers.Input((None, 3))
    a, b, c = (wrap(layers.GRU(4, return_sequences=True, return_state=True)) for _ in range(3))
    output, *states = a(input)
    output, *_ = b(output, initial_state=states) if named else b(output, states)
    model = fill(keras.Model(input, c(output)[0]))
    found = read_keras(saved(model, tmp_path, kind))
    assert [one.name for one in found] == [layer.name for layer in (a, b, c)]
    told = [one.facts["initial state"] for one in found]
    assert told == ["given at run time", "given by another layer, to be passed", *told[:1]]


@pytest.mark.parametrize(
    "node",
    [[["a", 0, 0, {}], ["a", 0, 1, {}]], [["a", 0, 0, {"initial_state": ["a", 0, 1]}]]],
    ids=["second", "named"],
)
def test_an_initial_state_in_keras_2_is_recognized(node, tmp_path):
    config = {"name": "model", "layers": []}
    config["layers"] += [gru("a", 4) | {"inbound_nodes": [[["input", 0, 0, {}]]]}]
    config["layers"] += [gru("b", 4) | {"inbound_nodes": [node]}]
    arrays = {name: under(name, layer_arrays(size, 4)) for name, size in (("a", 3), ("b", 4))}
    path = write_h5(tmp_path / "m.h5", {"class_name": "Functional", "config": config}, arrays)
    found = {one.name: one.facts["initial state"] for one in read_keras(path)}
    assert found == {"a": "given at run time", "b": "given by another layer, to be passed"}
