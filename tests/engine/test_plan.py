"""Layers that read forward, in reverse or both, and what they hand on."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glassgate import GRU, BadInput, LayerPlan, clamp, trace
from tests.engine.gru_cases import LENGTHS, PLANS, B, H, I, T, by_reference, network, planned
from tests.engine.gru_cases import given as case


@settings(deadline=None, max_examples=60)
@given(
    st.lists(PLANS, min_size=1, max_size=3),
    st.integers(0, 2**16),
    st.tuples(*[st.integers(H - 1, H)] * 3),
)
def test_layers_of_any_plan_are_those_of_the_reference(plan, seed, sizes):
    gru = planned(plan, seed, sizes)
    input, state, resets = case(gru, seed=seed)
    output, last = gru.run(input, state, LENGTHS, resets)
    wanted, wanted_last = by_reference(gru, input, state, LENGTHS, resets)
    np.testing.assert_allclose(output, wanted, rtol=1e-12, atol=1e-13)
    assert type(last) is type(wanted_last)
    for here, there in zip(last, wanted_last, strict=True):
        np.testing.assert_allclose(here, there, rtol=1e-12, atol=1e-13)
    whole, _ = gru.run(input, state)
    again, _ = gru.run(input, state, np.full(B, T))
    np.testing.assert_array_equal(whole, again)
    assert output.shape == (T, B, gru.output_size)


@pytest.mark.parametrize(
    ("plan", "error", "message"),
    [
        ([LayerPlan()] * 2, BadInput, "plan must have one entry a layer, 1, got 2"),
        ([("forward",)], TypeError, "plan must hold LayerPlan, got tuple"),
        (
            [LayerPlan(("reverse", "forward"))],
            BadInput,
            "layer 0 must have weights for reverse and forward, got 1",
        ),
    ],
)
def test_a_plan_that_does_not_fit_is_refused(plan, error, message):
    with pytest.raises(error, match=f"^{message}$"):
        GRU(network(1).weights, plan)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (((),), r"directions must be a tuple of one direction or two, got \(\)"),
        (("forward",), "directions must be a tuple of one direction or two, got 'forward'"),
        ((("forward", "up"),), "a direction must be one of forward, reverse, got 'up'"),
        ((("reverse", "reverse"),), "directions must differ, got reverse twice"),
        ((("forward",), "max"), "merge must be one of concat, sum, mul, ave, got 'max'"),
        ((("forward",), "sum", 3), "order must be one of time, read, got 3"),
    ],
)
def test_words_that_no_plan_knows_are_refused(words, message):
    with pytest.raises(BadInput, match=f"^{message}$"):
        LayerPlan(*words)


STACK = planned([LayerPlan()] * 2, sizes=(H, H + 2))


def test_layers_of_different_sizes_stream_the_bits_of_a_run():
    gru = planned([LayerPlan()] * 3, sizes=(H, 19, H), dtype=np.float32)
    input, state, _ = case(gru)
    assert [one.shape for one in state] == [(B, H), (B, 19), (B, H)]
    output, last = gru.run(input, state)
    in_place = tuple(one.copy() for one in state)
    for t, x in enumerate(input):
        newest, state = gru.step(x, state)
        again, same = gru.step(x, in_place, out=in_place)
        assert same is in_place
        np.testing.assert_array_equal(newest, output[t])
        np.testing.assert_array_equal(again, output[t])
    for here, there, place in zip(state, last, in_place, strict=True):
        np.testing.assert_array_equal(here, there)
        np.testing.assert_array_equal(place, there)


def test_layers_of_different_sizes_say_what_they_are(tmp_path):
    assert (STACK.hidden_sizes, STACK.output_size) == ((H, H + 2), H + 2)
    with pytest.raises(
        BadInput, match=r"^hidden_size must be the same in all layers, got \(6, 8\)$"
    ):
        _ = STACK.hidden_size
    STACK.save(tmp_path / "gru.safetensors")
    loaded = GRU.load(tmp_path / "gru.safetensors")
    input, state, _ = case(STACK)
    np.testing.assert_array_equal(loaded.run(input, state)[0], STACK.run(input, state)[0])


ZEROS = STACK.initial_state(B)


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (np.zeros((2, B, H)), r"state must be a tuple of 2 arrays \(B, H\), got ndarray"),
        (ZEROS[:1], r"state must be a tuple of 2 arrays \(B, H\), got 1 of them"),
        (ZEROS[::-1], r"state 0 must have shape \(5, 6\), got \(5, 8\)"),
    ],
)
def test_a_state_that_does_not_fit_layers_of_different_sizes_is_refused(state, message):
    with pytest.raises(BadInput, match=f"^{message}$"):
        STACK.run(np.zeros((T, B, I)), state)
    with pytest.raises(BadInput, match=f"^{message}$"):
        STACK.step(np.zeros((B, I)), state, out=ZEROS)


def test_layers_of_different_sizes_are_traced_and_held():
    gru = planned([LayerPlan(("forward", "reverse")), LayerPlan()], sizes=(H, H + 2))
    input, state, _ = case(gru)
    traced = trace(gru, input, state, lengths=LENGTHS)
    assert traced.verify() < 1e-12
    assert (traced[0].kept.shape[-1], traced[1].kept.shape[-1]) == (H, H + 2)
    kept = traced.to_xarray().kept
    assert kept.shape == (2, 2, T, B, H + 2)
    assert np.isnan(kept[0, ..., H:]).all()
    with clamp(gru, layer=1, kept=1.0, units=[H + 1]):
        output, _ = gru.run(input, state)
    np.testing.assert_array_equal(output[..., H + 1], np.tile(state[2][:, H + 1], (T, 1)))
    with pytest.raises(BadInput, match=r"0\.\.5"), clamp(gru, layer=0, kept=1.0, units=[H + 1]):
        pass
