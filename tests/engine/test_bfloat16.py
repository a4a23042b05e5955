from itertools import product

import numpy as np
import pytest
import torch

from glassgate import GRU, BadInput, Formulation, GRUWeights
from glassgate.bfloat16 import from_bits, round_to_bfloat16, to_bits
from glassgate.engine import Layer, bfloat16_error, targets
from glassgate.weights import ARRAYS
from tests.engine.engine_cases import draw_weights

FORMS = [
    Formulation(update, reset)
    for update, reset in product(("keeps", "writes"), ("after", "before", "none"))
]


def draw(inputs=9, H=21, form=None, seed=5, scale=1.0):
    return draw_weights(inputs, H, form, np.float32, seed, scale)


def test_rounding_is_that_of_ieee_for_every_upper_half():
    upper = np.arange(2**16, dtype=np.uint32)[:, None] << 16
    lower = np.array([0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF], np.uint32)
    numbers = (upper | lower).view(np.float32)  # (65536, 6)
    came = round_to_bfloat16(numbers)
    wanted = torch.from_numpy(numbers).to(torch.bfloat16).to(torch.float32).numpy()
    np.testing.assert_array_equal(came, wanted)  # NaN where NaN
    np.testing.assert_array_equal(np.signbit(came), np.signbit(numbers))
    held = numbers[:, 0]  # what bfloat16 holds, stays
    np.testing.assert_array_equal(from_bits(to_bits(held)), held)


def test_ties_go_to_even_and_too_large_to_infinity():
    one, step = 1.0, 2.0**-7
    numbers = np.array([one + step / 2, one + 3 * step / 2, 3.4e38, -3.4e38], np.float32)
    np.testing.assert_array_equal(
        round_to_bfloat16(numbers), [one, one + 2 * step, np.inf, -np.inf]
    )


def test_matrices_are_rounded_and_biases_are_not():
    weights = draw()
    narrow = weights.astype("bfloat16")
    assert (narrow.bfloat16, narrow.dtype) == (True, np.float32)
    for name in ("weight_input", "weight_hidden"):
        np.testing.assert_array_equal(
            getattr(narrow, name), round_to_bfloat16(getattr(weights, name))
        )
        assert (getattr(narrow, name) != getattr(weights, name)).any()
    for name in ("bias_input", "bias_hidden"):
        np.testing.assert_array_equal(getattr(narrow, name), getattr(weights, name))


def test_float64_goes_by_way_of_float32():
    weights = draw()
    wide, narrow = weights.astype(np.float64).astype("bfloat16"), weights.astype("bfloat16")
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(wide, name), getattr(narrow, name))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_another_dtype_clears_the_flag_and_keeps_the_numbers(dtype):
    narrow = draw().astype("bfloat16")
    wide = narrow.astype(dtype)
    assert (wide.bfloat16, wide.dtype) == (False, dtype)
    np.testing.assert_array_equal(wide.weight_input, narrow.weight_input)


def test_the_other_update_stays_in_bfloat16():
    narrow = draw().astype("bfloat16")
    other = narrow.with_update("writes")
    assert other.bfloat16
    assert narrow.astype("bfloat16").bfloat16


def test_numbers_in_between_are_refused():
    weights = draw()
    arrays = [getattr(weights, name) for name in ARRAYS]
    with pytest.raises(
        BadInput, match=r"^weight_input must hold only numbers that bfloat16 represents, got .*$"
    ):
        GRUWeights(*arrays, bfloat16=True)
    wide = [array.astype(np.float64) for array in arrays]
    with pytest.raises(BadInput, match=r"^weights in bfloat16 must be .* float32, got float64$"):
        GRUWeights(*wide, bfloat16=True)


def test_nan_and_infinity_are_bfloat16_numbers():
    weights = draw()
    odd = weights.weight_input.copy()
    odd[0, :3] = np.nan, np.inf, -np.inf
    arrays = [getattr(weights, name) for name in ARRAYS[1:]]
    narrow = GRUWeights(odd, *arrays).astype("bfloat16")
    np.testing.assert_array_equal(narrow.weight_input[0, :3], [np.nan, np.inf, -np.inf])


@pytest.mark.parametrize("target", targets())
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_the_sums_are_those_of_float32(form, target):
    narrow = draw(form=form).astype("bfloat16")
    packed, wide = Layer(narrow, target), Layer(narrow.astype(np.float32), target)
    rng = np.random.default_rng(6)
    for B in (1, 2, 7, 33):
        input = rng.normal(size=(6, B, 9)).astype(np.float32)
        initial = rng.normal(size=(B, 21)).astype(np.float32)
        lengths = rng.integers(0, 7, size=B)
        for given in (None, lengths):
            came, wanted = (layer.sequence(input, initial, given) for layer in (packed, wide))
            for here, there in zip(came, wanted, strict=True):
                np.testing.assert_array_equal(here, there)
        here, there = np.empty_like(initial), np.empty_like(initial)
        packed.step(input[0], initial, here)
        wide.step(input[0], initial, there)
        np.testing.assert_array_equal(here, there)


def test_a_run_in_bfloat16_is_not_recorded():
    layer = Layer(draw().astype("bfloat16"))
    with pytest.raises(BadInput, match=r"^weights in bfloat16 serve inference only, got a run .*$"):
        layer.record(np.zeros((2, 1, 9), np.float32))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("H", [5, 64])
def test_the_error_is_what_is_seen_and_small(H, dtype):
    first = draw(inputs=9, H=H, seed=1, scale=H**-0.5)
    second = draw(inputs=H, H=H, seed=2, scale=H**-0.5)
    gru = GRU([[first], [second]]).astype(dtype)
    rng = np.random.default_rng(7)
    input = rng.normal(size=(30, 4, 9)).astype(dtype)
    state = rng.uniform(-1, 1, size=(2, 4, H)).astype(dtype)
    lengths, resets = [30, 12, 0, 1], rng.random((30, 4)) < 0.1
    error = bfloat16_error(gru, input, state, lengths, resets)
    output, _ = gru.run(input, state, lengths, resets)
    seen, _ = gru.astype("bfloat16").run(
        input.astype(np.float32), state.astype(np.float32), lengths, resets
    )
    assert error == np.abs(output - seen).max()
    assert 0 < error < 0.05


def test_the_error_of_nothing_is_nothing_and_that_of_bfloat16_is_refused():
    gru = GRU([[draw()]])
    assert bfloat16_error(gru, np.zeros((0, 3, 9), np.float32)) == 0
    with pytest.raises(BadInput, match=r"^gru must be in float32 or float64, got bfloat16: .*$"):
        bfloat16_error(gru.astype("bfloat16"), np.zeros((1, 1, 9), np.float32))
