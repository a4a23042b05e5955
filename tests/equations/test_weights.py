import numpy as np
import pytest

from glassgate import BadInput, Formulation, GRUWeights, reference

FORMS = [
    Formulation(update, reset, gate)
    for update in ("keeps", "writes")
    for reset in ("after", "before", "none")
    for gate in ("sigmoid", "hard_sigmoid_fifth", "hard_sigmoid_sixth")
]


def arrays(inputs=3, H=2, dtype=np.float64):
    rng = np.random.default_rng(1)
    shapes = {
        "weight_input": (3 * H, inputs),
        "weight_hidden": (3 * H, H),
        "bias_input": (3 * H,),
        "bias_hidden": (3 * H,),
    }
    return {name: rng.normal(size=shape).astype(dtype) for name, shape in shapes.items()}


def test_sizes_and_dtype_come_from_the_arrays():
    weights = GRUWeights(**arrays(inputs=5, H=4, dtype=np.float32))
    assert (weights.input_size, weights.hidden_size, weights.dtype) == (5, 4, np.float32)


def test_the_arrays_are_copied_and_cannot_change():
    given = arrays()
    weights = GRUWeights(**given)
    kept = weights.bias_input.copy()
    given["bias_input"][:] = 7
    np.testing.assert_array_equal(weights.bias_input, kept)
    with pytest.raises(ValueError, match="read-only"):
        weights.bias_input[0] = 7


@pytest.mark.parametrize(
    ("name", "shape", "expected"),
    [
        ("weight_input", (7, 3), r"\(3H, I\) with H and I at least 1, got \(7, 3\)"),
        ("weight_input", (6,), r"\(3H, I\) with H and I at least 1, got \(6,\)"),
        ("weight_input", (6, 0), r"\(3H, I\) with H and I at least 1, got \(6, 0\)"),
        ("weight_hidden", (2, 6), r"\(6, 2\), got \(2, 6\)"),
        ("bias_input", (2, 3), r"\(6,\), got \(2, 3\)"),
        ("bias_hidden", (2,), r"\(6,\), got \(2,\)"),
    ],
)
def test_a_shape_that_does_not_fit_is_refused(name, shape, expected):
    with pytest.raises(BadInput, match=f"^{name} must have shape {expected}$"):
        GRUWeights(**arrays() | {name: np.zeros(shape)})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"bias_input": [0.0] * 6}, "bias_input must be a NumPy array, got list"),
        ({"bias_input": np.zeros(6, int)}, "bias_input must be float32 or float64, got int64"),
        ({"bias_input": np.zeros(6, ">f8")}, "bias_input must be float32 or float64, got >f8"),
        ({"bias_input": np.zeros(6, np.float32)}, "all weights must have one dtype, got .*"),
        ({"formulation": "keeps"}, "formulation must be a Formulation, got str"),
    ],
)
def test_a_wrong_type_is_refused(wrong, message):
    with pytest.raises(TypeError, match=f"^{message}$"):
        GRUWeights(**arrays() | wrong)


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_keeps_and_writes_are_the_same_function(form):
    weights = GRUWeights(**arrays(), formulation=form)
    other = weights.with_update("writes" if form.update == "keeps" else "keeps")
    assert other.formulation.update != form.update
    input = np.random.default_rng(2).normal(size=(6, 4, 3))
    here, there = reference.forward(weights, input), reference.forward(other, input)
    np.testing.assert_allclose(here.hidden, there.hidden, rtol=0, atol=1e-14)
    np.testing.assert_allclose(here.kept, there.kept, rtol=0, atol=1e-14)
    assert np.abs(here.update - there.update).max() > 0.1
    back = other.with_update(form.update)
    for name, array in arrays().items():
        np.testing.assert_array_equal(getattr(back, name), array)


def test_an_unknown_update_is_refused():
    with pytest.raises(BadInput, match=r"^update must be one of keeps, writes, got 'forgets'$"):
        GRUWeights(**arrays()).with_update("forgets")


def test_astype_changes_the_dtype_alone():
    weights = GRUWeights(**arrays(), formulation=Formulation("writes"))
    single = weights.astype(np.float32)
    assert (single.dtype, single.formulation) == (np.float32, weights.formulation)
    np.testing.assert_array_equal(single.weight_input, weights.weight_input.astype(np.float32))
    with pytest.raises(TypeError, match="float16"):
        weights.astype(np.float16)
