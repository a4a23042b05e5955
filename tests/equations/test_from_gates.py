import numpy as np
import pytest

from glassgate import BadInput, Formulation, GRUWeights


def test_gates_of_any_tool_are_put_together():
    rng = np.random.default_rng(0)
    gates = ("candidate", "update", "reset")
    W, U = ({g: rng.normal(size=(4, size)) for g in gates} for size in (3, 4))
    b, c = ({g: rng.normal(size=4) for g in gates} for _ in range(2))
    form = Formulation("writes", "before")
    both = GRUWeights.from_gates(input=W, hidden=U, bias_input=b, bias_hidden=c, formulation=form)
    assert both.formulation == form
    for i, gate in enumerate(("reset", "update", "candidate")):
        rows = slice(4 * i, 4 * i + 4)
        np.testing.assert_array_equal(both.weight_input[rows], W[gate])
        np.testing.assert_array_equal(both.weight_hidden[rows], U[gate])
        np.testing.assert_array_equal(both.bias_input[rows], b[gate])
        np.testing.assert_array_equal(both.bias_hidden[rows], c[gate])
    single = GRUWeights.from_gates(input=W, hidden=U, bias_input=b)
    assert not single.bias_hidden.any()
    assert single.formulation == Formulation()


def test_a_form_without_reset_needs_no_reset_rows():
    W, U = {"update": np.ones((2, 3)), "candidate": np.ones((2, 3))}, {}
    U = {"update": np.ones((2, 2)), "candidate": np.ones((2, 2))}
    form = Formulation(reset="none")
    made = GRUWeights.from_gates(input=W, hidden=U, formulation=form)
    assert not made.weight_input[:2].any()
    with pytest.raises(BadInput, match="input must have reset, update, candidate"):
        GRUWeights.from_gates(input=W, hidden=U)


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"candidate": None}, BadInput, "input must have candidate"),
        ({"forget": np.ones((2, 3))}, BadInput, "input must have reset, update, candidate, got"),
        ({"reset": np.ones((3, 3))}, BadInput, r"reset of input must have shape \(2, 3\)"),
        ({"candidate": np.ones(3)}, BadInput, r"candidate of input must have shape \(H, I\)"),
        ({"update": np.ones((2, 3), np.float32)}, TypeError, "must have one dtype"),
        ({"update": [[1.0] * 3] * 2}, TypeError, "update of input must be a NumPy array"),
    ],
)
def test_gates_that_do_not_fit_are_refused(change, error, said):
    gates = ("reset", "update", "candidate")
    W, U = ({gate: np.ones((2, size)) for gate in gates} for size in (3, 2))
    W = {gate: array for gate, array in {**W, **change}.items() if array is not None}
    with pytest.raises(error, match=said):
        GRUWeights.from_gates(input=W, hidden=U)
