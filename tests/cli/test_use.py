"""`glassgate predict` and `trace` on trained models."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from glassgate.analysis.prediction import predict, read_ids
from glassgate.analysis.text_gates import trace_text
from glassgate.errors import BadInput
from glassgate.formulation import Formulation
from glassgate.gates import Gates
from glassgate.pages import pictures
from glassgate.pages.pictures import GatePanel, gate_picture
from glassgate.train import Loaded, load
from tests.conftest import Run
from tests.equations.gates_cases import verify

PNG = b"\x89PNG\r\n\x1a\n"
SENTENCE = "the boy fell and hurt his knee ."


def chances(out: str) -> dict[str, float]:
    pairs = [line.split("  ") for line in out.splitlines() if not line.startswith("after")]
    return {word: float(chance) for chance, word in pairs}


# predict --------------------------------------------------------------------------------------


def test_the_ten_most_likely_next_words(glassgate_: Run, trained: Path):
    said = glassgate_("predict", trained / "lines", "The boy fell and")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[0] == "after: <bos> the boy fell and"
    found = chances(said.out)
    assert len(found) == 10
    assert list(found.values()) == sorted(found.values(), reverse=True)
    assert next(iter(found)) == "hurt"


def test_an_empty_text_predicts_the_first_word(glassgate_: Run, trained: Path):
    said = glassgate_("predict", trained / "lines", "")
    assert said.out.startswith("after: <bos>\n")
    assert next(iter(chances(said.out))) == "the"


def test_an_unknown_word_is_said_and_read_as_unk(glassgate_: Run, trained: Path):
    said = glassgate_("predict", trained / "stream", "the zyzzyx fell")
    assert said.code == 0
    assert said.err == "'zyzzyx' is not in the model's vocabulary: read as <unk>\n"
    assert said.out.startswith("after: <bos> the <unk> fell\n")


def test_characters_are_joined_and_line_breaks_visible(glassgate_: Run, trained: Path):
    said = glassgate_("predict", trained / "letters", "the b\n")
    assert said.out.startswith("after: <bos>the b\\n\n")
    assert "' '" in chances(said.out)


@pytest.mark.parametrize("word", ["good", "bad"])
def test_the_class_of_a_text(glassgate_: Run, trained: Path, word: str):
    said = glassgate_("predict", trained / "sentiment", f"a {word} book")
    found = chances(said.out)
    assert next(iter(found)) == {"good": "positive", "bad": "negative"}[word]
    assert sum(found.values()) == pytest.approx(1, abs=2e-6)


def test_probabilities_sum_to_one_over_the_vocabulary(trained: Path):
    loaded = load(trained / "stream")
    ranked = predict(loaded, SENTENCE).ranked
    assert len(ranked) == len(loaded.vocabulary)
    assert sum(chance for _, chance in ranked) == pytest.approx(1)


# trace ----------------------------------------------------------------------------------------


def test_a_picture_of_the_gates(glassgate_: Run, trained: Path, tmp_path: Path):
    said = glassgate_("trace", trained / "stream", SENTENCE)
    assert (said.code, said.err) == (0, "")
    first, second = said.out.splitlines()
    assert first == "trace.png: 9 words, 8 units"
    kept = trace_text(load(trained / "stream"), SENTENCE).layers[0].kept[:, 0].mean(0, np.float64)
    longest = sorted(range(8), key=lambda unit: -kept[unit])[:5]
    spans = [f"unit {unit} ({-1 / np.log(kept[unit]):.3g} words)" for unit in longest]
    assert second == f"layer 0, longest memory: {', '.join(spans)}"
    assert (tmp_path / "trace.png").read_bytes().startswith(PNG)


def test_a_unit_that_keeps_all_is_endless(glassgate_: Run, trained: Path, monkeypatch):
    gates = trace_text(load(trained / "stream"), SENTENCE)
    gates.layers[0].kept[..., 3] = 1
    monkeypatch.setattr("glassgate.analysis.text_gates.trace_text", lambda *_: gates)
    said = glassgate_("trace", trained / "stream", SENTENCE)
    assert "longest memory: unit 3 (endless), unit " in said.out


def test_the_arrays_prove_themselves(glassgate_: Run, trained: Path, tmp_path: Path):
    said = glassgate_("trace", trained / "deep", "the boy zyzzyx", "--format", "npz")
    lines = said.out.splitlines()
    assert lines[0] == "trace.npz: 4 words, 2 layers of 8 units"
    assert [line.split(",")[0] for line in lines[1:]] == ["layer 0", "layer 1"]
    assert "'zyzzyx' is not" in said.err
    with np.load(tmp_path / "trace.npz") as file:
        found = dict(file)
    assert found["words"].tolist() == ["<bos>", "the", "boy", "zyzzyx"]
    assert Formulation(**json.loads(str(found["formulation"]))) == Formulation()
    for layer in ("layer0", "layer1"):
        names = ("reset", "update", "candidate", "hidden", "kept")
        gates = Gates(*(found[f"{layer}_{name}"][:, None] for name in names))
        assert verify(gates) < 1e-6
        mean = found[f"{layer}_kept"].mean(0)
        np.testing.assert_allclose(found[f"{layer}_mean_kept_share"], mean, rtol=1e-6)
        np.testing.assert_allclose(found[f"{layer}_memory_span"], -1 / np.log(mean), rtol=1e-5)


def test_the_states_are_the_models_own(trained: Path):
    loaded = load(trained / "deep")
    gates = trace_text(loaded, SENTENCE).layers
    ids = [loaded.vocabulary.bos, *loaded.vocabulary.encode(SENTENCE)]
    with torch.no_grad():
        output, _ = loaded.model.network(loaded.model.embedding(torch.tensor(ids)[:, None]))
    np.testing.assert_array_equal(gates[1].hidden, output.numpy())


def by_cells(loaded: Loaded, text: str) -> list[dict[str, np.ndarray]]:
    """What torch's own cells compute word by word with a model's weights, layer by layer."""
    network: Any = loaded.model.network
    is_lstm = isinstance(network, torch.nn.LSTM)
    kind = torch.nn.LSTMCell if is_lstm else torch.nn.RNNCell
    with torch.no_grad():
        input = loaded.model.embedding(torch.tensor(read_ids(loaded, text)))  # (T, I)
        layers = []
        for layer in range(network.num_layers):
            cell = kind(input.shape[1], network.hidden_size)
            for name, parameter in cell.named_parameters():
                parameter.copy_(getattr(network, f"{name}_l{layer}"))
            state, steps = None, []
            for x in input:
                state = cell(x[None], None if state is None else state)
                steps.append(state if is_lstm else (state,))
            arrays = [torch.cat(parts) for parts in zip(*steps, strict=True)]  # (T, H)
            names = ("hidden", "cell")[: len(arrays)]
            layers.append({n: a.numpy() for n, a in zip(names, arrays, strict=True)})
            input = arrays[0]
    return layers


@pytest.mark.parametrize("network", ["lstm", "srn"])
def test_states_of_an_lstm_and_an_srn_are_those_of_torchs_cells(
    glassgate_: Run, trained: Path, tmp_path: Path, network: str
):
    said = glassgate_("trace", trained / network, SENTENCE, "--format", "npz")
    assert said.code == 0
    layers = by_cells(load(trained / network), SENTENCE)
    with np.load(tmp_path / "trace.npz") as file:
        found = dict(file)
    assert (str(found["network"]), "formulation" in found) == (network, False)
    for index, layer in enumerate(layers):
        for name, wanted in layer.items():
            np.testing.assert_allclose(found[f"layer{index}_{name}"], wanted, rtol=0, atol=2e-7)
    assert len(said.out.splitlines()) == 1 + (len(layers) if network == "lstm" else 0)
    if network == "lstm":  # kept is the share of the cell before: c_t = k c_{t-1} + i g
        for index in range(2):
            names = ("kept", "input", "candidate", "cell", "forget")
            kept, input, candidate, cell, forget = (found[f"layer{index}_{n}"] for n in names)
            rebuilt = kept[1:] * cell[:-1] + (input * candidate)[1:]
            np.testing.assert_allclose(cell[1:], rebuilt, rtol=0, atol=2e-7)
            np.testing.assert_array_equal(kept, forget)
            np.testing.assert_allclose(found[f"layer{index}_mean_kept_share"], kept.mean(0), 1e-6)


@pytest.mark.parametrize(
    ("network", "titles"),
    [
        (
            "lstm",
            [
                "kept: share of the cell passed on",
                "input: share of the candidate written",
                "output: share of the cell shown",
            ],
        ),
        ("srn", ["hidden: the state after each word"]),
    ],
)
def test_the_picture_of_a_network_says_what_it_shows(
    glassgate_: Run, trained: Path, monkeypatch: pytest.MonkeyPatch, network: str, titles: list[str]
):
    figures = []
    monkeypatch.setattr(pictures, "save", lambda figure, _: figures.append(figure))
    assert glassgate_("trace", trained / network, SENTENCE).code == 0
    assert [axes.get_title() for axes in figures[0].axes if axes.get_title()] == titles
    first = figures[0].axes[0].images[0]
    states = trace_text(load(trained / network), SENTENCE).layers[0]
    if network == "srn":
        np.testing.assert_array_equal(first.get_array(), states.hidden[:, 0].T)
        assert first.get_clim() == (-1, 1)
    else:
        order = np.argsort(-states.kept[:, 0].mean(0))
        np.testing.assert_array_equal(first.get_array(), states.kept[:, 0].T[order])


def test_json_of_a_classifier(glassgate_: Run, trained: Path, tmp_path: Path):
    said = glassgate_("trace", trained / "sentiment", "a good book", "--output", "gates.json")
    assert said.code == 0
    found = json.loads((tmp_path / "gates.json").read_text())
    assert found["words"] == ["a", "good", "book"]
    assert (found["network"], found["formulation"]["update"]) == ("gru", "keeps")
    (layer,) = found["layers"]
    assert np.shape(layer["kept"]) == (3, 8)
    assert np.shape(layer["memory_span"]) == (8,)


def drawn(T: int, H: int, layers: int, words: list[str] | None = None) -> Image.Image:
    random = np.random.default_rng(0)
    share = [random.uniform(0, 1, (T, 1, H)) for _ in range(layers)]
    panels = [GatePanel.of(Gates(k, k, k, k, k)) for k in share]
    file = io.BytesIO()
    names = words or [f"word{t}" for t in range(T)]
    gate_picture(names, panels, file, "gates")
    file.seek(0)
    picture = Image.open(file)
    picture.load()
    return picture


def test_pictures_of_any_size_stay_of_a_size_to_look_at():
    for T, H, layers in ((1, 1, 1), (20, 64, 2), (300, 256, 1)):
        width, height = drawn(T, H, layers).size
        assert 1000 < width < 5000
        assert 500 < height < 4000


def test_layers_are_counted_from_0_as_everywhere(monkeypatch: pytest.MonkeyPatch):
    figures = []
    monkeypatch.setattr(pictures, "save", lambda figure, _: figures.append(figure))
    panel = GatePanel.of(Gates(*[np.zeros((2, 1, 4))] * 5))
    gate_picture(["a", "b"], [panel, panel], io.BytesIO(), "title")
    names = [axes.get_ylabel().split(":")[0] for axes in figures[0].axes]
    assert [name for name in names if name] == ["layer 0", "layer 1"]


def test_signs_that_mean_something_to_matplotlib_are_drawn_as_they_are():
    drawn(4, 3, 1, ["$a", "b$", "\\n", "\u4e66"])


def test_gates_of_other_words_are_refused():
    panel = GatePanel.of(Gates(*[np.zeros((3, 1, 4))] * 5))
    with pytest.raises(BadInput, match=r"kept must have shape \(2, H\), got \(3, 4\)"):
        gate_picture(["a", "b"], [panel], io.BytesIO(), "title")


def test_of_many_unknown_words_some_are_named(glassgate_: Run, trained: Path):
    said = glassgate_("predict", trained / "lines", " ".join(f"word{i}" for i in range(23)))
    assert "'word19' and 3 more are not in the model's vocabulary" in said.err
    assert "word20" not in said.err
