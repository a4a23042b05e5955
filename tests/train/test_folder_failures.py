"""What is left of a model folder when a training dies, diverges or runs out of disk."""

import errno
import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import glassgate.files as files
from glassgate.files import write_whole
from glassgate.nn.models import LanguageModel
from glassgate.train import load
from glassgate.train.loop import Diverged
from glassgate.train.run import Output, train_language
from glassgate.train.watch import Step, Watcher
from tests.conftest import names
from tests.train.folder_cases import MODEL_FILES, TINY, a_corpus, a_trained  # noqa: F401 - fixtures


class Poison(Watcher):
    """Make the weights useless at one step."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def on_step(self, step: Step) -> None:
        import gc

        if step.epoch == self.epoch and step.step == 1:
            for thing in gc.get_objects():
                if type(thing) is LanguageModel:
                    thing.decoder.bias.data.fill_(math.nan)


def test_after_a_loss_that_is_no_number_the_last_good_epoch_is_kept(tmp_path: Path, corpus: Path):
    folder = tmp_path / "model"
    with pytest.raises(Diverged, match=r"epoch 2, step 2: the model of epoch 1 is kept"):
        train_language(corpus, Output(folder), TINY, watchers=[Poison(2)])
    assert names(folder) == MODEL_FILES
    assert len((folder / "metrics.jsonl").read_text().splitlines()) == 1
    weights = load(folder).model.state_dict().values()
    assert all(bool(torch.isfinite(value).all()) for value in weights)


def test_without_a_good_epoch_nothing_is_left(tmp_path: Path, corpus: Path):
    folder = tmp_path / "model"
    with pytest.raises(Diverged, match="this run leaves no model"):
        train_language(corpus, Output(folder), TINY, watchers=[Poison(1)])
    assert not folder.exists()
    folder.mkdir()
    with pytest.raises(Diverged, match="this run leaves no model"):
        train_language(corpus, Output(folder), TINY, watchers=[Poison(1)])
    assert names(folder) == set()


def test_a_failed_write_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "file"
    write_whole(path, b"old")

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="file could not be written: No space left on device"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == {"file"}


def test_a_disk_that_is_full_from_the_start_leaves_nothing(
    tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(path: Path, data: bytes) -> None:
        if path.name == "state.safetensors":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write_whole(path, data)

    monkeypatch.setattr("glassgate.train.folder.write_whole", full)
    with pytest.raises(OSError, match="No space left"):
        train_language(corpus, Output(tmp_path / "model"), TINY)
    assert not (tmp_path / "model").exists()


class Die(Watcher):
    """End the run as a kill would, in one step."""

    def on_step(self, step: Step) -> None:
        if step.step == 3:
            raise KeyboardInterrupt


OTHER = replace(TINY, hidden_size=12, seed=1)


@pytest.mark.parametrize("failure", ["killed", "diverged", "full at first", "full at the model"])
def test_overwrite_leaves_the_old_model_until_there_is_a_new_one(
    trained: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch, failure: str
):
    before = {path.name: path.read_bytes() for path in trained.iterdir()}
    full_at = {"full at first": "state.safetensors", "full at the model": "model.safetensors"}

    def full(path: Path, data: bytes) -> None:
        if full_at.get(failure, "nothing") in path.name:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write_whole(path, data)

    watcher = {"killed": Die(), "diverged": Poison(1)}.get(failure, Watcher())
    error = {"killed": KeyboardInterrupt, "diverged": Diverged}.get(failure, OSError)
    with monkeypatch.context() as patch:
        patch.setattr("glassgate.train.folder.write_whole", full)
        with pytest.raises(error):
            train_language(corpus, Output(trained, overwrite=True), OTHER, watchers=[watcher])
    after = {path.name: path.read_bytes() for path in trained.iterdir()}
    state = after.pop("state.safetensors", None)
    assert after == before
    assert load(trained).settings == TINY
    assert (state is not None) == (failure in ("killed", "full at the model"))
    if state is not None:
        train_language(corpus, Output(trained, resume=True), OTHER)
        assert names(trained) == MODEL_FILES
        assert load(trained).settings == OTHER


FULL_DISK = """
import resource, sys
from pathlib import Path
from glassgate.train.run import Output, train_language
from glassgate.train.settings import Settings
from glassgate.train.watch import Watcher

class Fill(Watcher):
    def on_epoch_end(self, epoch):
        if epoch.epoch == 2:
            resource.setrlimit(resource.RLIMIT_FSIZE, (4000, resource.RLIM_INFINITY))

settings = Settings(hidden_size=8, embedding_size=6, batch_size=2, bptt=5, epochs=4)
try:
    train_language(Path(sys.argv[1]), Output(Path(sys.argv[2])), settings, watchers=[Fill()])
except OSError as error:
    print(error, file=sys.stderr)
    sys.exit(2)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the limit on file sizes is POSIX")
def test_a_disk_that_fills_up_leaves_what_was_whole(tmp_path: Path, corpus: Path):
    folder = tmp_path / "model"
    command = [sys.executable, "-c", FULL_DISK, str(corpus), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "could not be written: File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert names(folder) == MODEL_FILES | {"state.safetensors"}
    load(folder)
    assert len((folder / "metrics.jsonl").read_text().splitlines()) in (2, 3)
    train_language(corpus, Output(folder, resume=True), replace(TINY, epochs=4))
    assert names(folder) == MODEL_FILES
