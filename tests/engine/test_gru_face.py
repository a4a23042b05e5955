import copy
import pickle
import tracemalloc

import numpy as np
import pytest
import torch

from glassgate import GRU, BadInput, Formulation, LayerPlan
from glassgate.engine.plan import BOTH
from glassgate.weights import ARRAYS
from tests.engine.gru_cases import FORMS, LENGTHS, B, H, I, T, by_reference, given, network, planned


def as_torch(gru):
    made = torch.nn.GRU(
        gru.input_size,
        gru.hidden_size,
        gru.num_layers,
        bidirectional=len(gru.weights[0]) == 2,
        dtype=torch.float64,
    )
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    with torch.no_grad():
        for i, layer in enumerate(gru.weights):
            for suffix, weights in zip(("", "_reverse"), layer, strict=False):
                for there, here in zip(names, ARRAYS, strict=True):
                    array = torch.tensor(getattr(weights, here))
                    getattr(made, f"{there}_l{i}{suffix}").copy_(array)
    return made


@pytest.mark.parametrize("directions", [1, 2])
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_a_run_is_that_of_torch(layers, directions):
    gru = network(layers, directions)
    input, state, _ = given(gru)
    output, last = gru.run(input, state)
    wanted, wanted_last = as_torch(gru)(torch.tensor(input), torch.tensor(state))
    np.testing.assert_allclose(output, wanted.detach(), rtol=0, atol=1e-13)
    np.testing.assert_allclose(last, wanted_last.detach(), rtol=0, atol=1e-13)


@pytest.mark.parametrize("directions", [1, 2])
def test_a_ragged_run_is_that_of_torch(directions):
    gru = network(2, directions)
    input, state, _ = given(gru)
    lengths = np.array([4, 7, 1, 2, 6])  # torch takes no length of 0
    output, last = gru.run(input, state, lengths)
    packed = torch.nn.utils.rnn.pack_padded_sequence(
        torch.tensor(input), torch.tensor(lengths), enforce_sorted=False
    )
    wanted, wanted_last = as_torch(gru)(packed, torch.tensor(state))
    wanted, _ = torch.nn.utils.rnn.pad_packed_sequence(wanted)
    np.testing.assert_allclose(output, wanted.detach(), rtol=0, atol=1e-13)
    np.testing.assert_allclose(last, wanted_last.detach(), rtol=0, atol=1e-13)


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("directions", [1, 2])
def test_lengths_and_resets_in_every_form_are_those_of_the_reference(directions, form):
    gru = network(2, directions, form=form)
    input, state, resets = given(gru)
    output, last = gru.run(input, state, LENGTHS, resets)
    wanted, wanted_last = by_reference(gru, input, state, LENGTHS, resets)
    np.testing.assert_allclose(output, wanted, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(last, wanted_last, rtol=1e-12, atol=1e-13)
    np.testing.assert_array_equal(last[:, 1], state[:, 1])  # its length is 0


@pytest.mark.parametrize("directions", [1, 2])
def test_what_stands_in_the_padding_does_not_matter(directions):
    gru = network(2, directions, np.float32)
    input, state, resets = given(gru)
    output, last = gru.run(input, state, LENGTHS, resets)
    padding = np.arange(T)[:, None] >= LENGTHS
    input[padding] = np.nan
    resets = resets ^ padding
    for here, there in zip(gru.run(input, state, LENGTHS, resets), (output, last), strict=True):
        np.testing.assert_array_equal(here, there)
    assert not output[padding].any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64, "bfloat16"])
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_streaming_gives_the_bits_of_a_run(form, dtype):
    gru = network(3, dtype=np.float32, form=form, units=19).astype(dtype)
    input, state, _ = given(gru)
    output, last = gru.run(input, state)
    in_place, other = state.copy(), np.full_like(state, np.nan)
    for t, x in enumerate(input):
        newest, state = gru.step(x, state)
        again, same = gru.step(x, in_place, out=other)
        alone, _ = gru.step(x, in_place, out=in_place)
        assert same is other
        for came in (newest, again, alone):
            np.testing.assert_array_equal(came, output[t])
    for came in (state, in_place, other):
        np.testing.assert_array_equal(came, last)


def test_a_step_leaves_the_given_state_alone_and_gives_a_view_of_the_new_one():
    gru = network(2)
    input, state, _ = given(gru)
    before = state.copy()
    output, new = gru.step(input[0], state)
    np.testing.assert_array_equal(state, before)
    assert np.shares_memory(output, new[-1])
    assert output.shape == (B, H)


def test_a_step_into_given_states_allocates_no_array():
    gru = network(2, units=64)
    input, state, _ = given(gru, steps=1, batch=256)
    gru.step(input[0], state, out=state)
    tracemalloc.start()
    gru.step(input[0], state, out=state)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2000 < state.nbytes


def test_states_are_zero_when_none_are_given():
    gru = network(2, 2)
    input, _, _ = given(gru)
    zeros = gru.initial_state(B)
    assert (zeros.shape, zeros.dtype, zeros.any()) == ((4, B, H), gru.dtype, False)
    for here, there in zip(gru.run(input), gru.run(input, zeros), strict=True):
        np.testing.assert_array_equal(here, there)
    with pytest.raises(BadInput, match=r"^batch must be at least 0, got -1$"):
        gru.initial_state(-1)


@pytest.mark.parametrize("sizes", [(0, B), (T, 0), (0, 0)])
def test_no_step_and_no_sequence_are_fine(sizes):
    gru = network(2, 2)
    input, state, _ = given(gru, *sizes)
    output, last = gru.run(input, state)
    assert output.shape == (*sizes, 2 * H)
    np.testing.assert_array_equal(last, state)


def test_arrays_in_any_order_of_memory_may_be_run():
    gru = network(1, 2)
    input, state, resets = given(gru)
    output, last = gru.run(input, state, LENGTHS, resets)
    turned = [np.asfortranarray(array) for array in (input, state, resets)]
    again, last_again = gru.run(turned[0], turned[1], np.repeat(LENGTHS, 2)[::2], turned[2])
    np.testing.assert_array_equal(again, output)
    np.testing.assert_array_equal(last_again, last)


def test_a_network_says_what_it_is():
    gru = network(2, 2, np.float32, FORMS[1])
    assert (gru.input_size, gru.hidden_size, gru.num_layers) == (I, H, 2)
    assert (gru.states, gru.output_size, gru.bfloat16) == (4, 2 * H, False)
    assert (gru.dtype, gru.formulation) == (np.float32, FORMS[1])
    assert [len(layer) for layer in gru.weights] == [2, 2]
    assert gru.astype("float64").dtype == np.float64
    narrow = gru.astype("bfloat16")
    assert (narrow.bfloat16, narrow.dtype) == (True, np.float32)


def test_print_says_sizes_directions_form_and_dtype():
    form = "formulation=Formulation(update='keeps', reset='after', gate='sigmoid', squash='tanh')"
    gru = network(layers=2, dtype=np.float32)
    assert repr(gru) == (
        f"GRU(input_size={I}, hidden_size={H}, layers=2 (forward), {form}, dtype=float32)"
    )
    assert repr(gru.astype("bfloat16")).endswith(f"{form}, dtype=bfloat16)")
    both = network(layers=1, directions=2, form=Formulation("writes", "before", squash="relu"))
    assert repr(both) == (
        f"GRU(input_size={I}, hidden_size={H}, layers=1 (forward and reverse, concatenated), "
        "formulation=Formulation(update='writes', reset='before', gate='sigmoid', squash='relu'), "
        "dtype=float64)"
    )
    plan = [LayerPlan(BOTH, "sum"), LayerPlan(("reverse",), order="read")]
    assert repr(planned(plan, sizes=(4, 3))) == (
        f"GRU(input_size={I}, hidden_size=(4, 3), layers=2 (forward and reverse, summed; reverse, "
        f"in reading order), {form}, dtype=float64)"
    )
    assert repr(gru.weights[1][0]) == (
        f"GRUWeights(input_size={H}, hidden_size={H}, {form}, dtype=float32)"
    )


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda gru: pickle.loads(pickle.dumps(gru))])  # noqa: S301 - its own
def test_a_copy_runs_the_same(copied):
    gru = network(2, 2)
    input, state, _ = given(gru)
    for here, there in zip(copied(gru).run(input, state), gru.run(input, state), strict=True):
        np.testing.assert_array_equal(here, there)


ONE = network(1).weights[0][0]  # reads I
NEXT = network(1, inputs=H).weights[0][0]  # reads H
WIDE = network(1, units=H + 1, inputs=H).weights[0][0]
LARGE = network(1, units=H + 1).weights[0][0]


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([], "layers must hold at least one layer of at least one direction, got none"),
        ([[]], "layers must hold at least one layer of at least one direction, got none"),
        ([[ONE] * 3], "layer 0 must have weights for forward and reverse, got 3"),
        ([[ONE, ONE], [NEXT]], "input_size of layer 1 forward must be 12, got 6"),
        ([[ONE], [ONE]], "input_size of layer 1 forward must be 6, got 3"),
        ([[ONE, ONE], [NEXT, NEXT]], "input_size of layer 1 forward must be 12, got 6"),
        ([[ONE, NEXT]], "input_size of layer 0 reverse must be 3, got 6"),
        ([[ONE, WIDE]], "input_size of layer 0 reverse must be 3, got 6"),
        ([[ONE, LARGE]], "hidden_size of layer 0 reverse must be 6, got 7"),
        ([[ONE], [NEXT.astype("f4")]], "dtype of layer 1 forward must be float64, got float32"),
        (
            [[ONE.astype("f4")], [NEXT.astype("bfloat16")]],
            "bfloat16 of layer 1 forward must be False, got True",
        ),
        ([[ONE], [NEXT.with_update("writes")]], "formulation of layer 1 forward must be .*"),
    ],
)
def test_layers_that_do_not_fit_are_refused(layers, message):
    with pytest.raises(BadInput, match=f"^{message}$"):
        GRU(layers)


def test_what_is_no_weights_is_refused():
    with pytest.raises(TypeError, match=r"^layers must hold GRUWeights, got ndarray$"):
        GRU([[np.zeros(3)]])


def test_a_bidirectional_network_cannot_step():
    gru = network(1, 2)
    with pytest.raises(BadInput, match=r"^a network that reads in reverse cannot step: .*$"):
        gru.step(np.zeros((1, I)), gru.initial_state(1))


GOOD = {"input": np.zeros((B, I)), "state": np.zeros((2, B, H)), "out": np.zeros((2, B, H))}
READ_ONLY = np.zeros((2, B, H))
READ_ONLY.flags.writeable = False


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"input": np.zeros((B, I + 1))}, r"input must have shape \(B, 3\), got \(5, 4\)"),
        ({"input": np.zeros(I)}, r"input must have shape \(B, 3\), got \(3,\)"),
        ({"state": np.zeros((1, B, H))}, r"state must have shape \(2, 5, 6\), got \(1, 5, 6\)"),
        ({"state": np.zeros((3, B, H))}, r"state must have shape \(2, 5, 6\), got \(3, 5, 6\)"),
        ({"state": np.zeros((2, H))}, r"state must have shape \(2, 5, 6\), got \(2, 6\)"),
        ({"out": np.zeros((2, B + 1, H))}, r"out must have shape \(2, 5, 6\), got \(2, 6, 6\)"),
        ({"out": np.zeros((3, B, H))}, r"out must have shape \(2, 5, 6\), got \(3, 5, 6\)"),
        ({"out": READ_ONLY}, "output must be writeable, got a read-only array"),
        ({"input": np.zeros((I, B)).T}, "input must be contiguous in C order, got strides .*"),
        ({"threads": 0}, r"threads must lie in 1\.\.256, got 0"),
    ],
)
def test_a_step_refuses_what_does_not_fit_and_writes_nothing(wrong, message):
    gru, arrays = network(2), GOOD | wrong
    before = arrays["out"].copy()
    with pytest.raises(BadInput, match=f"^{message}$"):
        gru.step(**arrays)
    np.testing.assert_array_equal(arrays["out"], before)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"input": np.zeros((B, I), np.float32)}, "input must be float64, got float32"),
        ({"state": np.zeros((2, B, H), int)}, "hidden must be float64, got int64"),
        ({"input": [[0.0] * I] * B}, "input must be a NumPy array, got list"),
    ],
)
def test_a_step_refuses_other_types(wrong, message):
    with pytest.raises(TypeError, match=f"^{message}$"):
        network(2).step(**GOOD | wrong)


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"input": np.zeros((T, B, 2))}, BadInput, r"input must have shape \(T, B, 3\), got .*"),
        ({"input": np.zeros((T, I))}, BadInput, r"input must have shape \(T, B, 3\), got .*"),
        ({"state": np.zeros((1, B, H))}, BadInput, r"state must have shape \(2, 5, 6\), got .*"),
        ({"lengths": [8] * B}, BadInput, r"lengths must lie in 0\.\.7, got 8 to 8"),
        ({"lengths": [1.0] * B}, TypeError, "lengths must be integers, got float64"),
        ({"resets": np.zeros((B, T), bool)}, BadInput, r"resets must have shape \(7, 5\), got .*"),
        ({"input": np.zeros((T, B, I), "f4")}, TypeError, "input must be float64, got float32"),
    ],
)
def test_a_run_refuses_what_does_not_fit(wrong, error, message):
    with pytest.raises(error, match=f"^{message}$"):
        network(2).run(**{"input": np.zeros((T, B, I))} | wrong)
