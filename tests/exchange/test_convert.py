import subprocess
import sys

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from safetensors.torch import load_file

from glassgate import GRU, BadInput, Formulation, GRUWeights
from glassgate.exchange import conversion as exchange
from glassgate.exchange.file_gru import FileGRU
from glassgate.exchange.inspection import tabulate
from glassgate.exchange.proof import prove
from glassgate.exchange.runs import file_runs


def network(layers=2, directions=2, form=None, dtype=np.float32, bias=1.0):
    rng = np.random.default_rng(5)

    def weights(reads):
        arrays = [rng.normal(size=s) for s in ((12, reads), (12, 4))]
        arrays += [bias * rng.normal(size=12) for _ in range(2)]
        return GRUWeights(*(a.astype(dtype) for a in arrays), form or Formulation())

    reads = [3] + [4 * directions] * (layers - 1)
    return GRU([[weights(size) for _ in range(directions)] for size in reads])


def models(**modules):
    torch.manual_seed(0)
    return torch.nn.ModuleDict(modules).state_dict()


def test_a_checkpoint_is_converted_both_ways(glassgate_, tmp_path):
    torch.save({"state_dict": models(encoder=torch.nn.GRU(3, 4, 2, bidirectional=True))}, "m.pt")
    said = glassgate_("convert", "m.pt", "gru.safetensors")
    assert (said.code, said.err) == (0, "")
    named, proof = said.out.splitlines()
    assert named == "gru.safetensors: state_dict.encoder of m.pt"
    assert proof.startswith("largest difference ")
    assert f"source in torch {torch.__version__}, result in Glassgate's engine" in proof
    said = glassgate_("convert", "gru.safetensors", "back.pth")
    assert said.code == 0
    assert f"result in Glassgate's engine and torch {torch.__version__}" in said.out
    back = torch.nn.GRU(3, 4, 2, bidirectional=True)
    back.load_state_dict(torch.load("back.pth", weights_only=True))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "back.pth",
        "gru.safetensors",
        "m.pt",
    ]


@pytest.mark.parametrize("ending", ["safetensors", "pt", "onnx", "keras"])
@pytest.mark.parametrize(("layers", "directions"), [(1, 1), (2, 2), (3, 1)])
def test_every_format_has_stacks_and_directions(glassgate_, ending, layers, directions):
    for library in {"onnx": ["onnx", "onnxruntime"], "keras": ["h5py"]}.get(ending, []):
        pytest.importorskip(library)
    network(layers, directions, Formulation("writes")).save("gru.safetensors")
    said = glassgate_("convert", "gru.safetensors", f"other.{ending}")
    assert (said.code, said.err) == (0, "")
    assert float(said.out.split("largest difference ")[1].split(":")[0].split()[0]) < 5e-6
    said = glassgate_("inspect", f"other.{ending}")
    assert said.code == 0
    assert "yes" in said.out


@pytest.mark.parametrize("ending", ["safetensors", "onnx", "keras"])
def test_layers_of_different_sizes_are_converted(glassgate_, ending):
    small = network(1, 1)
    large = GRUWeights(*(np.ones(s, np.float32) for s in ((18, 4), (18, 6), 18, 18)))
    GRU([small.weights[0], [large]]).save("gru.safetensors")
    said = glassgate_("convert", "gru.safetensors", f"other.{ending}")
    assert (said.code, said.err) == (0, "")
    assert glassgate_("convert", f"other.{ending}", "back.safetensors").code == 0
    assert GRU.load("back.safetensors").hidden_sizes == (4, 6)
    said = glassgate_("convert", "gru.safetensors", "gru.pt")
    assert said.code == 2
    assert (
        said.err == "glassgate: torch.nn.GRU has the same hidden size in all layers, got (4, 6)\n"
    )


def test_several_are_named_and_one_is_chosen(glassgate_):
    torch.save(
        models(a=torch.nn.GRU(3, 4), b=torch.nn.GRUCell(3, 5), c=torch.nn.LSTM(3, 4)), "m.pt"
    )
    said = glassgate_("convert", "m.pt", "gru.safetensors")
    assert said.code == 2
    assert said.err == "glassgate: m.pt holds several GRUs: name one with --node, out of a, b\n"
    said = glassgate_("convert", "m.pt", "gru.safetensors", "--node", "d")
    assert said.code == 2
    assert said.err == "glassgate: m.pt holds no GRU named d: its GRUs are a, b\n"
    said = glassgate_("convert", "m.pt", "gru.safetensors", "--node", "c")
    assert said.code == 2
    assert "c of m.pt cannot be converted exactly: it is an LSTM, not a GRU" in said.err
    assert glassgate_("convert", "m.pt", "gru.safetensors", "--node", "b").code == 0
    assert GRU.load("gru.safetensors").hidden_size == 5


def test_layers_of_a_stack_are_picked_only_by_name():
    parts = [FileGRU(name, network(1, 1), part_of="a+b") for name in "ab"]
    found = [FileGRU("a+b", network(2, 1)), *parts]
    assert exchange.pick(exchange.Path("m.keras"), found, None).name == "a+b"
    assert exchange.pick(exchange.Path("m.keras"), found, "b") is found[2]


def test_inspect_says_what_can_be_converted(glassgate_):
    torch.save(models(a=torch.nn.GRU(3, 4), b=torch.nn.LSTM(3, 4)), "m.pt")
    said = glassgate_("inspect", "m.pt")
    assert (said.code, said.err) == (0, "")
    header, _, a, b, *notes = said.out.splitlines()
    assert header.split()[:3] == ["name", "layers", "direction"]
    assert a.split()[:5] == ["a", "1", "forward", "3", "4"]
    assert "reset after, update keeps" in a
    assert b.split() == ["b", "no"]
    assert notes == [
        "a: numbers float32; kind GRU; biases two",
        "b: kind LSTM",
        "b cannot be converted: it is an LSTM, not a GRU",
    ]


def test_names_cannot_control_the_terminal(glassgate_):
    save_file({"[/bold]\x1b[2J.weight_hh_l0": np.ones((4, 4), np.float32)}, "m.safetensors")
    said = glassgate_("inspect", "m.safetensors")
    assert said.code == 0
    assert "[/bold]?[2J" in said.out
    assert "\x1b" not in said.out


def test_an_existing_output_is_kept_without_overwrite(glassgate_, tmp_path):
    network().save("gru.safetensors")
    (tmp_path / "gru.pt").write_bytes(b"mine")
    said = glassgate_("convert", "gru.safetensors", "gru.pt")
    assert said.code == 2
    assert "gru.pt already exists" in said.err
    with pytest.raises(BadInput, match="already exists"):
        exchange.convert(tmp_path / "gru.safetensors", tmp_path / "gru.pt")
    assert (tmp_path / "gru.pt").read_bytes() == b"mine"
    assert glassgate_("convert", "gru.safetensors", "gru.pt", "--overwrite").code == 0
    assert (tmp_path / "gru.pt").read_bytes() != b"mine"


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("none.pt", "gru.pt", "there is no file none.pt"),
        ("gru.safetensors", "gru.h5", "cannot be written: its name must end in one of"),
        ("gru.txt", "gru.pt", "the name must end in one of"),
        ("short.pt", "gru.pt", "short.pt cannot be read as a PyTorch state dict"),
        ("short.safetensors", "gru.pt", "not a complete safetensors file"),
        ("empty.safetensors", "gru.pt", "empty.safetensors holds no GRU"),
        ("before.safetensors", "gru.pt", "torch.nn.GRU has reset after, got before"),
        ("gru.safetensors", "nowhere/gru.pt", "nowhere is not a folder"),
    ],
)
def test_bad_input_is_one_sentence(glassgate_, tmp_path, source, target, words):
    network().save("gru.safetensors")
    network(1, 1, Formulation(reset="before")).save("before.safetensors")
    whole = (tmp_path / "gru.safetensors").read_bytes()
    (tmp_path / "short.safetensors").write_bytes(whole[:-9])
    torch.save(torch.nn.GRU(3, 4).state_dict(), "whole.pt")
    (tmp_path / "short.pt").write_bytes((tmp_path / "whole.pt").read_bytes()[:-300])
    (tmp_path / "gru.txt").write_text("text")
    save_file({"head": np.ones(2)}, "empty.safetensors")
    before = sorted(tmp_path.iterdir())
    said = glassgate_("convert", source, target)
    assert said.code == 2
    assert words in said.err
    assert said.err.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


def test_a_library_that_is_missing_is_named(tmp_path):
    network(1, 1).save(tmp_path / "gru.safetensors")
    code = (
        "import sys; sys.modules['onnx'] = None\n"
        "sys.argv = ['glassgate', 'convert', 'gru.safetensors', 'gru.onnx']\n"
        "from glassgate.cli import main\nmain()"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 2
    assert "gru.onnx cannot be written without onnx, which is not installed" in run.stderr


def test_a_proof_that_fails_leaves_no_file(glassgate_, tmp_path, monkeypatch):
    network().save("gru.safetensors")
    wrong = network(bias=1.001)
    monkeypatch.setattr(exchange, "write", lambda path, *_: wrong.save(path))
    said = glassgate_("convert", "gru.safetensors", "other.safetensors")
    assert said.code == 2
    assert "other.safetensors was not written" in said.err
    assert "largest difference" in said.err
    assert [path.name for path in tmp_path.iterdir()] == ["gru.safetensors"]


def test_float64_has_a_tighter_limit(glassgate_, monkeypatch):
    network(dtype=np.float64).save("gru.safetensors")
    assert glassgate_("convert", "gru.safetensors", "gru.pt").code == 0
    narrow = network(dtype=np.float64).astype(np.float32)
    monkeypatch.setattr(exchange, "write", lambda path, *_: narrow.save(path))
    said = glassgate_("convert", "gru.safetensors", "other.safetensors")
    assert said.code == 2
    assert "within 1e-10" in said.err


def test_a_proof_says_what_it_does_not_prove(glassgate_):
    network(bias=0.0).save("zero.safetensors")
    said = glassgate_("convert", "zero.safetensors", "zero.pt")
    assert said.code == 0
    assert "bias_input and bias_hidden are all zero, so the proof cannot show" in said.err


@pytest.mark.parametrize("ending", ["pt", "safetensors"])
def test_nan_is_kept_with_a_warning(glassgate_, ending):
    state = torch.nn.GRU(3, 4).state_dict()
    state["weight_hh_l0"][5, 1] = torch.nan
    torch.save(state, "m.pt")
    said = glassgate_("convert", "m.pt", f"gru.{ending}")
    assert said.code == 0
    assert "hold NaN" in said.err
    assert "hold NaN" in glassgate_("inspect", f"gru.{ending}").out
    back = exchange.read(exchange.Path(f"gru.{ending}"))[0].network.weights[0][0]
    np.testing.assert_array_equal(back.weight_hidden, state["weight_hh_l0"].numpy())


def test_nan_on_one_side_alone_is_a_difference():
    gru, path = network(), exchange.Path("good.safetensors")
    good = FileGRU("good", gru, reference=lambda x, h: gru.run(x, h))
    bad = FileGRU("bad", gru, reference=lambda x, h: (gru.run(x, h)[0] * np.nan, h))
    assert prove(good, good, path).difference == 0
    assert prove(bad, good, path).difference == np.inf
    assert "by equations only" in str(prove(good, good, path))


def test_the_listing_shows_a_readers_facts():
    rows = tabulate([FileGRU("a", refusal="it clips", facts={"clip": "3"})])
    assert rows.columns[:3] + rows.columns[-1:] == ("name", "layers", "direction", "convertible")
    assert rows.rows == (("a", *[""] * 7, "no"),)
    assert rows.notes == ("a: clip 3", "a cannot be converted: it clips")


@pytest.mark.parametrize("command", ["convert", "inspect"])
def test_help_shows_examples(glassgate_, command):
    said = glassgate_(command, "--help")
    assert said.code == 0
    assert f"glassgate {command} model" in said.out


def turned_states(path):
    """Let a written model join its last states in the wrong order."""
    onnx = pytest.importorskip("onnx")
    made = onnx.load(path)
    joined = next(node for node in made.graph.node if node.name == "state")
    names = list(joined.input)[::-1]
    del joined.input[:]
    joined.input.extend(names)
    onnx.save(made, path)


def test_the_written_file_itself_is_run(tmp_path):
    pytest.importorskip("onnxruntime")
    gru, path = network(2, 1), tmp_path / "gru.onnx"
    exchange.write(path, gru)
    source = FileGRU("gru", gru)
    for spoil, limit in ((lambda _: None, 1e-6), (turned_states, np.inf)):
        spoil(path)
        (back,) = (one for one in exchange.read(path) if one.part_of is None)
        assert [run.name.split()[0] for run in file_runs(path, back)] == ["onnxruntime"]
        proof = prove(source, back, path)
        assert proof.difference < limit
    assert proof.difference > 0.01


def test_what_a_conversion_leaves_out_is_a_warning(glassgate_):
    network(3, 1).save("gru.safetensors")
    glassgate_("convert", "gru.safetensors", "gru.onnx")
    said = glassgate_("convert", "gru.onnx", "one.safetensors", "--node", "layer1.GRU")
    assert said.code == 0
    assert "it is one layer of layer0.GRU+layer1.GRU+layer2.GRU, whose other layers are" in said.err
    kept = FileGRU("a", network(), facts={"initial state": "a constant, to be passed as the state"})
    (warning,) = exchange.warnings(kept)
    assert warning.startswith("its initial state is a constant, to be passed")


def test_paths_may_be_strings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    network().save("gru.safetensors")
    assert exchange.convert("gru.safetensors", "gru.pt").gru.name == "gru"


def test_where_none_can_be_converted_the_reason_is_given(glassgate_):
    torch.save(models(a=torch.nn.LSTM(3, 4), b=torch.nn.LSTM(3, 4)), "m.pt")
    said = glassgate_("convert", "m.pt", "gru.safetensors")
    assert said.code == 2
    assert said.err == (
        "glassgate: m.pt holds no GRU that can be converted exactly (a: it is an LSTM, not a GRU)\n"
    )


def test_a_trained_model_is_converted_from_its_folder(glassgate_, trained, tmp_path):
    said = glassgate_("convert", trained / "deep", "gru.onnx")
    assert said.code == 0
    warning, *_ = [line for line in said.err.splitlines() if "warning" in line]
    assert warning == f"glassgate: warning: network: {exchange.ALONE}"
    assert said.out.startswith(f"gru.onnx: network of {trained / 'deep'}\nlargest difference ")
    assert glassgate_("convert", trained / "deep", "gru.safetensors").code == 0
    network = torch.nn.GRU(6, 8, 2)  # the weights as torch itself reads them
    state = load_file(trained / "deep/model.safetensors")
    network.load_state_dict(
        {name.partition(".")[2]: x for name, x in state.items() if name.startswith("network.")}
    )
    x = torch.randn(7, 3, 6)
    with torch.no_grad():
        wanted, _ = network(x)
    output, _ = GRU.load("gru.safetensors").run(x.numpy())
    np.testing.assert_allclose(output, wanted, rtol=0, atol=1e-6)
    (read,) = exchange.read(trained / "deep")
    assert (read.name, read.network.hidden_size) == ("network", 8)


def test_inspect_takes_a_model_folder(glassgate_, trained):
    said = glassgate_("inspect", trained / "deep")
    assert said.code == 0
    assert "network" in said.out
    assert "kind GRU" in said.out


@pytest.mark.parametrize(
    ("folder", "reason"),
    [
        ("lstm", "cannot be converted exactly: it is an LSTM, not a GRU"),
        ("feedforward", "holds no GRU"),
        (
            ".",
            "is a folder without model.safetensors, expected a file or a folder that `glassgate ",
        ),
    ],
)
def test_a_folder_without_a_gru_is_refused(glassgate_, trained, tmp_path, folder, reason):
    for command in (["convert", trained / folder, "gru.onnx"], ["inspect", trained / folder]):
        said = glassgate_(*command)
        if folder != "lstm" or command[0] == "convert":
            assert (said.code, said.out) == (2, "")
            several = (folder, command[0]) == (".", "convert")
            wanted = "several files are written to a folder, got gru.onnx" if several else reason
            assert wanted in said.err.splitlines()[-1]
        else:
            assert "network cannot be converted: it is an LSTM, not a GRU" in said.out
    assert not (tmp_path / "gru.onnx").exists()
