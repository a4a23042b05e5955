"""Two processes on CPUs do what one does on the joined batch."""

import json
import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from glassgate.nn.models import Classifier, LanguageModel
from glassgate.train.interrupt import Interrupted
from glassgate.train.loop import fit
from glassgate.train.run import Output, train_language
from glassgate.train.settings import Settings
from glassgate.train.tasks import ClassifierTask, SentenceTask, StreamTask, Task
from glassgate.train.watch import Step, Watcher

SETTINGS = Settings(hidden_size=8, embedding_size=6, dropout=0.0, batch_size=5, bptt=4, epochs=3)
# One step of plain descent at rate 1 moves the weights by the gradient itself.
GRADIENT = replace(
    SETTINGS, optimizer="sgd", learning_rate=1.0, weight_decay=0.0, clip=1e6, epochs=1, bptt=50
)
# Of unequal lengths; the last batch holds a single one, so that one process has no share of it.
RAGGED = [[1, *[3 + (i * j) % 5 for j in range(1 + i * 3 % 11)], 2] for i in range(16)]


def tasks() -> dict[str, tuple[Task, Settings]]:
    """Every kind of task, its model in the same first state in every process."""
    joined = replace(GRADIENT, batch_size=16)
    stream = [3 + (i * i) % 5 for i in range(83)]  # columns of 17, the last one of 15
    lone = stream[:1]  # one column only

    def model() -> LanguageModel:
        torch.manual_seed(0)
        return LanguageModel(8, "gru", 6, 8)

    def classifier(settings: Settings) -> Task:
        labelled = (RAGGED, [i % 3 for i in range(16)])
        torch.manual_seed(0)
        return ClassifierTask(Classifier(8, 3, "gru", 6, 8), labelled, labelled, settings)

    return {
        "sentences-gradient": (SentenceTask(model(), RAGGED, RAGGED, joined), joined),
        "stream-gradient": (StreamTask(model(), stream, stream, 1, GRADIENT), GRADIENT),
        "lone-gradient": (StreamTask(model(), lone, lone, 1, GRADIENT), GRADIENT),
        "classifier-gradient": (classifier(joined), joined),
        "sentences": (SentenceTask(model(), RAGGED, RAGGED, SETTINGS), SETTINGS),
        "stream": (StreamTask(model(), stream, stream, 1, SETTINGS), SETTINGS),
        "classifier": (classifier(SETTINGS), SETTINGS),
    }


def train_all(folder: Path) -> None:
    """Train every task; the main process writes weights and losses."""
    for name, (task, settings) in tasks().items():
        outcome = fit(task, settings)
        if os.environ.get("RANK", "0") == "0":
            save_file(task.model.state_dict(), folder / f"{name}.safetensors")
            losses = [(e.train_loss, e.valid_loss, e.valid_measure) for e in outcome.history]
            (folder / f"{name}.json").write_text(json.dumps(losses))


def corpus(folder: Path) -> Path:
    path = folder / "corpus.txt"
    path.write_text("\n".join(f"the {a} saw the {b} ." for a in "abcde" for b in "fghij"))
    return path


class PressInLast(Watcher):
    """Ctrl-C reaches one process only: here the main one, which alone is watched."""

    def on_step(self, step: Step) -> None:
        import signal

        if (step.epoch, step.step) == (2, 3):
            signal.raise_signal(signal.SIGINT)


def train_folders(folder: Path) -> None:
    """Train into a folder, stop, resume; and without a stop."""
    settings = replace(SETTINGS, batch_size=3, dropout=0.2)
    path = folder / "corpus.txt"
    try:
        train_language(path, Output(folder / "stopped"), settings, watchers=[PressInLast()])
        raise AssertionError("nothing stopped the run")
    except Interrupted:
        pass
    train_language(path, Output(folder / "stopped", resume=True), settings)
    train_language(path, Output(folder / "whole"), settings)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """What one process left, and what two did."""
    one, two = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("two")
    corpus(two)
    train_all(one)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    processes = [start(two, rank, port) for rank in range(2)]
    for process in processes:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
    return one, two


def start(folder: Path, rank: int, port: str) -> subprocess.Popen[str]:
    """Start one process as `accelerate launch` and `torchrun` do."""
    environment = os.environ | {
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": "2",
        "LOCAL_WORLD_SIZE": "2",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": port,
        "OMP_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",
    }
    command = [sys.executable, "-m", "tests.train.test_processes", str(folder)]
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("kind", ["sentences", "stream", "lone", "classifier"])
def test_the_gradient_is_that_of_the_joined_batch(folders: tuple[Path, Path], kind: str):
    before = tasks()[f"{kind}-gradient"][0].model.state_dict()
    one, two = (load_file(folder / f"{kind}-gradient.safetensors") for folder in folders)
    assert max(float((one[name] - before[name]).abs().max()) for name in one) > 1e-2
    for name, start in before.items():
        torch.testing.assert_close(two[name] - start, one[name] - start, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("kind", ["sentences", "stream", "classifier"])
def test_weights_and_losses_after_some_steps_are_those_of_one_process(
    folders: tuple[Path, Path], kind: str
):
    one, two = (load_file(folder / f"{kind}.safetensors") for folder in folders)
    for name in one:
        torch.testing.assert_close(two[name], one[name], atol=1e-5, rtol=1e-4)
    first, second = (json.loads((folder / f"{kind}.json").read_text()) for folder in folders)
    assert len(first) == 3
    for expected, found in zip(first, second, strict=True):
        assert found == pytest.approx(expected, rel=1e-5)


def test_two_processes_write_one_folder_and_resume_to_the_same_bits(folders: tuple[Path, Path]):
    stopped, whole = folders[1] / "stopped", folders[1] / "whole"
    files = {"model.safetensors", "config.json", "tokenizer.json", "metrics.jsonl"}
    assert {path.name for path in whole.iterdir()} == files
    assert len((whole / "metrics.jsonl").read_text().splitlines()) == 3
    weights = "model.safetensors"
    assert (stopped / weights).read_bytes() == (whole / weights).read_bytes()


if __name__ == "__main__":
    train_all(Path(sys.argv[1]))
    train_folders(Path(sys.argv[1]))
    if torch.distributed.is_initialized():  # else gloo's threads may outlive the interpreter
        torch.distributed.barrier()
        torch.distributed.destroy_process_group()
