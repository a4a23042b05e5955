import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from glassgate import GRU, BadInput, Formulation
from glassgate.exchange.formats import read, write
from glassgate.exchange.pytorch import arrays
from tests.engine.engine_cases import draw_weights
from tests.exchange.torch_cases import arrays_of, assert_close, drawn, filled

modules = st.tuples(
    st.integers(1, 9), st.integers(1, 9), st.integers(1, 3), st.booleans(), st.booleans()
)


@settings(max_examples=40, deadline=None)
@given(modules, st.sampled_from(["", "rnn.", "a.b.0.", "weight_ih."]), st.integers(0, 9))
def test_any_gru_is_converted_both_ways(sizes, prefix, seed):
    I, H, layers, bias, both = sizes
    module = filled(torch.nn.GRU(I, H, layers, bias=bias, bidirectional=both), seed)
    found = arrays.find_modules({**arrays_of(module, prefix), "head.weight": np.ones((2, 2))})
    (name,) = found
    assert name == (prefix.removesuffix(".") or "gru")
    gru = arrays.from_pytorch(found[name])
    input, state = drawn(gru)
    with torch.no_grad():
        expected = [part.numpy() for part in module(torch.tensor(input), torch.tensor(state))]
    assert_close(gru.run(input, state), expected)
    assert_close(arrays.run_equations(found[name], input, state), expected)

    back = torch.nn.GRU(I, H, layers, bidirectional=both)
    back.load_state_dict({key: torch.tensor(a) for key, a in arrays.to_pytorch(gru).items()})
    with torch.no_grad():
        again = back(torch.tensor(input), torch.tensor(state))
    assert_close([part.numpy() for part in again], expected)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("ending", ["pt", "pth", "safetensors"])
def test_cells_and_stacks_in_one_file(tmp_path, ending, bias):
    model = filled(
        torch.nn.ModuleDict(
            {
                "cell": torch.nn.GRUCell(3, 4, bias=bias),
                "stack": torch.nn.GRU(3, 5, 2, bias=bias, bidirectional=True),
                "lstm": torch.nn.LSTM(3, 4),
                "projected": torch.nn.LSTM(3, 4, proj_size=2),
                "plain": torch.nn.RNN(3, 4),
            }
        )
    )
    path = tmp_path / f"model.{ending}"
    if ending == "safetensors":
        save_file(arrays_of(model), path)
    else:
        torch.save({"epoch": 3, "model": {"weights": model.state_dict()}}, path)
    found = {one.name.split(".")[-1]: one for one in read(path)}
    assert set(found) == set(model)
    for name, kind in (("lstm", "LSTM"), ("projected", "LSTM"), ("plain", "RNN")):
        assert found[name].network is None
        assert found[name].refusal == f"it is an {kind}, not a GRU"
    for name in ("cell", "stack"):
        one = found[name]
        assert one.runtime == f"torch {torch.__version__}"
        assert one.facts["biases"] == ("two" if bias else "none")
        input, state = drawn(one.network)
        assert_close(one.network.run(input, state), one.reference(input, state))


def test_a_cell_and_a_stack_of_one_name_get_two_names():
    both = {**arrays_of(torch.nn.GRU(2, 3), "a."), **arrays_of(torch.nn.GRUCell(2, 3), "a.")}
    assert list(arrays.find_modules(both)) == ["a", "a.cell"]


def test_modules_of_one_name_get_different_names():
    class Holder(torch.nn.GRU):
        def __init__(self):
            super().__init__(2, 3)
            self.gru = torch.nn.GRU(2, 4)

    found = arrays.find_modules(arrays_of(Holder()))
    assert {name: len(state["weight_hh_l0"]) for name, state in found.items()} == {
        "gru#2": 9,
        "gru": 12,
    }
    three = {
        **arrays_of(torch.nn.GRUCell(2, 3), "a.cell."),
        **arrays_of(torch.nn.GRUCell(2, 3), "a."),
        **arrays_of(torch.nn.GRU(2, 3), "a."),
    }
    assert sorted(arrays.find_modules(three)) == ["a", "a.cell", "a.cell#2"]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_dtypes_are_read_exactly(tmp_path, dtype):
    from safetensors.torch import save_file

    module = filled(torch.nn.GRU(3, 4)).to(dtype)
    torch.save(module.state_dict(), tmp_path / "model.pt")
    save_file(module.state_dict(), tmp_path / "model.safetensors")
    wider = torch.promote_types(dtype, torch.float32)
    expected = module.to(wider).weight_hh_l0.detach().numpy()
    for name in ("model.pt", "model.safetensors"):
        (found,) = read(tmp_path / name)
        np.testing.assert_array_equal(found.network.weights[0][0].weight_hidden, expected)
        input, state = drawn(found.network)
        assert_close(found.network.run(input, state), found.reference(input, state))


def test_writes_is_converted_to_keeps_exactly(tmp_path):
    gru = GRU([[draw_weights(3, 4, Formulation("writes"), np.float32)]])
    write(tmp_path / "gru.pt", gru)
    (found,) = read(tmp_path / "gru.pt")
    assert found.network.formulation == Formulation("keeps")
    input, state = drawn(gru)
    assert_close(found.reference(input, state), gru.run(input, state))


@pytest.mark.parametrize(
    ("form", "word"),
    [
        (Formulation(reset="before"), "reset after, got before"),
        (Formulation(reset="none"), "reset after, got none"),
        (Formulation(gate="hard_sigmoid_sixth"), "gate sigmoid, got hard_sigmoid_sixth"),
        (Formulation(squash="relu"), "squash tanh, got relu"),
    ],
)
def test_forms_without_a_torch_counterpart_are_refused(tmp_path, form, word):
    with pytest.raises(BadInput, match=word):
        write(tmp_path / "gru.pt", GRU([[draw_weights(3, 4, form, np.float32)]]))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"weight_hh_l1": None}, "weight_hh_l1 is missing"),
        ({"weight_hh_l0": None}, "weight_hh_l0 is missing"),
        ({"bias_hh_l0": None}, "bias_hh_l0 is missing"),
        ({"weight_ih_l1_reverse": np.ones((12, 4))}, "weight_ih_l0_reverse is missing"),
        ({"weight_hh_l0": np.ones((13, 4))}, r"must have shape \(3H, H\)"),
        ({"weight_hh_l0": np.ones((12, 0))}, r"must have shape \(3H, H\)"),
        ({"weight_hh_l0": np.ones(12)}, r"must have shape \(3H, H\)"),
        ({"weight_ih_l0": np.ones((), np.float32)}, "weight_input must have shape"),
        ({"bias_ih_l0": np.ones(9)}, "bias_input must have shape"),
        ({"weight_ih_l1": np.ones((12, 5))}, "input_size of layer 1"),
        ({"bias_ih_l0": np.ones(12, np.int32)}, "must hold floating-point numbers, got int32"),
    ],
)
def test_incomplete_grus_are_refused(change, said):
    state = {**arrays_of(torch.nn.GRU(3, 4, 2)), **change}
    with pytest.raises(BadInput, match=said):
        arrays.from_pytorch({name: a for name, a in state.items() if a is not None})


def test_a_canonical_file_needs_no_torch(tmp_path):
    save_file(arrays_of(filled(torch.nn.GRU(3, 4))), tmp_path / "model.safetensors")
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "import importlib.util as u; find = u.find_spec\n"
        "u.find_spec = lambda name: None if name == 'torch' else find(name)\n"
        "from pathlib import Path\n"
        "from glassgate.exchange.conversion import convert\n"
        "print(convert(Path('model.safetensors'), Path('gru.safetensors')).proof)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "by equations only" in run.stdout
    assert GRU.load(tmp_path / "gru.safetensors").hidden_size == 4
