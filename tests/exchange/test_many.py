"""Many files at once: a table of what each gave."""

import numpy as np
import pytest
import torch

from glassgate import GRU, BadInput
from glassgate.exchange import convert_many
from glassgate.exchange.many import find_files
from tests.exchange.test_convert import network


@pytest.fixture
def models(tmp_path):
    folder = tmp_path / "models"
    (folder / "deep").mkdir(parents=True)
    torch.manual_seed(0)
    torch.save(torch.nn.GRU(3, 4).state_dict(), folder / "a.pt")
    both = torch.nn.ModuleDict({"enc": torch.nn.GRU(3, 4), "dec": torch.nn.GRUCell(3, 5)})
    torch.save(both.state_dict(), folder / "b.ckpt")
    torch.save(torch.nn.LSTM(3, 4).state_dict(), folder / "c.pth")
    (folder / "broken.h5").write_bytes(b"nothing")
    (folder / "notes.txt").write_text("not a model")
    network(1, 1).save(folder / "deep" / "a.safetensors")
    return folder


def test_a_folder_gives_a_table(glassgate_, models, tmp_path):
    said = glassgate_("convert", "models", "out")
    assert (said.code, said.err.count("warning")) == (0, 0)
    names = ["a.pt", "a.safetensors", "b-dec", "b-enc"]
    written = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert written == [f"{name}.safetensors" for name in names]
    lines = said.out.splitlines()
    assert lines[0].split() == ["file", "GRU", "result", "difference", "steps", "written", "to"]
    rows = {line.split()[0]: line for line in lines[2:] if line.startswith("models/")}
    assert "written" in rows["models/a.pt"]
    assert "not written" in rows["models/c.pth"]
    assert "gru cannot be converted: it is an LSTM, not a GRU" in said.out
    assert "models/broken.h5: models/broken.h5 cannot be read as a Keras model" in said.out
    assert "notes.txt" not in said.out
    wanted = torch.load(models / "b.ckpt")["enc.weight_hh_l0"].numpy()
    (layer,) = GRU.load("out/b-enc.safetensors").weights
    np.testing.assert_array_equal(layer[0].weight_hidden, wanted)


@pytest.mark.parametrize("quoted", [True, False])
def test_a_pattern_or_several_files_and_another_ending(glassgate_, models, tmp_path, quoted):
    pytest.importorskip("onnx")
    torch.save(torch.nn.GRU(2, 3).state_dict(), models / "z.pt")
    sources = ["models/*.pt"] if quoted else ["models/a.pt", "models/z.pt"]
    said = glassgate_("convert", *sources, "out/*.onnx")
    assert said.code == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.onnx", "z.onnx"]
    again = glassgate_("convert", *sources, "out/*.onnx")
    assert (again.code, "none of the 2 files gave a GRU" in again.err) == (2, True)
    assert again.out.count("already exists") == 2
    assert glassgate_("convert", *sources, "out/*.onnx", "--overwrite").code == 0


def test_a_name_of_a_gru_holds_for_all_files(models, tmp_path):
    outcomes = list(convert_many([models], tmp_path / "out", node="enc"))
    (written,) = (one for one in outcomes if one.target)
    assert (written.source.name, written.target.name) == ("b.ckpt", "b.safetensors")
    assert "holds no GRU named enc" in next(one for one in outcomes if one.name).reason


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (
            "gru.onnx",
            "several files are written to a folder, got gru.onnx: give its name, or *",
        ),
        ("out/*.h5", "out/*.h5 must end in one of .safetensors, .pt"),
        ("no/where", "no is not a folder, so where cannot be made there"),
        ("file", "file is a file, expected a folder to write to"),
    ],
)
def test_a_target_that_is_no_folder_is_refused(glassgate_, models, tmp_path, target, said):
    (tmp_path / "file").write_text("")
    done = glassgate_("convert", "models", target)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_files_are_found_once_and_something_must_be_there(models, tmp_path):
    assert find_files([models / "a.pt", str(models / "*.pt")]) == [models / "a.pt"]
    (tmp_path / "empty").mkdir()
    for nothing in (tmp_path / "empty", tmp_path / "*.pt"):
        with pytest.raises(BadInput, match="there is no model file in"):
            find_files([nothing])


def test_a_model_folder_within_is_one_model(glassgate_, trained, tmp_path):
    found = find_files([trained])
    assert trained / "deep" in found
    assert not any(path.parent == trained / "deep" for path in found)


def test_help_lists_every_ending_and_the_version_is_printed(glassgate_):
    from glassgate import __version__
    from glassgate.exchange.content import KINDS

    for command in ("convert", "inspect"):
        shown = glassgate_(command, "--help").out
        assert [ending for ending in KINDS if ending not in shown] == []
    assert glassgate_("--version").out == f"glassgate {__version__}\n"
