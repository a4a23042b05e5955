from dataclasses import fields
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from glassgate import BadInput, Formulation, GRUWeights
from glassgate.formulation import Gate, Reset, Squash, Update
from glassgate.reference import backward, forward
from tests.engine.engine_cases import draw_weights

WORDS = [word.__args__ for word in (Update, Reset, Gate, Squash)]
FORMS = [Formulation(*words) for words in product(*WORDS)]
assert len(FORMS) == 54


def draw(T=4, B=2, inputs=3, H=3, formulation=None, seed=0):
    """Weights, input and initial state, all far from zero."""
    rng = np.random.default_rng(seed)
    weights = draw_weights(inputs, H, formulation, seed=rng, scale=0.7)
    return weights, rng.normal(size=(T, B, inputs)), rng.normal(size=(B, H))


def close(left, right, atol):
    np.testing.assert_allclose(left, right, rtol=0, atol=atol)


def test_it_agrees_with_torch_outputs_and_all_gradients():
    weights, input, initial = draw(T=7, B=4, inputs=5, H=6)
    rng = np.random.default_rng(1)
    grad_hidden, grad_last = rng.normal(size=(7, 4, 6)), rng.normal(size=(4, 6))
    tape = forward(weights, input, initial)
    ours = backward(tape, grad_hidden, grad_last)

    net = torch.nn.GRU(5, 6).double()
    with torch.no_grad():
        net.weight_ih_l0.copy_(torch.tensor(weights.weight_input))
        net.weight_hh_l0.copy_(torch.tensor(weights.weight_hidden))
        net.bias_ih_l0.copy_(torch.tensor(weights.bias_input))
        net.bias_hh_l0.copy_(torch.tensor(weights.bias_hidden))
    x = torch.tensor(input, requires_grad=True)
    h = torch.tensor(initial[None], requires_grad=True)
    output, last = net(x, h)
    torch.autograd.backward(
        [output, last], [torch.tensor(grad_hidden), torch.tensor(grad_last[None])]
    )

    close(tape.hidden, output.detach(), 1e-12)
    close(ours.input, x.grad, 1e-12)
    close(ours.initial, h.grad[0], 1e-12)
    close(ours.weight_input, net.weight_ih_l0.grad, 1e-12)
    close(ours.weight_hidden, net.weight_hh_l0.grad, 1e-12)
    close(ours.bias_input, net.bias_ih_l0.grad, 1e-12)
    close(ours.bias_hidden, net.bias_hh_l0.grad, 1e-12)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: "-".join(vars(form).values()))
def test_every_gradient_is_the_finite_difference(form):
    weights, input, initial = draw(T=3, inputs=2, formulation=form)
    places = {field.name: getattr(weights, field.name).copy() for field in fields(weights)[:4]}
    places |= {"input": input, "initial": initial}
    probe = np.random.default_rng(2).normal(size=(3, 2, 3))

    def loss():
        layer = GRUWeights(*(places[field.name] for field in fields(weights)[:4]), form)
        return np.sum(probe * forward(layer, input, initial).hidden)

    gradients = backward(forward(weights, input, initial), probe)
    step = 1e-6
    for name, array in places.items():
        for at in np.ndindex(array.shape):
            held = array[at]
            array[at] = held + step
            up = loss()
            array[at] = held - step
            slope = (up - loss()) / (2 * step)
            array[at] = held
            assert getattr(gradients, name)[at] == pytest.approx(slope, abs=2e-8, rel=2e-8), (
                name,
                at,
            )


# The last outputs that Keras' own tests state: keras/src/layers/rnn/gru_test.py,
# test_correctness and test_pass_initial_state.
def keras_layer(inputs, H, reset="after", bias=0.03):
    twice = bias if reset == "after" else 0.0  # reset_after has an input and a recurrent bias
    return GRUWeights(
        np.full((3 * H, inputs), 0.01),
        np.full((3 * H, H), 0.02),
        np.full(3 * H, bias),
        np.full(3 * H, twice),
        Formulation(reset=reset),
    )


@pytest.mark.parametrize(
    ("layer", "backwards", "expected"),
    [
        (keras_layer(4, 3), False, [0.5217289, 0.6371659, 0.39384964]),
        (keras_layer(4, 3), True, [0.24406259, 0.611516, 0.3928808]),
        (keras_layer(4, 3, reset="before"), False, [0.51447755, 0.6426879, 0.40208298]),
        (keras_layer(4, 3, bias=0.0), False, [0.49988455, 0.64701194, 0.4103359]),
    ],
    ids=["reset after", "go backwards", "reset before", "no bias"],
)
def test_keras_published_values(layer, backwards, expected):
    input = np.arange(72.0).reshape(3, 6, 4).transpose(1, 0, 2)  # (T, B, inputs)
    last = forward(layer, input[::-1] if backwards else input).hidden[-1]
    close(last, np.repeat(np.array(expected)[:, None], 3, axis=1), 2e-7)


def test_keras_published_values_with_an_initial_state():
    input = np.arange(24.0).reshape(2, 4, 3).transpose(1, 0, 2)
    tape = forward(keras_layer(3, 2), input, np.arange(4.0).reshape(2, 2))
    close(tape.hidden[-1], [[0.23774096, 0.33508456], [0.83659905, 1.0227708]], 2e-7)


sizes = {
    "T": st.integers(1, 5),
    "B": st.integers(1, 4),
    "inputs": st.integers(1, 4),
    "H": st.integers(1, 5),
    "formulation": st.sampled_from(FORMS),
    "seed": st.integers(0, 2**32 - 1),
}
cases = st.builds(draw, **sizes)


@settings(deadline=None)
@given(cases)
def test_no_state_is_the_zero_state(case):
    weights, input, initial = case
    none, zero = forward(weights, input), forward(weights, input, np.zeros_like(initial))
    np.testing.assert_array_equal(none.hidden, zero.hidden)


@settings(deadline=None)
@given(cases, st.data())
def test_a_sequence_in_chunks_is_the_whole(case, data):
    weights, input, initial = case
    cut = data.draw(st.integers(1, len(input)))
    whole = forward(weights, input, initial).hidden
    head = forward(weights, input[:cut], initial).hidden
    np.testing.assert_array_equal(head, whole[:cut])
    if cut < len(input):
        tail = forward(weights, input[cut:], head[-1]).hidden
        np.testing.assert_array_equal(tail, whole[cut:])


@settings(deadline=None)
@given(cases, st.randoms(use_true_random=False))
def test_permuting_the_batch_permutes_the_result(case, random):
    weights, input, initial = case
    order = random.sample(range(len(initial)), len(initial))
    straight = forward(weights, input, initial).hidden[:, order]
    permuted = forward(weights, input[:, order], initial[order]).hidden
    scale = 1 + np.abs(straight).max()
    close(permuted / scale, straight / scale, 1e-14)


@settings(deadline=None)
@given(cases)
def test_an_update_gate_held_at_1_copies_the_state(case):
    weights, input, initial = case
    H = weights.hidden_size
    bias = weights.bias_input.copy()
    bias[H : 2 * H] = 1e6 if weights.formulation.update == "keeps" else -1e6
    held = GRUWeights(
        weights.weight_input, weights.weight_hidden, bias, weights.bias_hidden, weights.formulation
    )
    tape = forward(held, input, initial)
    np.testing.assert_array_equal(tape.hidden, np.broadcast_to(initial, tape.hidden.shape))


def test_the_candidates_curve_and_the_gates_slope_matter():
    results = [forward(*draw(formulation=form)).hidden for form in FORMS]
    for i, left in enumerate(results):
        for right in results[:i]:
            assert np.abs(left - right).max() > 1e-6


def test_without_a_reset_gate_it_reads_1_and_its_weights_do_nothing():
    weights, input, initial = draw(formulation=Formulation(reset="none"))
    tape = forward(weights, input, initial)
    np.testing.assert_array_equal(tape.reset, 1)
    gradients = backward(tape, np.ones_like(tape.hidden))
    np.testing.assert_array_equal(gradients.weight_input[:3], 0)
    np.testing.assert_array_equal(gradients.weight_hidden[:3], 0)


def test_it_computes_in_float64_whatever_comes():
    weights, input, initial = draw()
    tape = forward(weights.astype(np.float32), input.astype(np.float32), initial)
    assert tape.hidden.dtype == np.float64


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"input": np.zeros((4, 3))}, r"input must have shape \(T, B, 3\), got \(4, 3\)"),
        (
            {"input": np.zeros((0, 2, 3))},
            r"input must hold at least one step, got shape \(0, 2, 3\)",
        ),
        ({"initial": np.zeros((1, 2, 3))}, r"initial must have shape \(2, 3\), got \(1, 2, 3\)"),
    ],
)
def test_wrong_shapes_are_refused(change, message):
    weights, input, initial = draw()
    with pytest.raises(BadInput, match=f"^{message}$"):
        forward(weights, **{"input": input, "initial": initial} | change)


def test_wrong_gradients_are_refused():
    tape = forward(*draw())
    with pytest.raises(BadInput, match=r"^grad_hidden must have shape \(4, 2, 3\), got \(2, 3\)$"):
        backward(tape, np.zeros((2, 3)))
    with pytest.raises(BadInput, match=r"^grad_last must have shape \(2, 3\), got \(3,\)$"):
        backward(tape, np.zeros((4, 2, 3)), np.zeros(3))
