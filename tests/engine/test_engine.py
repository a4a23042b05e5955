"""The engine against the reference: every form, on every instruction set, forward and backward."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glassgate import Formulation, reference
from glassgate.engine import Layer, backward, targets
from tests.engine.engine_cases import (
    FORMS,
    GRADIENTS,
    draw,
    draw_weights,
    each_dtype,
    each_form,
    each_target,
    few_forms,
    same_bits,
    same_gradients,
)

SIZES = [  # T, B, I, H: one of everything; odd; whole vectors; more than whole vectors
    (1, 1, 1, 1),
    (6, 2, 3, 5),
    (4, 7, 8, 8),
    (3, 8, 5, 16),
    (3, 9, 16, 17),
    (2, 13, 4, 32),
    (2, 33, 7, 33),
    (5, 1, 20, 70),
]
# What rounding may leave, of the largest value: outputs, then gradients, which are longer sums.
ALLOWED = {"float32": (4e-6, 2e-5), "float64": (4e-15, 2e-14)}


def close(came, wanted, allowed, what=""):
    assert came.shape == wanted.shape, what
    limit = allowed * max(1.0, np.abs(wanted).max(initial=0))
    np.testing.assert_allclose(came, wanted, rtol=0, atol=limit, err_msg=what)


def close_gradients(came, wanted, dtype):
    for name in GRADIENTS:
        assert getattr(came, name).dtype == dtype
        close(getattr(came, name), getattr(wanted, name), ALLOWED[np.dtype(dtype).name][1], name)


def by_hand(weights, input, initial, lengths, resets, grad_output, grad_last, reverse=False):
    """Each sequence alone, cut where it is reset, by the reference: output, last, gradients."""
    (T, B, I), H = input.shape, weights.hidden_size
    output, last = np.zeros((T, B, H)), initial.astype(float)
    sums = {"input": np.zeros((T, B, I)), "initial": grad_last.astype(float)}
    weights_sums = {name: np.zeros(getattr(weights, name).shape) for name in GRADIENTS[2:]}
    for b in range(B):
        times = np.arange(lengths[b])[:: -1 if reverse else 1]
        cuts = [i for i, t in enumerate(times) if i and resets[t, b]]
        pieces = [piece for piece in np.split(times, cuts) if len(piece)]
        tapes = []
        for piece in pieces:
            begin = last[None, b] * (not resets[piece[0], b])
            tapes.append(reference.forward(weights, input[piece, b, None], begin))
            output[piece, b] = tapes[-1].hidden[:, 0]
            last[b] = tapes[-1].hidden[-1, 0]
        carried = grad_last[None, b]
        for piece, tape in zip(reversed(pieces), reversed(tapes), strict=True):
            grads = reference.backward(tape, grad_output[piece, b, None], carried)
            sums["input"][piece, b] = grads.input[:, 0]
            carried = grads.initial * (not resets[piece[0], b])
            for name, total in weights_sums.items():
                total += getattr(grads, name)
        sums["initial"][b] = carried[0]
    return output, last, reference.Gradients(**sums, **weights_sums)


@each_target
@each_dtype
@each_form
def test_outputs_and_all_gradients_are_the_references(form, dtype, target):
    outputs, _ = ALLOWED[np.dtype(dtype).name]
    start = FORMS.index(form)
    for T, B, I, H in (SIZES[(start + i) % len(SIZES)] for i in (0, 3, 5)):
        weights = draw_weights(I, H, form, dtype, seed=start)
        x, h = draw((T, B, I), 1, dtype), draw((B, H), 2, dtype)
        grads = draw((T, B, H), 3, dtype), draw((B, H), 4, dtype)
        run = Layer(weights, target).record(x, h)
        tape = reference.forward(weights, x, h)
        close(run.output, tape.hidden, outputs, "output")
        same_bits(run.last, run.output[-1], "last")
        wanted = reference.backward(tape, *(array.astype(float) for array in grads))
        close_gradients(backward(weights, run, *grads, target=target), wanted, dtype)


@each_target
@each_dtype
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_every_size_for_every_place_of_the_reset_gate(sizes, dtype, target):
    T, B, I, H = sizes
    for reset in ("after", "before", "none"):
        weights = draw_weights(I, H, Formulation(reset=reset), dtype)
        x, h = draw((T, B, I), 1, dtype), draw((B, H), 2, dtype)
        tape, grad = reference.forward(weights, x, h), draw((T, B, H), 3, dtype)
        run = Layer(weights, target).record(x, h)
        close(run.output, tape.hidden, ALLOWED[np.dtype(dtype).name][0], reset)
        wanted = reference.backward(tape, grad.astype(float))
        close_gradients(backward(weights, run, grad, target=target), wanted, dtype)


@each_target
@few_forms
def test_the_tape_holds_the_gates(form, target):
    weights, x, h = draw_weights(3, 9, form), draw((4, 5, 3), 1), draw((5, 9), 2)
    run, tape = Layer(weights, target).record(x, h), reference.forward(weights, x, h)
    r, k, n, m = np.moveaxis(run.tape.reshape(4, 5, 4, 9), 2, 0)
    close(r, tape.reset, 1e-14, "reset")
    close(k, tape.kept, 1e-14, "kept")
    close(n, tape.candidate, 1e-14, "candidate")
    close(m, tape.recurrent if form.reset == "after" else np.zeros_like(m), 1e-14, "m")


@st.composite
def batches(draw_from):
    T, B = draw_from(st.integers(0, 9)), draw_from(st.integers(0, 10))
    I, H = draw_from(st.integers(1, 20)), draw_from(st.integers(1, 40))
    lengths = draw_from(st.lists(st.integers(0, T), min_size=B, max_size=B))
    often = draw_from(st.sampled_from([0, 0.2, 0.9]))
    form = draw_from(st.sampled_from(FORMS))
    return T, B, I, H, lengths, often, form, draw_from(st.booleans()), draw_from(st.integers(0, 99))


@each_target
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(case=batches())
def test_any_batch_with_lengths_and_resets_is_its_sequences_one_by_one(case, target):
    T, B, I, H, lengths, often, form, reverse, seed = case
    weights, x, h = draw_weights(I, H, form), draw((T, B, I), seed), draw((B, H), seed + 1)
    resets = np.random.default_rng(seed).random((T, B)) < often
    grads = draw((T, B, H), seed + 2), draw((B, H), seed + 3)
    lengths = np.array(lengths, int)
    output, last, wanted = by_hand(weights, x, h, lengths, resets, *grads, reverse)
    run = Layer(weights, target).record(x, h, lengths, resets, reverse=reverse)
    close(run.output, output, 1e-13, "output")
    close(run.last, last, 1e-13, "last")
    came = backward(weights, run, *grads, target=target)
    for name in GRADIENTS:
        close(getattr(came, name), getattr(wanted, name), 1e-12, name)


def packed(array, lengths):
    """The rows of a padded array as packed ones; lengths must not increase."""
    return np.concatenate([array[t, : (lengths > t).sum()] for t in range(len(array))])


@each_target
@few_forms
@pytest.mark.parametrize("reverse", [False, True])
def test_packed_is_padded(form, reverse, target):
    weights, lengths = draw_weights(3, 18, form), np.array([6, 6, 4, 3, 3, 1, 0])
    x, h, resets = draw((6, 7, 3), 1), draw((7, 18), 2), draw((6, 7), 3) > 1
    grads, layer = (draw((6, 7, 18), 4), draw((7, 18), 5)), Layer(weights, target)
    wide = layer.record(x, h, lengths, resets, reverse=reverse)
    tight = layer.record(packed(x, lengths), h, lengths, resets, packed=True, reverse=reverse)
    same_bits(tight.output, packed(wide.output, lengths))
    same_bits(tight.last, wide.last)
    same_bits(tight.tape, wide.tape)
    left = backward(weights, wide, *grads, target=target)
    right = backward(weights, tight, packed(grads[0], lengths), grads[1], target=target)
    same_bits(right.input, packed(left.input, lengths))
    same_gradients(left, right, GRADIENTS[1:])


@each_target
@few_forms
def test_reverse_is_the_flipped_sequence(form, target):
    weights, lengths = draw_weights(3, 18, form), np.array([2, 6, 0, 5])
    x, h, resets = draw((6, 4, 3), 1), draw((4, 18), 2), draw((6, 4), 3) > 1
    flipped = [np.r_[np.arange(n)[::-1], np.arange(n, 6)] for n in lengths]

    def flip(array):
        return np.stack([array[times, b] for b, times in enumerate(flipped)], 1)

    grads, layer = (draw((6, 4, 18), 4), draw((4, 18), 5)), Layer(weights, target)
    back = layer.record(x, h, lengths, resets, reverse=True)
    fore = layer.record(flip(x), h, lengths, flip(resets))
    same_bits(back.output, flip(fore.output))
    same_bits(back.last, fore.last)
    left = backward(weights, back, *grads, target=target)
    right = backward(weights, fore, flip(grads[0]), grads[1], target=target)
    same_bits(left.input, flip(right.input))
    same_gradients(left, right, GRADIENTS[1:])


@each_target
@few_forms
def test_gradients_that_are_not_given_are_zeros(form, target):
    weights, x, h = draw_weights(4, 6, form), draw((5, 3, 4), 1), draw((3, 6), 2)
    run = Layer(weights, target).record(x, h)
    grad_output, grad_last = draw((5, 3, 6), 3), draw((3, 6), 4)
    for given_ in [(grad_output, None), (None, grad_last), (None, None)]:
        filled = [
            np.zeros_like(zeros) if grad is None else grad
            for grad, zeros in zip(given_, (grad_output, grad_last), strict=True)
        ]
        left = backward(weights, run, *given_, target=target)
        same_gradients(left, backward(weights, run, *filled, target=target))
    assert not any(getattr(left, name).any() for name in GRADIENTS)


@each_target
@few_forms
def test_padding_of_outputs_and_gradients_is_zero(form, target):
    weights, lengths = draw_weights(3, 5, form), [1, 4, 0]
    x, grad = draw((4, 3, 3), 1), draw((4, 3, 5), 2)
    run = Layer(weights, target).record(x, lengths=lengths)
    padding = np.arange(4)[:, None] >= lengths
    assert not run.output[padding].any()
    assert not backward(weights, run, grad, target=target).input[padding].any()


@each_target
@each_dtype
@few_forms
@pytest.mark.parametrize(("T", "B"), [(0, 3), (5, 0), (0, 0)])
def test_no_steps_or_no_sequences(T, B, form, dtype, target):
    weights, h = draw_weights(3, 4, form, dtype), draw((B, 4), 1, dtype)
    run = Layer(weights, target).record(draw((T, B, 3), 2, dtype), h)
    assert run.output.shape == (T, B, 4)
    same_bits(run.last, h)
    grad_last = draw((B, 4), 3, dtype)
    grads = backward(weights, run, draw((T, B, 4), 4, dtype), grad_last, target=target)
    same_bits(grads.initial, grad_last)
    assert grads.input.shape == (T, B, 3)
    assert not any(getattr(grads, name).any() for name in GRADIENTS[2:])


@each_target
@each_dtype
@few_forms
@pytest.mark.parametrize("B", [0, 1, 9, 33])
def test_step_is_the_references(B, form, dtype, target):
    weights = draw_weights(6, 19, form, dtype)
    x, h, out = draw((B, 6), 1, dtype), draw((B, 19), 2, dtype), np.empty((B, 19), dtype)
    assert Layer(weights, target).step(x, h, out) is out
    exact = [array.astype(float) for array in (x, h)]
    wanted = reference.step(weights.astype(np.float64), *exact).hidden
    close(out, wanted, ALLOWED[np.dtype(dtype).name][0])


@each_target
@pytest.mark.parametrize("reset", ["after", "before", "none"])
def test_many_chunks_of_steps(reset, target):
    weights = draw_weights(3, 11, Formulation(reset=reset))
    x, grad = draw((150, 9, 3), 1), draw((150, 9, 11), 2)
    run, tape = Layer(weights, target).record(x), reference.forward(weights, x)
    close(run.output, tape.hidden, 1e-13)
    came, wanted = backward(weights, run, grad, target=target), reference.backward(tape, grad)
    for name in GRADIENTS:
        close(getattr(came, name), getattr(wanted, name), 1e-12, name)


def test_targets_are_ranked_and_plain_is_the_last():
    assert targets()[-1] == "plain"
    assert len(set(targets())) == len(targets())
