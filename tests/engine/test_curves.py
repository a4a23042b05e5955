"""Sigmoid and tanh over the whole range of floats, on every instruction set.

Found when these limits were set: float32 0.9e-7 (sigmoid) and 1.5e-7 (tanh), absolute.
"""

import numpy as np
import pytest

from glassgate import Formulation, _native
from glassgate.engine import Layer, backward
from glassgate.reference import GATES, SQUASHES
from tests.engine.engine_cases import (
    draw,
    draw_weights,
    dtype_name,
    each_dtype,
    each_target,
    same_bits,
)

ALLOWED = {"float32": 2.4e-7, "float64": 1e-15}
RELATIVE = {"float32": 2.4e-7, "float64": 4.5e-16}  # of tanh near 0: two units in the last place
SPECIAL = [0.0, -0.0, np.inf, -np.inf, 1.0, -1.0, 1e30, -1e30, 87, -87, 88.8, -88.8, 709, -746]


def curve(name, x, target):
    y = np.full_like(x, 7)
    _native.curve(name, x, y, target)
    return y


def all_over(dtype):
    """Every sign, exponent and upper mantissa with several lower halves; a grid; special values."""
    size = np.dtype(dtype).itemsize * 8
    upper = np.arange(1 << 16, dtype=f"u{size // 8}") << (size - 16)
    lower = [0, 1, 0x5555, 0x8000, 0xABCD, 0xFFFF, (1 << (size - 16)) - 1]
    swept = np.concatenate([upper | type(upper[0])(low) for low in lower]).view(dtype)
    grid = np.linspace(-20, 20, 200_003)
    return np.concatenate([swept[np.isfinite(swept)], grid.astype(dtype), np.array(SPECIAL, dtype)])


def exact(name, x):
    wide = x.astype(np.longdouble)
    with np.errstate(over="ignore", under="ignore"):
        return np.tanh(wide) if name == "tanh" else 1 / (1 + np.exp(-wide))


@pytest.fixture(scope="module", params=[np.float32, np.float64], ids=dtype_name)
def swept(request):
    x = all_over(request.param)
    return x, {name: exact(name, x) for name in ("sigmoid", "tanh")}


@each_target
@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
def test_the_largest_absolute_error_is_as_stated(name, swept, target):
    x, wanted = swept
    y = curve(name, x, target)
    error = np.abs(y - wanted[name])
    worst = error.argmax()
    assert error[worst] <= ALLOWED[x.dtype.name], f"{error[worst]} at {x[worst]!r}"
    assert y.min() >= (-1 if name == "tanh" else 0)
    assert y.max() <= 1


@each_target
def test_tanh_near_zero_is_right_to_its_last_places(swept, target):
    x, wanted = swept
    near = (np.abs(x) < 1) & (np.abs(x) >= np.finfo(x.dtype).tiny)
    error = np.abs(curve("tanh", x[near], target) / wanted["tanh"][near] - 1)
    assert error.max() <= RELATIVE[x.dtype.name], error.max()


@each_target
def test_denormals_are_right_or_flushed(swept, target):
    x, _ = swept
    tiny = x[np.abs(x) < np.finfo(x.dtype).tiny]
    y = curve("tanh", tiny, target)
    assert ((y == tiny) | (y == 0)).all()
    assert (curve("sigmoid", tiny, target) == 0.5).all()


@each_target
@each_dtype
@pytest.mark.parametrize("name", [*GATES, *SQUASHES])
def test_nan_stays_nan_in_every_lane(name, dtype, target):
    x = np.zeros(37, dtype)
    for place in range(37):
        x[:] = 1
        x[place] = np.nan
        np.testing.assert_array_equal(np.isnan(curve(name, x, target)), np.isnan(x))


@each_target
@each_dtype
def test_infinities_are_the_ends(dtype, target):
    ends = np.array([-np.inf, np.inf], dtype)
    wanted = dict.fromkeys(GATES, (0, 1))
    wanted |= {"tanh": (-1, 1), "relu": (0, np.inf), "linear": (-np.inf, np.inf)}
    for name, (low, high) in wanted.items():
        came = curve(name, ends, target)
        assert came[1] == high, name
        assert came[0] == low, name


@each_target
@each_dtype
@pytest.mark.parametrize("name", ["relu", "linear"])
def test_relu_and_linear_are_exact(name, dtype, target):
    x = all_over(dtype)
    y, wanted = curve(name, x, target), SQUASHES[name](x)
    denormal = np.abs(x) < np.finfo(dtype).tiny  # which count as zero while the engine computes
    np.testing.assert_array_equal(y[~denormal], wanted[~denormal])
    assert (np.abs(y[denormal]) <= np.abs(x[denormal])).all()


@each_target
@each_dtype
@pytest.mark.parametrize("name", ["hard_sigmoid_fifth", "hard_sigmoid_sixth"])
def test_hard_sigmoids_are_the_references_but_for_rounding(name, dtype, target):
    x = all_over(dtype)
    y, wanted = curve(name, x, target), GATES[name](x.astype(np.longdouble))
    # The slope is rounded, then the sum: up to one unit in the last place of 1.
    assert np.abs(y - wanted).max() <= np.finfo(dtype).eps
    edge = 2.5 if name == "hard_sigmoid_fifth" else 3
    assert (y[x >= edge * (1 + 1e-6)] == 1).all()
    assert (y[x <= -edge * (1 + 1e-6)] == 0).all()
    assert (y[x == 0] == 0.5).all()


@each_target
@each_dtype
@pytest.mark.parametrize("size", [0, 1, 3, 15, 16, 17, 33])
def test_a_value_does_not_depend_on_its_lane(size, dtype, target):
    x = draw(size, 1, dtype)
    for name in (*GATES, *SQUASHES):
        y = curve(name, x, target)
        each = [curve(name, x[i : i + 1], target) for i in range(size)]
        same_bits(y, np.concatenate([np.empty(0, dtype), *each]))


@each_target
@each_dtype
@pytest.mark.parametrize("reset", ["after", "before", "none"])
def test_nan_in_one_row_stays_in_it(reset, dtype, target):
    layer = Layer(draw_weights(3, 18, Formulation(reset=reset), dtype), target)
    x = draw((4, 9, 3), 1, dtype)
    clean, _ = layer.sequence(x)
    x[2, 4, 1] = np.nan
    output, last = layer.sequence(x)
    assert np.isnan(output[2:, 4]).all()
    assert np.isnan(last[4]).all()
    output[2:, 4] = clean[2:, 4]
    same_bits(output, clean)


@each_target
@each_dtype
@pytest.mark.parametrize("reset", ["after", "before", "none"])
def test_states_that_die_away_are_right_or_zero(reset, dtype, target):
    tiny = np.finfo(dtype).tiny
    weights = draw_weights(2, 5, Formulation(reset=reset, squash="linear"), dtype)
    zeros = (0 * array for array in vars_of(weights))
    layer = Layer(type(weights)(*zeros, weights.formulation), target)
    h = np.full((3, 5), tiny * 16, dtype)
    run = layer.record(np.zeros((60, 3, 2), dtype), h)  # halves at each step
    wanted = tiny * 16 * 0.5 ** np.arange(1, 61, dtype=dtype)
    for t in range(60):
        assert ((run.output[t] == wanted[t]) | ((run.output[t] == 0) & (wanted[t] < tiny))).all()
    grads = backward(layer.weights, run, grad_last=h, target=target)
    assert (np.abs(grads.initial) < tiny).all()


def vars_of(weights):
    return weights.weight_input, weights.weight_hidden, weights.bias_input, weights.bias_hidden


@each_target
@pytest.mark.parametrize("threads", [1, 2])
def test_the_callers_own_denormals_stay(threads, target):
    tiny = np.array([np.finfo(np.float32).tiny])
    half = np.finfo(np.float32).tiny / 2
    layer = Layer(draw_weights(30, 130, dtype=np.float32), target)
    x, h = draw((40, 1, 30), 1, np.float32), np.zeros((1, 130), np.float32)
    layer.sequence(x)
    assert (tiny / 2)[0] == half > 0
    layer.step(x[0], h, h, threads=threads)
    assert (tiny / 2)[0] == half > 0
    backward(layer.weights, layer.record(x), x[..., :1] * np.ones(130, np.float32), target=target)
    assert (tiny / 2)[0] == half > 0
