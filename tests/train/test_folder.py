"""What a model folder holds, and what is refused to be one."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from glassgate.errors import BadInput
from glassgate.nn.models import Classifier, LanguageModel
from glassgate.train import load
from glassgate.train.run import Output, train_classifier, train_language
from glassgate.train.settings import Settings
from glassgate.train.watch import Epoch, Watcher
from tests.conftest import names
from tests.train.folder_cases import MODEL_FILES, TINY, a_corpus, a_trained  # noqa: F401 - fixtures


def test_a_finished_run_leaves_a_model_and_its_figures(tmp_path: Path, corpus: Path):
    folder = tmp_path / "deep" / "model"
    outcome = train_language(corpus, Output(folder), TINY)
    assert names(folder) == MODEL_FILES
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert lines == [epoch.to_json() for epoch in outcome.history]
    assert list(lines[0]) == ["epoch", "train_loss", "valid_loss", "valid_perplexity", "seconds"]
    config = json.loads((folder / "config.json").read_text())
    assert (config["kind"], config["vocabulary_size"]) == ("language", 9)
    assert Settings.from_json(config["settings"]) == TINY


def test_what_is_loaded_predicts_what_was_trained(trained: Path, corpus: Path):
    loaded = load(trained)
    assert isinstance(loaded.model, LanguageModel)
    assert (loaded.kind, loaded.classes, loaded.settings) == ("language", (), TINY)
    tokens = torch.tensor([loaded.vocabulary.encode("the boy saw")]).T
    logits, _ = loaded.model(tokens)
    assert logits.shape == (3, 1, len(loaded.vocabulary))
    weights = load_file(trained / "model.safetensors")
    assert torch.equal(loaded.model.decoder.weight, weights["decoder.weight"])
    logits.sum().backward()  # what is loaded can be trained further
    assert loaded.model.decoder.weight.grad is not None


def test_a_classifier_keeps_its_classes_and_counts_empty_texts(tmp_path: Path):
    reviews = tmp_path / "reviews.csv"
    rows = ["a good book,good", "a bad book,bad"] * 10
    reviews.write_text("\n".join(["text,label", *rows, ",good", "a,good"]))
    said: list[str] = []

    class Notes(Watcher):
        def on_start(self, epochs: int, notes: Any) -> None:  # noqa: ARG002 - the interface
            said.extend(notes)

    train_classifier(reviews, Output(tmp_path / "model"), TINY, watchers=[Notes()])
    loaded = load(tmp_path / "model")
    assert isinstance(loaded.model, Classifier)
    assert (loaded.kind, loaded.classes) == ("classifier", ("bad", "good"))
    assert len(said) == 1
    assert said[0].startswith("1 empty text was skipped in ")
    assert "valid_accuracy" in (tmp_path / "model" / "metrics.jsonl").read_text()


@pytest.mark.parametrize("by_sentence", [False, True])
@pytest.mark.parametrize("level", ["words", "characters"])
def test_every_form_of_corpus_trains(tmp_path: Path, corpus: Path, by_sentence: bool, level: Any):
    output = Output(tmp_path / "model")
    train_language(corpus, output, TINY, by_sentence=by_sentence, level=level)
    assert load(tmp_path / "model").config["by_sentence"] is by_sentence


def test_a_folder_in_use_is_refused_without_overwrite(trained: Path, corpus: Path):
    before = (trained / "model.safetensors").read_bytes()
    with pytest.raises(BadInput, match="already holds a model"):
        train_language(corpus, Output(trained), TINY)
    assert (trained / "model.safetensors").read_bytes() == before
    train_language(corpus, Output(trained, overwrite=True), replace(TINY, seed=1))
    assert (trained / "model.safetensors").read_bytes() != before


def test_a_bad_corpus_leaves_an_old_model_alone_and_makes_no_folder(trained: Path, tmp_path: Path):
    before = {path.name: path.read_bytes() for path in trained.iterdir()}
    empty = tmp_path / "empty.txt"
    empty.touch()
    with pytest.raises(BadInput, match="is empty"):
        train_language(empty, Output(trained, overwrite=True), TINY)
    assert {path.name: path.read_bytes() for path in trained.iterdir()} == before
    with pytest.raises(BadInput, match="is empty"):
        train_language(empty, Output(tmp_path / "new"), TINY)
    assert not (tmp_path / "new").exists()


def test_an_output_that_is_a_file_is_refused(corpus: Path):
    with pytest.raises(BadInput, match="is a file, expected a folder"):
        train_language(corpus, Output(corpus), TINY)


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_missing_file_is_named(trained: Path, name: str):
    (trained / name).unlink()
    with pytest.raises(BadInput, match=f"has no {name}, expected "):
        load(trained)


def change_config(folder: Path, change: Any) -> None:
    config = json.loads((folder / "config.json").read_text())
    change(config)
    (folder / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("hidden_size", 9, "must have shape .* got"),
        ("hidden_size", 1_000_000, "must have shape .* got"),
        ("layers", 2, "is missing"),
        ("network", "srn", "must have shape"),
        ("network", "feedforward", "is missing|is not expected"),
        ("hidden_size", "9", "hidden_size must be a whole number"),
    ],
)
def test_weights_that_do_not_fit_are_refused(
    trained: Path, setting: str, value: object, message: str
):
    change_config(trained, lambda config: config["settings"].update({setting: value}))
    with pytest.raises(BadInput, match=message):
        load(trained)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "poem"}, "kind language or classifier, got 'poem'"),
        ({"kind": "classifier"}, "at least two classes"),
        ({"kind": "classifier", "classes": ["a", 3]}, "at least two classes"),
        ({"settings": None}, "settings must name"),
        ({"vocabulary_size": 5}, "holds 9 tokens, but config.json says 5"),
    ],
)
def test_a_config_that_makes_no_sense_is_refused(
    trained: Path, change: dict[str, Any], message: str
):
    change_config(trained, lambda config: config.update(change))
    with pytest.raises(BadInput, match=message):
        load(trained)


def test_broken_files_are_refused(trained: Path):
    good = (trained / "model.safetensors").read_bytes()
    for bad in (b"", good[:-3], b"\xff" * 64, good[:8] + b"{" * 50):
        (trained / "model.safetensors").write_bytes(bad)
        with pytest.raises(BadInput, match="not a file of weights"):
            load(trained)
    halves = {k: v.half() for k, v in load_file(bytes_to(trained, good)).items()}
    save_file(halves, trained / "model.safetensors")
    with pytest.raises(BadInput, match=r"must be float32, got torch\.float16"):
        load(trained)
    for text in ("{", "[]"):
        (trained / "config.json").write_text(text)
        with pytest.raises(BadInput, match=r"config\.json .*JSON"):
            load(trained)


def bytes_to(folder: Path, data: bytes) -> Path:
    path = folder / "model.safetensors"
    path.write_bytes(data)
    return path


def test_a_folder_that_is_none_is_refused(tmp_path: Path):
    with pytest.raises(BadInput, match=r"there is no model folder .*nowhere"):
        load(str(tmp_path / "nowhere"))
    (tmp_path / "file").write_text("no model")
    with pytest.raises(BadInput, match="file is not a folder, expected a folder with a model"):
        load(str(tmp_path / "file"))


def test_every_epoch_is_on_disk_when_it_is_told(tmp_path: Path, corpus: Path):
    folder = tmp_path / "model"
    seen = []

    class Look(Watcher):
        def on_epoch_end(self, epoch: Epoch) -> None:
            assert epoch.epoch == len(seen) + 1
            lines = (folder / "metrics.jsonl").read_text().splitlines()
            seen.append((len(lines), "state.safetensors" in names(folder)))

    train_language(corpus, Output(folder), TINY, watchers=[Look()])
    assert seen == [(1, True), (2, True)]


def test_reading_a_model_does_not_import_torchs_compiler(trained: Path):
    """It would take a second of every command."""
    code = f"import sys, glassgate; glassgate.load({str(trained)!r}); "
    code += "print('torch._dynamo' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
