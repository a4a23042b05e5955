"""Traces of a `glassgate.GRU`, and what can be done with a trace."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from glassgate import GRU, BadInput, GRUWeights, LayerPlan, clamp, trace
from glassgate.weights import ARRAYS
from tests.engine.engine_cases import each_form
from tests.engine.gru_cases import LENGTHS, PLANS, B, H, I, T, network, planned
from tests.engine.gru_cases import given as case
from tests.inside.trace_cases import gru as one_way
from tests.inside.trace_cases import oracle, same


def by_reference(gru, input, state, lengths=None):
    layers = [[one_way(numbers(one), one.formulation) for one in layer] for layer in gru.weights]
    return oracle(layers, input, [state], lengths, gru.plan)


def numbers(weights):
    return [getattr(weights, name).astype(np.float64) for name in ARRAYS]


@settings(deadline=None, max_examples=60)
@given(
    st.lists(PLANS, min_size=1, max_size=3),
    st.tuples(*[st.integers(H - 1, H)] * 3),
    st.integers(0, 2**16),
    st.sampled_from([None, LENGTHS]),
)
def test_layers_of_any_plan_are_those_of_the_reference(plan, sizes, seed, lengths):
    gru = planned(plan, seed, sizes)
    input, state, _ = case(gru, seed=seed)
    traced = trace(gru, input, state, lengths)
    same(traced, by_reference(gru, input, state, lengths), 1e-12)
    assert traced.verify() < 1e-12


@each_form
def test_every_formulation_in_float32(form):
    gru = network(2, 2, np.float32, form)
    input, state, _ = case(gru)
    traced = trace(gru, input, state, LENGTHS)
    scale = 1 + abs(traced[1].hidden).max()  # a candidate of relu or linear has no bound
    assert traced.verify() <= 1e-6 * scale
    wanted = by_reference(gru, input, state, LENGTHS)
    found = {name: array / scale for name, array in vars(traced[1]).items()}
    for name, array in wanted[1]["forward"].items():
        np.testing.assert_allclose(found[name], array / scale, rtol=0, atol=1e-6)


def test_states_are_the_networks_own_bits():
    gru = network(2, 2, np.float32)
    input, state, _ = case(gru)
    output, _ = gru.run(input, state, LENGTHS)
    traced = trace(gru, input, state, LENGTHS)
    both = [traced[1].hidden, traced[1, "reverse"].hidden]
    np.testing.assert_array_equal(np.concatenate(both, -1), output)


def test_weights_in_bfloat16():
    gru = network(2, 1, np.float32).astype("bfloat16")
    input, state, _ = case(gru)
    traced = trace(gru, input, state)
    same(traced, by_reference(gru, input, state), 2e-6)
    assert traced.verify() <= 1e-6


def test_a_batch_of_none_and_a_sequence_of_none():
    gru = network(2, 2)
    for shape in ((0, 3, I), (4, 0, I)):
        traced = trace(gru, np.zeros(shape))
        assert traced[1, "reverse"].kept.shape == (*shape[:2], H)
        assert traced.verify() == 0


def test_another_initial_state_is_found_out():
    gru = network(1, 1)
    input, state, _ = case(gru)
    traced = trace(gru, input, state)
    assert traced.verify() < 1e-12
    state += 1
    assert traced.verify() > 1e-2


def test_a_network_that_is_held_is_traced_as_it_is():
    gru = network(1, 1)
    input, state, _ = case(gru)
    with clamp(gru, kept=1, units=[2]):
        traced = trace(gru, input, state)
        assert traced.verify() < 1e-12
    np.testing.assert_array_equal(traced[0].kept[..., 2], 1)
    assert traced.verify() > 1e-2


def test_no_torch_is_needed():
    code = (
        "import sys, numpy as np, glassgate\n"
        "w = glassgate.GRUWeights(*(np.ones(s) for s in ((6, 3), (6, 2), 6, 6)))\n"
        "t = glassgate.trace(glassgate.GRU([[w]]), np.ones((4, 1, 3)), lengths=[3])\n"
        "assert t.verify() < 1e-12\n"
        "print('torch' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"


# What can be done with it -------------------------------------------------------------------------


@pytest.fixture
def traced():
    gru = network(2, 2, np.float32)
    input, state, _ = case(gru)
    return trace(gru, input, state, LENGTHS)


def test_arrays_by_name(traced):
    named = traced.to_numpy()
    gates = ("reset", "update", "candidate", "hidden", "kept")
    ends = [f"{way}{gate}" for way in ("", "reverse_") for gate in gates]
    assert set(named) == {f"layer{i}_{end}" for i in (0, 1) for end in ends} | {"lengths"}
    np.testing.assert_array_equal(named["layer1_reverse_kept"], traced[1, "reverse"].kept)
    np.testing.assert_array_equal(named["lengths"], LENGTHS)


def test_a_file_holds_them_all_and_needs_no_pickle(traced, tmp_path):
    traced.save(tmp_path / "x.npz")
    with np.load(tmp_path / "x.npz", allow_pickle=False) as file:
        found = dict(file)
    assert set(found) == set(traced.to_numpy())
    for name, array in traced.to_numpy().items():
        np.testing.assert_array_equal(found[name], array)
    assert [path.name for path in tmp_path.iterdir()] == ["x.npz"]
    with pytest.raises(OSError, match="could not be written"):
        traced.save(tmp_path / "nowhere" / "x.npz")


def test_a_dataset_with_named_axes(traced):
    pytest.importorskip("xarray", exc_type=ImportError)
    data = traced.to_xarray()
    assert dict(data.sizes) == {"layer": 2, "direction": 2, "step": T, "batch": B, "unit": H}
    there = data.kept.sel(layer=1, direction="reverse")
    valid = np.arange(T)[:, None] < LENGTHS
    np.testing.assert_array_equal(there.values[valid], traced[1, "reverse"].kept[valid])
    assert np.isnan(there.values[~valid]).all()
    mean = data.kept.sel(layer=0, direction="forward").mean(("step", "batch"))
    np.testing.assert_allclose(mean, traced[0].kept[valid].mean(0), rtol=1e-6)
    np.testing.assert_array_equal(data.lengths, LENGTHS)


def test_a_dataset_of_layers_that_differ():
    pytest.importorskip("xarray", exc_type=ImportError)
    gru = planned([LayerPlan(("reverse",)), LayerPlan(("forward", "reverse"))], sizes=(H, H - 2))
    input, state, _ = case(gru)
    traced = trace(gru, input, state)
    data = traced.to_xarray()
    assert dict(data.sizes) == {"layer": 2, "direction": 2, "step": T, "batch": B, "unit": H}
    np.testing.assert_array_equal(data.reset[0, 1], traced[0].reset)
    assert np.isnan(data.reset[0, 0]).all()
    np.testing.assert_array_equal(data.reset[1, 0, ..., : H - 2], traced[1].reset)
    assert np.isnan(data.reset[1, ..., H - 2 :]).all()


def test_without_xarray_it_says_what_to_install(traced, monkeypatch):
    monkeypatch.setitem(sys.modules, "xarray", None)
    with pytest.raises(
        ImportError, match=r"needs xarray, .*: run pip install 'glassgate\[inside\]'"
    ):
        traced.to_xarray()


def test_a_layer_by_a_number_of_numpys(traced):
    assert traced[np.int64(1)] is traced[1]
    assert traced[np.int64(1), "forward"] is traced[1, "forward"]


def test_layers_in_turn(traced):
    assert len(traced) == 2
    assert [one.kept.shape for one in traced] == [(T, B, H)] * 2
    assert repr(traced) == "Trace(layers=2 (forward and reverse), steps=7, batch=5, units=6)"


# What does not fit --------------------------------------------------------------------------------

ONE = GRU([[GRUWeights(*(np.ones(shape) for shape in ((6, 3), (6, 2), 6, 6)))]])
X = np.zeros((5, 2, 3))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: trace(ONE, torch.zeros(5, 2, 3)),
            TypeError,
            "input must be a NumPy array, got Tensor",
        ),
        (
            lambda: trace(ONE, X[0]),
            BadInput,
            r"input must have shape \(T, B, 3\), got \(2, 3\)",
        ),
        (
            lambda: trace(ONE, X.astype(np.float32)),
            TypeError,
            "input must be float64, got float32",
        ),
        (
            lambda: trace(ONE, X, np.zeros((2, 2))),
            BadInput,
            r"state must have shape \(1, 2, 2\), got \(2, 2\)",
        ),
        (
            lambda: trace(ONE, X, lengths=[1]),
            BadInput,
            r"lengths must have shape \(2,\), got \(1,\)",
        ),
        (lambda: trace(ONE, X, lengths=[5, 6]), BadInput, "lengths must lie in 0..5, got 5 to 6"),
        (lambda: trace(ONE, X)[1], BadInput, "layer must lie in 0..0, got 1"),
        (lambda: trace(ONE, X)[0.0], BadInput, "layer must lie in 0..0, got 0.0"),
        (lambda: trace(ONE, X)[False], BadInput, "layer must lie in 0..0, got False"),
        (lambda: trace(ONE, X)[0, 1, 2], BadInput, r"layer must lie in 0..0, got \(0, 1, 2\)"),
        (
            lambda: trace(GRU(ONE.weights, [LayerPlan(("reverse",))]), X)[0, "forward"],
            BadInput,
            "direction of layer 0 must be reverse, got 'forward'",
        ),
    ],
)
def test_what_does_not_fit_is_refused(call, error, message):
    with pytest.raises(error, match=f"^{message}$"):
        call()
