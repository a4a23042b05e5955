"""`glassgate train`: what it writes and what it says."""

import json
import shlex
from dataclasses import fields
from pathlib import Path

import pytest

from glassgate.cli.options import SETTINGS
from glassgate.train.settings import CLASSIFIER, GRAMMAR, LANGUAGE, Settings
from tests.conftest import TINY, Run, names, write_corpus, write_reviews

FILES = {"model.safetensors", "config.json", "tokenizer.json", "metrics.jsonl"}


def config(folder: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((folder / "config.json").read_text())
    return found


def test_a_language_model(glassgate_: Run, tmp_path: Path):
    corpus = write_corpus(tmp_path / "corpus.txt")
    said = glassgate_("train", "language", corpus, "-o", "model/", *TINY, "--bptt", 5, "--seed", 3)
    assert said.code == 0
    assert names(tmp_path / "model") == FILES
    settings = {"hidden_size": 8, "embedding_size": 6, "batch_size": 4, "epochs": 2}
    wanted = {**LANGUAGE.to_json(), **settings, "bptt": 5, "seed": 3}
    assert config(tmp_path / "model")["settings"] == wanted
    last = json.loads((tmp_path / "model/metrics.jsonl").read_text().splitlines()[-1])
    assert said.out.startswith("gru: best epoch 2 of 2, held-out loss ")
    assert f"perplexity {last['valid_perplexity']:.1f}\n" in said.out
    assert "tokens/s\n" in said.out
    first, second = (line for line in said.err.splitlines() if "Threads" not in line)
    assert first.startswith("gru: epoch 1/2, loss ")
    assert second.startswith("gru: epoch 2/2, loss ")


def test_several_files_are_one_text(glassgate_: Run, tmp_path: Path):
    whole = write_corpus(tmp_path / "whole.txt")
    lines = whole.read_text().splitlines(keepends=True)
    (tmp_path / "1.txt").write_text("".join(lines[:20]))
    (tmp_path / "2.txt").write_text("".join(lines[20:]))
    assert glassgate_("train", "language", "1.txt", "2.txt", "-o", "two", *TINY).code == 0
    assert glassgate_("train", "language", whole, "-o", "one", *TINY).code == 0
    assert config(tmp_path / "two")["data"] == "1.txt, 2.txt"
    one, two = (tmp_path / name / "model.safetensors" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


def test_every_command_that_it_proposes_next_works(glassgate_: Run, tmp_path: Path):
    corpus = write_corpus(tmp_path / "corpus.txt")
    said = glassgate_("train", "language", corpus, "--output", "model", *TINY)
    (tmp_path / "FILE.txt").write_text("the boy fell .\n")
    proposed = [
        line.split(maxsplit=1)[1] for line in said.out.splitlines() if "  glassgate" in line
    ]
    assert len(proposed) == 3
    for command in proposed:
        assert glassgate_(*shlex.split(command)).code == 0


def test_sentences_and_characters_are_said_in_the_config(glassgate_: Run, tmp_path: Path):
    corpus = write_corpus(tmp_path / "corpus.txt")
    more = ["--characters", "--sentences", "--minimum-frequency", "1", "--network", "srn"]
    assert glassgate_("train", "language", corpus, "-o", "model", *TINY, *more).code == 0
    found = config(tmp_path / "model")
    assert (found["level"], found["by_sentence"]) == ("characters", True)
    assert found["minimum_frequency"] == 1


def test_a_classifier_with_event_files(glassgate_: Run, tmp_path: Path):
    reviews = write_reviews(tmp_path / "reviews.csv")
    with reviews.open("a") as file:
        file.write(",positive\n  ,negative\n")
    said = glassgate_("train", "classifier", reviews, "-o", "m", *TINY, "--log", "tensorboard")
    assert said.code == 0
    assert "accuracy" in said.out
    assert said.err.startswith(f"2 empty texts were skipped in {reviews}\n")
    assert names(tmp_path / "m") > FILES
    assert list((tmp_path / "m").rglob("events.out.tfevents*"))
    found = config(tmp_path / "m")["settings"]
    assert isinstance(found, dict)
    assert found["dropout"] == CLASSIFIER.dropout


@pytest.mark.parametrize("kind", ["language", "classifier"])
def test_help_names_every_setting_with_its_default(
    glassgate_: Run, monkeypatch: pytest.MonkeyPatch, kind: str
):
    monkeypatch.setenv("COLUMNS", "200")
    said = glassgate_("train", kind, "--help")
    defaults = LANGUAGE if kind == "language" else CLASSIFIER
    for name, value in defaults.to_json().items():
        if (name, kind) != ("bptt", "classifier"):
            option = f"│ --{name.replace('_', '-')} "
            (line,) = (line for line in said.out.splitlines() if line.startswith(option))
            assert f"[default: {value}]" in line


def test_options_beside_a_recipe_count_also_where_they_are_defaults(
    glassgate_: Run, tmp_path: Path
):
    corpus = write_corpus(tmp_path / "corpus.txt")
    given = ["--epochs", 1, "--hidden-size", LANGUAGE.hidden_size, "--seed", 4]
    command = ("train", "language", corpus, "--sentences", "--recipe", "grammar")
    assert glassgate_(*command, "-o", "model", *given).code == 0
    wanted = {**GRAMMAR.to_json(), "epochs": 1, "hidden_size": LANGUAGE.hidden_size, "seed": 4}
    assert config(tmp_path / "model")["settings"] == wanted
    assert config(tmp_path / "model")["recipe"] == "grammar"
    assert glassgate_("train", "language", corpus, "-o", "plain", *TINY).code == 0
    assert "recipe" not in config(tmp_path / "plain")


def test_a_recipe_that_does_not_exist_is_refused(glassgate_: Run, tmp_path: Path):
    corpus = write_corpus(tmp_path / "corpus.txt")
    said = glassgate_("train", "language", corpus, "-o", "model", "--recipe", "novel")
    assert (said.code, said.err) == (2, "glassgate: --recipe must be one of grammar, got 'novel'\n")
    assert not (tmp_path / "model").exists()


def test_help_says_what_a_recipe_sets(glassgate_: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "400")
    (line,) = (
        x
        for x in glassgate_("train", "language", "--help").out.splitlines()
        if "--recipe" in x and "│" in x
    )
    for name, value in GRAMMAR.to_json().items():
        shown = f"--{name.replace('_', '-')} {value}" in line
        assert shown == (value != getattr(LANGUAGE, name))


def test_every_setting_is_explained():
    assert set(SETTINGS) == {field.name for field in fields(Settings)}


def test_only_the_main_process_speaks(
    glassgate_: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trained: Path
):
    monkeypatch.setattr("glassgate.cli.screen.is_main", lambda: False)
    corpus = write_corpus(tmp_path / "corpus.txt")
    said = glassgate_("train", "language", corpus, "-o", "model", *TINY)
    assert (said.code, said.out, said.err) == (0, "", "")
    monkeypatch.setenv("LOCAL_RANK", "1")
    said = glassgate_("train", "language", tmp_path / "none.txt", "-o", "other")
    assert (said.code, said.out, said.err) == (2, "", "")
