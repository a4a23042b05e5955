"""Same bits, always: nothing around a sequence changes what comes out for it.

Not the batch, the number of threads, the padding, the stretches it is cut in, nor being streamed.
All comparisons are exact.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glassgate import Formulation
from glassgate.engine import Layer, backward
from tests.engine.engine_cases import (
    FEW_FORMS,
    FORMS,
    GRADIENTS,
    draw,
    draw_weights,
    each_dtype,
    each_form,
    each_target,
    few_forms,
    on_threads,
    same_bits,
    same_gradients,
)

TEAMS = (2, 3, 5)
# T, B, I, H: many rows, shared out by rows; one and few rows of many units, shared out by units.
SHARED = [(25, 33, 20, 37), (40, 1, 30, 130), (30, 3, 20, 101)]


def column(array, b):
    """One sequence out of a batch, still a batch."""
    return np.ascontiguousarray(array[:, b : b + 1])


def problem(T, B, I, H, dtype):
    """Input, initial state, and the gradients of the outputs and of the last state."""
    x, h = draw((T, B, I), 1, dtype), draw((B, H), 2, dtype)
    return x, h, (draw((T, B, H), 3, dtype), draw((B, H), 4, dtype))


def record(layer, x, h, threads=1, **more):
    with on_threads(threads):
        return layer.record(x, h, **more)


def gradients(layer, run, grads, target, threads=1):
    with on_threads(threads):
        return backward(layer.weights, run, *grads, target=target)


@each_target
@each_dtype
@each_form
def test_a_row_alone_is_the_row_in_a_batch(form, dtype, target):
    T, B, I, H = 5, 14, 6, 35
    layer = Layer(draw_weights(I, H, form, dtype), target)
    x, h, grads = problem(T, B, I, H, dtype)
    many = layer.record(x, h)
    many_grads = gradients(layer, many, grads, target)
    for b in (0, 3, 7, 12, 13):
        alone = layer.record(column(x, b), h[b : b + 1])
        same_bits(alone.output, column(many.output, b), "output")
        same_bits(alone.last, many.last[b : b + 1], "last")
        each = column(grads[0], b), grads[1][b : b + 1]
        alone_grads = gradients(layer, alone, each, target)
        same_bits(alone_grads.input, column(many_grads.input, b), "input")
        same_bits(alone_grads.initial, many_grads.initial[b : b + 1], "initial")


@each_target
@each_dtype
@few_forms
@pytest.mark.parametrize("sizes", SHARED, ids=str)
def test_any_number_of_threads(sizes, form, dtype, target):
    T, B, I, H = sizes
    layer = Layer(draw_weights(I, H, form, dtype), target)
    x, h, grads = problem(T, B, I, H, dtype)
    one = record(layer, x, h)
    one_grads = gradients(layer, one, grads, target)
    for team in TEAMS:
        run = record(layer, x, h, team)
        same_bits(run.output, one.output, f"output on {team} threads")
        same_bits(run.last, one.last)
        same_bits(run.tape, one.tape, "tape")
        same_gradients(gradients(layer, run, grads, target, team), one_grads)


@each_target
@few_forms
@pytest.mark.parametrize("reverse", [False, True])
def test_any_number_of_threads_on_ragged_batches_with_resets(reverse, form, target):
    T, B, I, H = 30, 23, 20, 40
    made, layer = np.random.default_rng(0), Layer(draw_weights(I, H, form, np.float32), target)
    x, h, grads = problem(T, B, I, H, np.float32)
    ragged = {"lengths": made.integers(0, T + 1, B), "resets": made.random((T, B)) < 0.1}
    one = record(layer, x, h, **ragged, reverse=reverse)
    one_grads = gradients(layer, one, grads, target)
    for team in TEAMS:
        run = record(layer, x, h, team, **ragged, reverse=reverse)
        same_bits(run.output, one.output)
        same_bits(run.last, one.last)
        same_gradients(gradients(layer, run, grads, target, team), one_grads)


@each_target
@few_forms
def test_one_row_shared_out_by_units_is_the_row_in_a_batch_shared_out_by_rows(form, target):
    T, B, I, H = 40, 8, 30, 130
    layer = Layer(draw_weights(I, H, form, np.float32), target)
    x, h, grads = problem(T, B, I, H, np.float32)
    many = record(layer, x, h, 2)
    alone = record(layer, column(x, 5), h[5:6], 2)
    same_bits(alone.output, column(many.output, 5))
    left = gradients(layer, alone, (column(grads[0], 5), grads[1][5:6]), target, 2)
    right = gradients(layer, many, grads, target, 2)
    same_bits(left.input, column(right.input, 5))
    same_bits(left.initial, right.initial[5:6])


@each_target
@each_dtype
@few_forms
@pytest.mark.parametrize("reverse", [False, True])
def test_what_stands_in_the_padding_and_how_much_of_it(reverse, form, dtype, target):
    lengths, layer = np.array([3, 7, 0, 5, 7, 1]), Layer(draw_weights(4, 21, form, dtype), target)
    x, h, grads = problem(7, 6, 4, 21, dtype)
    beyond = np.arange(12)[:, None] >= lengths
    long_x, long_grad = (
        np.concatenate([array, np.zeros((5, *array.shape[1:]), dtype)]) for array in (x, grads[0])
    )
    long_x[beyond] = long_grad[beyond] = np.nan
    resets = draw((12, 6), 5) > 1
    ends = {"lengths": lengths, "reverse": reverse}
    left = layer.record(x, h, resets=resets[:7] & ~beyond[:7], **ends)
    right = layer.record(long_x, h, resets=resets | beyond, **ends)
    same_bits(right.output[:7], left.output)
    assert not right.output[7:].any()
    same_bits(right.last, left.last)
    left_grads = gradients(layer, left, grads, target)
    right_grads = gradients(layer, right, (long_grad, grads[1]), target)
    same_bits(right_grads.input[:7], left_grads.input)
    assert not right_grads.input[7:].any()
    same_gradients(right_grads, left_grads, GRADIENTS[1:])


@each_target
@each_dtype
@few_forms
def test_a_sequence_with_padding_is_the_sequence_alone(form, dtype, target):
    layer, lengths = Layer(draw_weights(4, 21, form, dtype), target), [3, 7, 5]
    x, grad = draw((7, 3, 4), 1, dtype), draw((7, 3, 21), 2, dtype)
    many = layer.record(x, lengths=lengths)
    many_grads = gradients(layer, many, (grad,), target)
    for b, length in enumerate(lengths):
        alone = layer.record(column(x[:length], b))
        same_bits(alone.output, column(many.output[:length], b))
        alone_grads = gradients(layer, alone, (column(grad[:length], b),), target)
        same_bits(alone_grads.input, column(many_grads.input[:length], b))


@each_target
@each_dtype
@each_form
def test_in_stretches_and_step_by_step(form, dtype, target):
    T, B, I, H = 13, 9, 5, 18
    layer = Layer(draw_weights(I, H, form, dtype), target)
    x, state = draw((T, B, I), 1, dtype), draw((B, H), 2, dtype)
    whole, last = layer.sequence(x, state)
    pieces, hidden = [], state
    for piece in np.split(x, [1, 6, 6, 12]):
        output, hidden = layer.sequence(piece, hidden)
        pieces.append(output)
    same_bits(np.concatenate(pieces), whole)
    same_bits(hidden, last)
    hidden = state.copy()
    for t in range(T):
        same_bits(layer.step(x[t], hidden, hidden), whole[t])
    row = state[4:5].copy()
    for t in range(T):
        same_bits(layer.step(x[t, 4:5], row, row), whole[t, 4:5])


@each_target
@each_dtype
@few_forms
def test_gradients_in_stretches_are_those_of_the_whole(form, dtype, target):
    T, B, I, H = 13, 9, 5, 18
    layer = Layer(draw_weights(I, H, form, dtype), target)
    x, state, (grad, carried) = problem(T, B, I, H, dtype)
    wanted = gradients(layer, layer.record(x, state), (grad, carried), target)
    runs = []
    for piece in np.split(x, [1, 6, 12]):
        runs.append(layer.record(piece, runs[-1].last if runs else state))
    came = []
    for run, piece in zip(runs[::-1], np.split(grad, [1, 6, 12])[::-1], strict=True):
        step = gradients(layer, run, (piece, carried), target)
        came, carried = [step.input, *came], step.initial
    same_bits(np.concatenate(came), wanted.input)
    same_bits(carried, wanted.initial)


@each_target
@each_dtype
@few_forms
@pytest.mark.parametrize("sizes", [(1, 20, 150), (2, 30, 130), (33, 20, 40)], ids=str)
def test_a_step_on_several_threads(sizes, form, dtype, target):
    B, I, H = sizes
    layer = Layer(draw_weights(I, H, form, dtype), target)
    x, h = draw((B, I), 1, dtype), draw((B, H), 2, dtype)
    one = layer.step(x, h, np.empty_like(h))
    for team in TEAMS:
        same_bits(layer.step(x, h, np.empty_like(h), threads=team), one)


@each_target
@each_dtype
@few_forms
def test_a_reset_is_a_new_sequence(form, dtype, target):
    T, I, H, cut = 9, 5, 18, 4
    layer = Layer(draw_weights(I, H, form, dtype), target)
    x, h, grads = problem(T, 3, I, H, dtype)
    resets = np.zeros((T, 3), bool)
    resets[cut] = True
    whole = layer.record(x, h, resets=resets)
    first, second = layer.record(x[:cut], h), layer.record(x[cut:])
    same_bits(whole.output, np.concatenate([first.output, second.output]))
    same_bits(whole.last, second.last)
    came = gradients(layer, whole, grads, target)
    left = gradients(layer, first, (grads[0][:cut],), target)
    right = gradients(layer, second, (grads[0][cut:], grads[1]), target)
    same_bits(came.input, np.concatenate([left.input, right.input]))
    same_bits(came.initial, left.initial)


@each_target
@few_forms
def test_a_run_repeated_and_a_layer_made_anew(form, target):
    weights, x, grad = draw_weights(6, 35, form), draw((8, 9, 6), 1), draw((8, 9, 35), 2)
    runs = [Layer(weights, target).record(x) for _ in range(2)]
    same_bits(runs[0].output, runs[1].output)
    same_gradients(*(backward(weights, run, grad, target=target) for run in runs))


@each_target
@settings(max_examples=80, deadline=None)
@given(
    sizes=st.tuples(st.integers(1, 12), st.integers(1, 20), st.integers(1, 12), st.integers(1, 50)),
    form=st.sampled_from(FORMS),
    team=st.sampled_from((1, *TEAMS)),
    chosen=st.data(),
)
def test_any_row_of_any_batch(sizes, form, team, chosen, target):
    T, B, I, H = sizes
    layer = Layer(draw_weights(I, H, form, np.float32), target)
    x, h = draw((T, B, I), 1, np.float32), draw((B, H), 2, np.float32)
    lengths = chosen.draw(st.lists(st.integers(0, T), min_size=B, max_size=B))
    resets = draw((T, B), 3) > chosen.draw(st.sampled_from([0, 1, 9]))
    grads = draw((T, B, H), 4, np.float32), draw((B, H), 5, np.float32)
    many = record(layer, x, h, team, lengths=lengths, resets=resets)
    many_grads = gradients(layer, many, grads, target, team)
    b = chosen.draw(st.integers(0, B - 1))
    n = lengths[b]
    alone = layer.record(column(x[:n], b), h[b : b + 1], resets=column(resets[:n], b))
    same_bits(alone.output, column(many.output[:n], b))
    same_bits(alone.last, many.last[b : b + 1])
    each = column(grads[0][:n], b), grads[1][b : b + 1]
    alone_grads = gradients(layer, alone, each, target)
    same_bits(alone_grads.input, column(many_grads.input[:n], b))
    same_bits(alone_grads.initial, many_grads.initial[b : b + 1])


@each_target
@pytest.mark.parametrize("form", [Formulation(), FEW_FORMS[1]], ids=lambda form: form.reset)
def test_weight_gradients_over_many_chunks_on_any_number_of_threads(form, target):
    T, B, I, H = 90, 17, 9, 40
    layer = Layer(draw_weights(I, H, form, np.float32), target)
    x, grad = draw((T, B, I), 1, np.float32), draw((T, B, H), 2, np.float32)
    run = layer.record(x)
    one = gradients(layer, run, (grad,), target)
    for team in TEAMS:
        same_gradients(gradients(layer, run, (grad,), target, team), one)
