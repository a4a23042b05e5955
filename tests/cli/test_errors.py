"""What bad input gets: one sentence on stderr, exit code 2, nothing half-written."""

import json
import re
import resource
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from glassgate.cli.lines import Lines
from glassgate.train import Epoch
from tests.conftest import TINY, Run, Said, names, write_corpus, write_reviews
from tests.train.folder_cases import MODEL_FILES

FILES = {"model.safetensors", "config.json", "tokenizer.json", "metrics.jsonl"}


def sentence(said: Said) -> str:
    """The one sentence of a command that was refused before it did anything."""
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("glassgate: ")
    assert said.err.count("\n") == 1
    return said.err.removeprefix("glassgate: ").rstrip("\n")


def last_sentence(said: Said) -> str:
    """The one that ends a command which had shown its epochs."""
    assert (said.code, said.out) == (2, "")
    assert "Traceback" not in said.err
    return sentence(Said(2, "", said.err.splitlines(keepends=True)[-1]))


# Data -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b"", "c.txt is empty or blank (0 bytes), expected text"),
        (b" \n\n", "c.txt is empty or blank (3 bytes), expected text"),
        (b"word Word word\n", "c.txt holds a single word, expected at least two different ones"),
        (b"caf\xe9 au lait", "c.txt is not UTF-8: the byte 0xe9 at offset 3 cannot be read"),
        (None, "there is no file c.txt"),
    ],
)
def test_a_corpus(glassgate_: Run, tmp_path: Path, data: bytes | None, wanted: str):
    if data is not None:
        (tmp_path / "c.txt").write_bytes(data)
    assert sentence(glassgate_("train", "language", "c.txt", "-o", "model", *TINY)) == wanted
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        ("text,mood\na,b\n", "r.csv has no column 'label', only text, mood"),
        (
            "text,label\ngood,yes\nfine,yes\n",
            "r.csv holds only one class in column 'label', 'yes', expected at least two",
        ),
        ("text,label\n ,yes\n,no\n", "r.csv holds no text in column 'text', expected at least two"),
    ],
)
def test_reviews(glassgate_: Run, tmp_path: Path, rows: str, wanted: str):
    (tmp_path / "r.csv").write_text(rows)
    assert sentence(glassgate_("train", "classifier", "r.csv", "-o", "model", *TINY)) == wanted
    assert not (tmp_path / "model").exists()


def test_empty_texts_are_counted_and_skipped(glassgate_: Run, tmp_path: Path):
    with write_reviews(tmp_path / "r.csv").open("a") as file:
        file.write(",positive\n")
    said = glassgate_("train", "classifier", "r.csv", "-o", "model", *TINY)
    assert said.code == 0
    assert said.err.startswith("1 empty text was skipped in r.csv\n")


@pytest.mark.parametrize(
    ("option", "value", "wanted"),
    [
        ("--hidden-size", "0", "hidden_size must be a whole number from 1 to 1000000, got 0"),
        ("--dropout", "1", "dropout must be a number from 0 to below 1, got 1.0"),
        ("--network", "rnn", "network must be one of feedforward, srn, gru, lstm, got 'rnn'"),
    ],
)
def test_a_setting(glassgate_: Run, tmp_path: Path, option: str, value: str, wanted: str):
    corpus = write_corpus(tmp_path / "c.txt")
    assert sentence(glassgate_("train", "language", corpus, "-o", "m", option, value)) == wanted
    assert not (tmp_path / "m").exists()


# Model folders --------------------------------------------------------------------------------


@pytest.fixture
def model(trained: Path, tmp_path: Path) -> Path:
    shutil.copytree(trained / "stream", tmp_path / "model")
    return Path("model")


USES = [["predict", "model", "the"], ["score", "model", "c.txt"], ["trace", "model", "the"]]


@pytest.mark.parametrize("command", USES, ids=lambda command: command[0])
@pytest.mark.parametrize("name", sorted(FILES - {"metrics.jsonl"}))
def test_a_model_folder_that_misses_a_file(
    glassgate_: Run, model: Path, tmp_path: Path, command: list[str], name: str
):
    write_corpus(tmp_path / "c.txt")
    (tmp_path / "model" / name).unlink()
    assert sentence(glassgate_(*command)).startswith(f"model has no {name}, expected ")
    assert not (tmp_path / "trace.png").exists()


def test_weights_that_do_not_fit_the_config(glassgate_: Run, model: Path, tmp_path: Path):
    path = tmp_path / "model/model.safetensors"
    weights = load_file(path)
    weights["network.weight_hh_l0"] = weights["network.weight_hh_l0"][:, :-1].contiguous()
    save_file(weights, path)
    assert sentence(glassgate_("predict", "model", "the")) == (
        "model/model.safetensors does not fit config.json: "
        "network.weight_hh_l0 must have shape [24, 8], got [24, 7]"
    )


def test_a_config_that_is_none(glassgate_: Run, model: Path, tmp_path: Path):
    (tmp_path / "model/config.json").write_text(json.dumps({"kind": "poem"}))
    wanted = "model/config.json must have kind language or classifier, got 'poem'"
    assert sentence(glassgate_("predict", "model", "the")) == wanted


def test_models_that_cannot_do_it(glassgate_: Run, trained: Path, tmp_path: Path):
    write_corpus(tmp_path / "c.txt")
    said = glassgate_("trace", trained / "feedforward", "the boy")
    assert sentence(said).startswith("the model is of network feedforward, which has no state")
    assert "classifier gives no surprisal" in sentence(
        glassgate_("score", trained / "sentiment", "c.txt", "-o", "s.tsv")
    )
    for command in ("predict", "trace"):
        assert "text is empty" in sentence(glassgate_(command, trained / "sentiment", " "))
    assert names(tmp_path) == {"c.txt"}


def test_an_empty_file_to_score(glassgate_: Run, trained: Path, tmp_path: Path):
    (tmp_path / "c.txt").write_text("\n")
    assert "c.txt is empty" in sentence(glassgate_("score", trained / "stream", "c.txt"))


# Outputs --------------------------------------------------------------------------------------


def test_a_folder_that_holds_a_model(glassgate_: Run, model: Path, tmp_path: Path):
    corpus = write_corpus(tmp_path / "c.txt")
    before = (tmp_path / "model/model.safetensors").read_bytes()
    said = sentence(glassgate_("train", "language", corpus, "-o", model, *TINY))
    assert said.startswith("model already holds a model (model.safetensors): ")
    assert said.endswith("overwrite")
    assert (tmp_path / "model/model.safetensors").read_bytes() == before
    assert glassgate_("train", "language", corpus, "-o", model, *TINY, "--overwrite").code == 0
    assert (tmp_path / "model/model.safetensors").read_bytes() != before


@pytest.mark.parametrize(
    ("command", "name"),
    [(["score", "model", "c.txt", "-o"], "s.tsv"), (["trace", "model", "the", "-o"], "t.png")],
)
def test_a_file_that_exists(
    glassgate_: Run, model: Path, tmp_path: Path, command: list[str], name: str
):
    write_corpus(tmp_path / "c.txt")
    (tmp_path / name).write_text("mine")
    wanted = f"{name} already exists: choose another name or pass --overwrite"
    assert sentence(glassgate_(*command, name)) == wanted
    assert (tmp_path / name).read_text() == "mine"
    assert sentence(glassgate_(*command, "model")).startswith("model is a folder")
    assert sentence(glassgate_(*command, "nowhere/x")).startswith("nowhere is not a folder")
    assert glassgate_(*command, name, "--overwrite").code == 0


@contextmanager
def room(bytes_: int) -> Iterator[None]:
    """Let no file grow beyond so many bytes, as if the disk were full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_is_full_before_training(glassgate_: Run, tmp_path: Path):
    corpus = write_corpus(tmp_path / "c.txt")
    with room(2000):
        said = glassgate_("train", "language", corpus, "-o", "model", *TINY)
    assert last_sentence(said) == "model/state.safetensors could not be written: File too large"
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("command", "name"),
    [(["score", "model", "c.txt", "-o"], "s.tsv"), (["trace", "model", "the", "-o"], "t.png")],
)
def test_a_disk_that_fills_up(
    glassgate_: Run, model: Path, tmp_path: Path, command: list[str], name: str
):
    write_corpus(tmp_path / "c.txt")
    with room(2000):
        said = glassgate_(*command, name)
    assert sentence(said) == f"{name} could not be written: File too large"
    assert names(tmp_path) == {"c.txt", "model"}


MAKE_ROOM = "File too large: make room and repeat the command with --resume to continue"


@contextmanager
def filling_up(monkeypatch: pytest.MonkeyPatch, label: str) -> Iterator[None]:
    """Let the disk be full from the end of a run's first epoch on."""

    def on_epoch_end(self: Lines, epoch: Epoch) -> None:
        if (self._label, epoch.epoch) == (label, 1):
            resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY))

    with monkeypatch.context() as patch, room(resource.RLIM_INFINITY):
        patch.setattr(Lines, "on_epoch_end", on_epoch_end)
        yield


def test_a_training_says_how_to_go_on_once_there_is_room(
    glassgate_: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    corpus, reviews = write_corpus(tmp_path / "c.txt"), write_reviews(tmp_path / "r.csv")
    for kind, data in (("language", corpus), ("classifier", reviews)):
        command = ["train", kind, data, "-o", kind, *TINY]
        with filling_up(monkeypatch, "gru"):
            said = last_sentence(glassgate_(*command))
        assert re.fullmatch(rf"{kind}/\S+ could not be written: {MAKE_ROOM}", said)
        said = glassgate_(*command, "--resume")
        assert said.code == 0, said.err
        assert names(tmp_path / kind) == MODEL_FILES


def test_so_does_a_study(glassgate_: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    corpus = write_corpus(tmp_path / "c.txt")
    study = ["compare", corpus, "--networks", "srn,gru", "--seeds", "1", "-o", "study", *TINY]
    one = [*study, "--workers", "1", "--threads", "1"]
    with filling_up(monkeypatch, "gru-0"):
        said = last_sentence(glassgate_(*one))
    assert re.fullmatch(rf"study/gru-0/\S+ could not be written: {MAKE_ROOM}", said)
    said = glassgate_(*one, "--resume")
    assert said.code == 0, said.err


# What happens on the way ----------------------------------------------------------------------


def test_a_loss_that_is_no_number(glassgate_: Run, tmp_path: Path):
    corpus = write_corpus(tmp_path / "c.txt")
    wild = ["--optimizer", "sgd", "--learning-rate", "1e38"]
    said = last_sentence(glassgate_("train", "language", corpus, "-o", "model", *TINY, *wild))
    assert re.match(r"the loss became (nan|inf) at epoch 1, step 2: no epoch had finished", said)
    assert not (tmp_path / "model").exists()


def test_ctrl_c_leaves_a_state_to_go_on_from(
    glassgate_: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from glassgate.cli.screen import Lines

    train = ["train", "language", write_corpus(tmp_path / "c.txt"), *TINY, "-o"]
    with monkeypatch.context() as patch:
        patch.setattr(Lines, "on_epoch_end", lambda *_: signal.raise_signal(signal.SIGINT))
        said = glassgate_(*train, "model")
    assert (said.code, said.out) == (130, "")
    assert said.err == (
        "glassgate: stopped at epoch 2, after step 1; its state is saved: "
        "repeat the command with --resume to continue\n"
    )
    assert names(tmp_path / "model") == FILES | {"state.safetensors"}
    assert "model already holds a" in sentence(glassgate_(*train, "model"))
    assert glassgate_(*train, "model", "--resume").code == 0
    assert glassgate_(*train, "whole").code == 0
    assert names(tmp_path / "model") == FILES
    one, other = (tmp_path / name / "model.safetensors" for name in ("model", "whole"))
    assert one.read_bytes() == other.read_bytes()


def test_ctrl_c_before_training(glassgate_: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("glassgate.train.run.read_stream", lambda *_: _raise_interrupt())
    assert glassgate_("train", "language", "c.txt", "-o", "model").code == 130


def _raise_interrupt() -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("more", [["-o", "o.jpg"], ["-o", "o.npz", "--format", "json"]])
def test_a_name_that_says_another_format_is_refused(
    glassgate_: Run, model: Path, tmp_path: Path, more: list[str]
):
    said = glassgate_("trace", "model", "the", *more)
    assert said.code == 2
    assert "must end in" in said.err
    assert not (tmp_path / more[1]).exists()
