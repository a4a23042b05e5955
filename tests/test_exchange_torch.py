import codecs
import json
import os
import pickle
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from glassgate import GRU, BadInput, Formulation, GRUWeights
from glassgate.exchange import pytorch
from glassgate.exchange.formats import read, write

ROOT = Path(__file__).parent.parent


def arrays_of(module, prefix=""):
    return {prefix + name: tensor.numpy() for name, tensor in module.state_dict().items()}


def filled(module, seed=0):
    """The module with all its numbers drawn anew, biases too."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) / 2)
    return module


def drawn(gru, steps=7, batch=3, seed=1):
    rng = np.random.default_rng(seed)
    state = rng.uniform(-1, 1, gru.initial_state(batch).shape)
    input = rng.normal(size=(steps, batch, gru.input_size))
    return input.astype(gru.dtype), state.astype(gru.dtype)


def assert_close(ours, theirs, tolerance=1e-6):
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


def weights(form=None, dtype=np.float32):
    rng = np.random.default_rng(2)
    shapes = ((12, 3), (12, 4), 12, 12)
    return GRUWeights(*(rng.normal(size=s).astype(dtype) for s in shapes), form or Formulation())


modules = st.tuples(
    st.integers(1, 9), st.integers(1, 9), st.integers(1, 3), st.booleans(), st.booleans()
)


@settings(max_examples=40, deadline=None)
@given(modules, st.sampled_from(["", "rnn.", "a.b.0.", "weight_ih."]), st.integers(0, 9))
def test_any_gru_comes_over_and_goes_back(sizes, prefix, seed):
    I, H, layers, bias, both = sizes
    module = filled(torch.nn.GRU(I, H, layers, bias=bias, bidirectional=both), seed)
    found = pytorch.find({**arrays_of(module, prefix), "head.weight": np.ones((2, 2))})
    (name,) = found
    assert name == (prefix.removesuffix(".") or "gru")
    gru = pytorch.from_pytorch(found[name])
    input, state = drawn(gru)
    with torch.no_grad():
        expected = [part.numpy() for part in module(torch.tensor(input), torch.tensor(state))]
    assert_close(gru.run(input, state), expected)
    assert_close(pytorch.run(found[name], input, state), expected)

    back = torch.nn.GRU(I, H, layers, bidirectional=both)
    back.load_state_dict({key: torch.tensor(a) for key, a in pytorch.to_pytorch(gru).items()})
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


def test_a_cell_of_the_same_name_as_a_stack_is_told_apart():
    both = {**arrays_of(torch.nn.GRU(2, 3), "a."), **arrays_of(torch.nn.GRUCell(2, 3), "a.")}
    assert list(pytorch.find(both)) == ["a", "a.cell"]


def test_modules_of_one_name_are_told_apart():
    class Holder(torch.nn.GRU):
        def __init__(self):
            super().__init__(2, 3)
            self.gru = torch.nn.GRU(2, 4)

    found = pytorch.find(arrays_of(Holder()))
    assert {name: len(state["weight_hh_l0"]) for name, state in found.items()} == {
        "gru#2": 9,
        "gru": 12,
    }
    three = {
        **arrays_of(torch.nn.GRUCell(2, 3), "a.cell."),
        **arrays_of(torch.nn.GRUCell(2, 3), "a."),
        **arrays_of(torch.nn.GRU(2, 3), "a."),
    }
    assert sorted(pytorch.find(three)) == ["a", "a.cell", "a.cell#2"]


def test_lists_in_a_checkpoint_are_walked(tmp_path):
    states = [filled(torch.nn.GRU(2, 3), seed).state_dict() for seed in range(3)]
    inner = {f"encoder.{key}": array for key, array in states[1].items()}
    held: list[object] = [states[0], (inner, 7), "text"]
    held.append(held)
    for whole, prefix in ((held, ""), ({"models": held, "gru": states[2]}, "models.")):
        torch.save(whole, tmp_path / "model.pt")
        found = {one.name: one.network for one in read(tmp_path / "model.pt")}
        named = {f"{prefix}0": 0, f"{prefix}1.0.encoder": 1}
        named |= {"gru": 2} if prefix else {}
        assert found.keys() == named.keys()
        for name, i in named.items():
            wanted = states[i]["weight_hh_l0"].numpy()
            np.testing.assert_array_equal(found[name].weights[0][0].weight_hidden, wanted)


def beside(state):
    """A state dict with what else a checkpoint may hold."""
    plain = torch.randn(4, 3)
    return {
        **state,
        "tensor": torch.quantize_per_tensor(plain, 0.1, 3, torch.quint8),
        "rows": torch.quantize_per_channel(
            plain, torch.ones(4), torch.zeros(4, dtype=torch.long), 0, torch.qint8
        ),
        "bytes": bytearray(range(256)),
        "none": bytearray(),
    }


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.filterwarnings("ignore")
def test_quantized_numbers_and_bytes_may_stand_beside(tmp_path, zipped):
    path, state = tmp_path / "model.pt", torch.nn.GRU(3, 4).state_dict()
    torch.save(beside(state), path, _use_new_zipfile_serialization=zipped)
    (found,) = read(path)
    wanted = state["weight_hh_l0"].numpy()
    np.testing.assert_array_equal(found.network.weights[0][0].weight_hidden, wanted)


class Call:
    def __init__(self, called, *given):
        self.reduced = called, given

    def __reduce__(self):
        return self.reduced


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda: Call(bytearray, 10**12), "something else than text"),
        (lambda: Call(bytearray, torch.tensor(10**12)), "something else than text"),
        (lambda: Call(bytearray, [0] * 9), "something else than text"),
        (lambda: Call(codecs.encode, b"a", "hex"), "otherwise than as latin1"),
        (
            lambda: Call(
                torch._utils._rebuild_qtensor,
                *(torch.ones(1).untyped_storage(), 0, (10**6, 10**6), (0, 0)),
                *((torch.per_tensor_affine, 0.1, 0), False, {}),
            ),
            "claims more numbers than the file has bytes",
        ),
    ],
    ids=["number", "tensor", "list", "codec", "quantized"],
)
@pytest.mark.filterwarnings("ignore")
def test_bytes_and_quantized_numbers_are_bounded(made, said, tmp_path):
    torch.save({"made": made()}, tmp_path / "model.pt")
    with pytest.raises(BadInput, match=said):
        read(tmp_path / "model.pt")


def test_one_text_is_not_made_into_bytes_over_and_over(tmp_path):
    text = "a" * 10**5
    torch.save([Call(bytearray, text, "latin-1") for _ in range(500)], tmp_path / "model.pt")
    with pytest.raises(BadInput, match="over the same things again and again"):
        read(tmp_path / "model.pt")


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_numbers_come_over_exactly(tmp_path, dtype):
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


def test_writes_is_turned_into_keeps_exactly(tmp_path):
    gru = GRU([[weights(Formulation("writes"))]])
    write(tmp_path / "gru.pt", gru)
    (found,) = read(tmp_path / "gru.pt")
    assert found.network.formulation == Formulation("keeps")
    input, state = drawn(gru)
    assert_close(found.reference(input, state), gru.run(input, state))


@pytest.mark.parametrize(
    ("form", "word"),
    [
        (Formulation(reset="before"), "reset after alone, got before"),
        (Formulation(reset="none"), "reset after alone, got none"),
        (Formulation(gate="hard_sigmoid_sixth"), "gate sigmoid alone, got hard_sigmoid_sixth"),
        (Formulation(squash="relu"), "squash tanh alone, got relu"),
    ],
)
def test_forms_that_torch_has_not_are_refused(tmp_path, form, word):
    with pytest.raises(BadInput, match=word):
        write(tmp_path / "gru.pt", GRU([[weights(form)]]))
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
        ({"bias_ih_l0": np.ones(12, np.int32)}, "must hold floating point numbers, got int32"),
    ],
)
def test_incomplete_grus_are_refused(change, said):
    state = {**arrays_of(torch.nn.GRU(3, 4, 2)), **change}
    with pytest.raises(BadInput, match=said):
        pytorch.from_pytorch({name: a for name, a in state.items() if a is not None})


def test_a_canonical_file_needs_no_torch(tmp_path):
    save_file(arrays_of(filled(torch.nn.GRU(3, 4))), tmp_path / "model.safetensors")
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "import importlib.util as u; find = u.find_spec\n"
        "u.find_spec = lambda name: None if name == 'torch' else find(name)\n"
        "from pathlib import Path\n"
        "from glassgate.exchange.convert import convert\n"
        "print(convert(Path('model.safetensors'), Path('gru.safetensors')).proof)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "by equations only" in run.stdout
    assert GRU.load(tmp_path / "gru.safetensors").hidden_size == 4


class Trap:
    def __reduce__(self):
        return os.mkdir, ("trap",)


def test_pickles_are_refused_and_not_executed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"weight_hh_l0": Trap()}, "new.pt")
    torch.save({"weight_hh_l0": Trap()}, "old.pt", _use_new_zipfile_serialization=False)
    Path("bare.pt").write_bytes(pickle.dumps(Trap()))
    torch.save(torch.nn.GRU(2, 3), "model.pt")
    for name in ("new.pt", "old.pt", "bare.pt", "model.pt"):
        with pytest.raises(BadInput, match=r"state_dict\(\)"):
            read(Path(name))
    assert not Path("trap").exists()


def test_programs_are_refused(tmp_path):
    path = tmp_path / "model.pt"
    torch.save(torch.nn.GRU(2, 3).state_dict(), path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("model/constants.pkl", b"")
    with pytest.raises(BadInput, match="TorchScript program"):
        read(path)


def test_files_that_claim_more_than_they_hold_are_refused(tmp_path):
    torch.save({"weight_hh_l0": torch.ones(1).expand(3 * 10**6, 10**6)}, tmp_path / "wide.pt")
    with zipfile.ZipFile(tmp_path / "bomb.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb/data/0", bytes(10**7))
    for name in ("wide.pt", "bomb.pt"):
        with pytest.raises(BadInput, match="bytes of numbers, but has"):
            read(tmp_path / name)
    header = {"weight_hh_l0": {"dtype": "F32", "shape": [10**12], "data_offsets": [0, 4 * 10**12]}}
    said = json.dumps(header).encode()
    (tmp_path / "lies.safetensors").write_bytes(struct.pack("<Q", len(said)) + said)
    with pytest.raises(BadInput, match="no whole safetensors file"):
        read(tmp_path / "lies.safetensors")


@pytest.mark.parametrize(
    "tensor",
    [
        torch.eye(12).to_sparse(),
        torch.ones(12, 4, dtype=torch.int8),
        torch.ones(12, 4, dtype=torch.complex64),
    ],
    ids=["sparse", "integer", "complex"],
)
def test_numbers_of_other_kinds_are_refused(tmp_path, tensor):
    state = {**torch.nn.GRU(3, 4).state_dict(), "weight_hh_l0": tensor}
    torch.save(state, tmp_path / "model.pt")
    try:
        (found,) = read(tmp_path / "model.pt")
    except BadInput:
        return
    assert found.network is None


def test_a_mapping_that_holds_itself_is_read_once(tmp_path):
    state = dict(torch.nn.GRU(3, 4).state_dict())
    state["again"] = state
    torch.save(state, tmp_path / "model.pt")
    assert [one.name for one in read(tmp_path / "model.pt")] == ["gru"]


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_damaged_files_are_refused_or_read(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("damaged")
    state = torch.nn.GRU(2, 2).state_dict()
    ending = data.draw(st.sampled_from(["pt", "safetensors"]))
    path = folder / f"model.{ending}"
    if ending == "pt":
        torch.save(state, path, _use_new_zipfile_serialization=data.draw(st.booleans()))
    else:
        save_file({name: tensor.numpy() for name, tensor in state.items()}, path)
    whole = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(0, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole)))])
    try:
        found = read(path)
    except BadInput:
        return
    for one in found:
        assert (one.network is None) != (one.refusal is None)


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
