"""What a checkpoint may hold besides arrays, and what is refused and never executed."""

import codecs
import json
import os
import pickle
import struct
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from glassgate import BadInput
from glassgate.exchange.formats import read
from tests.exchange.torch_cases import filled


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
    """A state dict with other things that a checkpoint may hold."""
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
def test_a_checkpoint_may_also_hold_quantized_numbers_and_bytes(tmp_path, zipped):
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
        (lambda: Call(bytearray, 10**12), "something other than text"),
        (lambda: Call(bytearray, torch.tensor(10**12)), "something other than text"),
        (lambda: Call(bytearray, [0] * 9), "something other than text"),
        (lambda: Call(codecs.encode, b"a", "hex"), "a codec other than latin1"),
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
    with pytest.raises(BadInput, match="the same objects again and again"):
        read(tmp_path / "model.pt")


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


def program(traced):
    module = torch.nn.Sequential(filled(torch.nn.GRU(2, 3, 2), 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        given = (torch.ones(4, 1, 2),)
        return module, torch.jit.trace(module, given) if traced else torch.jit.script(module)


@pytest.mark.parametrize("traced", [True, False])
@pytest.mark.filterwarnings("ignore")
def test_the_arrays_of_a_program_are_read(tmp_path, traced):
    module, made = program(traced)
    made.save(str(tmp_path / "model.pt"))
    (found,) = read(tmp_path / "model.pt")
    assert found.name == "0"
    wanted = module[0].state_dict()
    for i, (weights,) in enumerate(found.network.weights):
        np.testing.assert_array_equal(weights.weight_hidden, wanted[f"weight_hh_l{i}"].numpy())


def repacked(path, change, compression=zipfile.ZIP_STORED):
    """Rewrite an archive, its pickle of arrays after a change."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in parts.items():
            archive.writestr(name, change(data) if name.endswith("/data.pkl") else data)


TRAP = b"cos\nmkdir\n(X\x04\x00\x00\x00traptR"  # the opcodes that call os.mkdir("trap")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: data[:2] + TRAP + b"0" + data[2:], "its pickle calls os.mkdir"),
        (lambda data: data[:60], "damaged or cut short"),
        (lambda data: data.replace(b"__torch__.torch", b"__torsh__.torch"), "its pickle calls"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_a_hostile_program_is_refused_with_a_way_out(tmp_path, monkeypatch, change, said):
    monkeypatch.chdir(tmp_path)
    program(False)[1].save("model.pt")
    repacked("model.pt", change)
    with pytest.raises(BadInput, match="it is a TorchScript program, and ") as error:
        read(Path("model.pt"))
    assert said in str(error.value)
    assert 'torch.save(torch.jit.load(FILE).state_dict(), "gru.pt")' in str(error.value)
    assert not Path("trap").exists()
    program(False)[1].save("model.pt")
    repacked("model.pt", lambda data: data, zipfile.ZIP_DEFLATED)
    with pytest.raises(BadInput, match="whose arrays are compressed"):
        read(Path("model.pt"))


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
    with pytest.raises(BadInput, match="not a complete safetensors file"):
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
