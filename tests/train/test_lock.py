"""Two runs into one folder: the second is refused, however the first ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from glassgate.errors import BadInput
from glassgate.train.lock import LOCK, lock_folder
from glassgate.train.run import Output, train_language
from tests.conftest import Run, names
from tests.train.folder_cases import MODEL_FILES, TINY

HOLDER = """
import sys, time
from pathlib import Path
from glassgate.train.lock import lock_folder
with lock_folder(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_run(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Hold a folder in another process until its input ends."""
    command = [sys.executable, "-c", HOLDER, str(folder)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process


def test_the_second_process_is_refused_and_leaves_the_first_alone(tmp_path: Path):
    folder = tmp_path / "model"
    sentence = (
        f"another run is writing to {folder}: wait until it has ended, or name another folder"
    )
    with another_run(folder) as first:
        for _ in range(2):
            with pytest.raises(BadInput) as refusal, lock_folder(folder):
                pass
            assert str(refusal.value) == sentence
        assert names(folder) == {LOCK}
        first.communicate("")
        assert first.returncode == 0
    assert not folder.exists()
    with lock_folder(folder):
        pass


def test_a_killed_run_holds_nothing(tmp_path: Path):
    folder = tmp_path / "model"
    with another_run(folder) as first:
        first.send_signal(signal.SIGKILL)
        first.wait()
    assert names(folder) == {LOCK}  # the file, without its lock
    with lock_folder(folder), pytest.raises(BadInput), lock_folder(folder):
        pass
    assert names(folder) == set()


def test_only_empty_folders_made_for_the_lock_go(tmp_path: Path):
    old, deep = tmp_path / "old", tmp_path / "old/new/model"
    old.mkdir()
    with pytest.raises(ZeroDivisionError), lock_folder(deep):
        _ = 1 / 0
    assert names(old) == set()
    with lock_folder(deep):
        (deep / "result").touch()
    assert names(deep) == {"result"}
    with lock_folder(old):
        pass
    assert names(old) == {"new"}


def test_a_folder_that_cannot_be_made_or_written_to_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    file = tmp_path / "file"
    file.touch()
    for folder, sentence in (
        (file, f"{file} is a file, expected a folder"),
        (file / "model", f"{file} is a file, so {file}/model cannot be made"),
    ):
        with pytest.raises(BadInput) as refusal, lock_folder(folder):
            pass
        assert str(refusal.value) == sentence
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anywhere
    sentence = f"{tmp_path} is not writable, so {tmp_path}/model cannot hold results"
    with pytest.raises(BadInput) as refusal, lock_folder(tmp_path / "model"):
        pass
    assert str(refusal.value) == sentence
    assert names(tmp_path) == {"file"}


def test_of_the_processes_of_one_run_only_the_first_holds_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with lock_folder(tmp_path):
        monkeypatch.setenv("RANK", "1")
        with lock_folder(tmp_path):
            assert names(tmp_path) == {LOCK}
        assert names(tmp_path) == {LOCK}


def test_a_training_holds_its_folder_and_leaves_no_lock(tmp_path: Path):
    corpus, folder = tmp_path / "corpus.txt", tmp_path / "model"
    corpus.write_text("the boy saw the dog and the dog saw the boy .\n" * 12)
    with another_run(folder), pytest.raises(BadInput, match=r"^another run is writing to "):
        train_language(corpus, Output(folder), TINY)
    train_language(corpus, Output(folder), TINY)
    assert names(folder) == MODEL_FILES


@pytest.mark.parametrize(
    "command", [["demo"], ["experiment", "spans"], ["compare", "corpus.txt"]], ids=" ".join
)
def test_a_command_refuses_a_held_folder_before_any_work(
    glassgate_: Run, corpus: Path, tmp_path: Path, command: list[str]
):
    with another_run(tmp_path / "out"):
        began = time.monotonic()
        said = glassgate_(*command, "--output", "out")
        assert time.monotonic() - began < 30
    assert (said.code, said.out) == (2, "")
    assert said.err == (
        "glassgate: another run is writing to out: wait until it has ended, or name another "
        "folder\n"
    )
