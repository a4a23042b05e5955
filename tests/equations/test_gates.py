from dataclasses import replace

import numpy as np
import pytest

from glassgate import BadInput
from glassgate.gates import Gates, carry, kept_share, memory_span
from glassgate.reference import forward
from tests.engine.engine_cases import draw_weights, each_form
from tests.equations.gates_cases import rebuild, verify


def run(formulation=None, T=6, B=3, inputs=4, H=5):
    rng = np.random.default_rng(3)
    weights = draw_weights(inputs, H, formulation, seed=rng, scale=0.5)
    return forward(weights, rng.normal(size=(T, B, inputs)), rng.normal(size=(B, H)))


def gates_of(tape):
    names = ("reset", "update", "candidate", "hidden", "kept")
    return Gates(*(getattr(tape, name) for name in names))


@each_form
def test_states_follow_from_kept_share_and_candidate(form):
    tape = run(form)
    assert verify(gates_of(tape), tape.initial) < 1e-13
    np.testing.assert_allclose(rebuild(gates_of(tape), tape.initial), tape.hidden, 0, 1e-13)


def test_verify_finds_a_wrong_gate_and_a_wrong_initial_state():
    tape = run()
    gates = gates_of(tape)
    assert verify(replace(gates, kept=1 - gates.kept), tape.initial) > 1e-2
    assert verify(gates) > 1e-2


def test_a_memory_is_carried_along():
    kept, written = np.array([[[0.5, 1.0]], [[0.25, 0.0]]]), np.array([[[1.0, 0.0]], [[3.0, 7.0]]])
    found = carry(kept, written, np.array([[4.0, 5.0]]))
    np.testing.assert_array_equal(found, [[[3.0, 5.0]], [[3.75, 7.0]]])


def test_kept_share_counts_the_valid_steps_alone():
    kept = np.array([[[0.2], [0.4]], [[0.6], [9.0]]])  # (T=2, B=2, H=1); the 9 is padding
    np.testing.assert_allclose(kept_share(kept, [2, 1]), [0.4], atol=1e-15)
    with pytest.raises(BadInput, match=r"kept must lie in 0\.\.1, got 0\.2 to 9\.0"):
        kept_share(kept)
    np.testing.assert_allclose(kept_share(np.minimum(kept, 1)), [0.55], atol=1e-15)


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
            lambda: kept_share([[[0.5]]]),
            TypeError,
            "kept must be a NumPy array, got list",
        ),
    ],
)
def test_what_does_not_fit_is_refused(call, error, message):
    with pytest.raises(error, match=f"^{message}$"):
        call()
