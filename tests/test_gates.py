from itertools import product

import numpy as np
import pytest

from glassgate import BadInput, Formulation, GRUWeights
from glassgate.gates import kept_share, memory_span, read_gates, rebuild, verify
from glassgate.reference import forward

FORMS = [
    Formulation(*words)
    for words in product(
        ("keeps", "writes"),
        ("after", "before", "none"),
        ("sigmoid", "hard_sigmoid_fifth", "hard_sigmoid_sixth"),
        ("tanh", "relu", "linear"),
    )
]


def run(formulation=None, dtype=np.float64, T=6, B=3, inputs=4, H=5):
    rng = np.random.default_rng(3)
    weights = GRUWeights(
        *(
            0.5 * rng.normal(size=shape)
            for shape in [(3 * H, inputs), (3 * H, H), (3 * H,), (3 * H,)]
        ),
        formulation or Formulation(),
    )
    tape = forward(weights, rng.normal(size=(T, B, inputs)), rng.normal(size=(B, H)))
    return weights.astype(dtype), tape


@pytest.mark.parametrize("form", FORMS, ids=lambda form: "-".join(vars(form).values()))
def test_the_gates_read_afterwards_are_the_gates_that_were(form):
    weights, tape = run(form)
    gates = read_gates(weights, tape.input, tape.hidden, tape.initial)
    for name in ("reset", "update", "candidate", "hidden", "kept"):
        np.testing.assert_allclose(getattr(gates, name), getattr(tape, name), rtol=0, atol=1e-13)
    assert verify(gates, tape.initial) < 1e-13
    np.testing.assert_allclose(rebuild(gates, tape.initial), tape.hidden, rtol=0, atol=1e-13)


def test_they_are_read_in_the_weights_dtype():
    weights, tape = run(dtype=np.float32)
    gates = read_gates(weights, tape.input, tape.hidden, tape.initial)
    assert {getattr(gates, name).dtype for name in vars(gates)} == {np.dtype(np.float32)}
    assert verify(gates, tape.initial.astype(np.float32)) < 1e-6


def test_verify_finds_a_wrong_formulation_and_a_wrong_initial_state():
    weights, tape = run()
    wrong = GRUWeights(
        *(weights.weight_input, weights.weight_hidden, weights.bias_input, weights.bias_hidden),
        Formulation(reset="before"),
    )
    assert verify(read_gates(wrong, tape.input, tape.hidden, tape.initial), tape.initial) > 1e-2
    gates = read_gates(weights, tape.input, tape.hidden, tape.initial)
    assert verify(gates) > 1e-2


def test_reversed_turns_time_round():
    weights, tape = run()
    gates = read_gates(weights, tape.input, tape.hidden, tape.initial)
    np.testing.assert_array_equal(gates.reversed().kept, gates.kept[::-1])
    np.testing.assert_array_equal(gates.reversed().reversed().candidate, gates.candidate)


def test_kept_share_counts_the_valid_steps_alone():
    kept = np.array([[[0.2], [0.4]], [[0.6], [9.0]]])  # (T=2, B=2, H=1); the 9 is padding
    np.testing.assert_allclose(kept_share(kept, [2, 1]), [0.4], atol=1e-15)
    np.testing.assert_allclose(kept_share(kept), [2.55], atol=1e-15)


def test_memory_span_is_where_1_over_e_is_left():
    share = np.array([0.1, 0.5, 0.99])
    np.testing.assert_allclose(share ** memory_span(share), np.exp(-1), rtol=1e-12)
    np.testing.assert_array_equal(memory_span([0.0, 1.0]), [0.0, np.inf])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: memory_span([0.5, 1.5]), BadInput, r"kept_share must lie in 0..1, got 0.5 to 1.5"),
        (lambda: memory_span([np.nan]), BadInput, r"kept_share must lie in 0..1, got nan to nan"),
        (
            lambda: kept_share(np.zeros((2, 3))),
            BadInput,
            r"kept must have shape \(T, B, H\), got \(2, 3\)",
        ),
        (
            lambda: kept_share(np.zeros((2, 3, 4)), [1, 2]),
            BadInput,
            r"lengths must have shape \(3,\), got \(2,\)",
        ),
        (
            lambda: kept_share(np.zeros((2, 3, 4)), [1, 2, 3]),
            BadInput,
            "lengths must lie in 0..2, got 1 to 3",
        ),
        (
            lambda: kept_share(np.zeros((2, 3, 4)), [0, 0, 0]),
            BadInput,
            "lengths must leave at least one step, got none above 0",
        ),
        (
            lambda: kept_share(np.zeros((2, 3, 4)), [1.0, 2.0, 2.0]),
            TypeError,
            "lengths must be integers, got float64",
        ),
        (
            lambda: read_gates(run()[0], np.zeros((6, 3, 4)), np.zeros((5, 3, 5))),
            BadInput,
            r"hidden must have shape \(6, 3, 5\), got \(5, 3, 5\)",
        ),
    ],
)
def test_what_does_not_fit_is_refused(call, error, message):
    with pytest.raises(error, match=f"^{message}$"):
        call()
