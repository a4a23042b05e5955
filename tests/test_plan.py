"""Layers that read forward, in reverse or both, and what they hand on."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glassgate import GRU, BadInput, LayerPlan
from gru_cases import LENGTHS, B, H, I, T, by_reference, network
from gru_cases import given as case

WAYS = (("forward",), ("reverse",), ("forward", "reverse"), ("reverse", "forward"))
PLANS = st.builds(
    LayerPlan,
    st.sampled_from(WAYS),
    st.sampled_from(["concat", "sum", "mul", "ave"]),
    st.sampled_from(["time", "read"]),
)


def planned(plan, seed=0):
    """A network of these layers, whose matrices fit on each other."""
    layers, reads = [], I
    for i, one in enumerate(plan):
        some = [network(1, inputs=reads, seed=seed + 9 * i + d) for d in range(len(one.directions))]
        layers.append([gru.weights[0][0] for gru in some])
        reads = one.width(H)
    return GRU(layers, plan)


@settings(deadline=None, max_examples=60)
@given(st.lists(PLANS, min_size=1, max_size=3), st.integers(0, 2**16))
def test_layers_of_any_plan_are_those_of_the_reference(plan, seed):
    gru = planned(plan, seed)
    input, state, resets = case(gru, seed=seed)
    output, last = gru.run(input, state, LENGTHS, resets)
    wanted, wanted_last = by_reference(gru, input, state, LENGTHS, resets)
    np.testing.assert_allclose(output, wanted, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(last, wanted_last, rtol=1e-12, atol=1e-13)
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
