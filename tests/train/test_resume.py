"""A run that is stopped in any way and resumed ends with the bits of one that was not."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from glassgate.errors import BadInput
from glassgate.train.interrupt import Interrupted
from glassgate.train.run import Output, train_classifier, train_language
from glassgate.train.settings import Settings
from glassgate.train.watch import Step, Watcher

SETTINGS = Settings(hidden_size=12, embedding_size=8, batch_size=4, bptt=4, epochs=3, dropout=0.3)
RUN = """
import json, sys, time
from pathlib import Path
from glassgate.train.interrupt import Interrupted
from glassgate.train.run import Output, train_language
from glassgate.train.settings import Settings
from glassgate.train.watch import Watcher

class Slow(Watcher):
    def on_step(self, step):
        print(step.epoch, step.step, flush=True)
        time.sleep(0.02)

corpus, folder, settings = sys.argv[1:]
output = Output(Path(folder), save_seconds=0.0)
settings = Settings.from_json(json.loads(settings))
try:
    train_language(Path(corpus), output, settings, watchers=[Slow()])
except Interrupted as stopped:
    print(stopped, file=sys.stderr)
    sys.exit(130)
"""


STEPS = 22  # of an epoch on the corpus


def write_corpus(folder: Path) -> Path:
    path = folder / "corpus.txt"
    lines = [f"the {a} {b} the {c} ." for a in "abcd" for b in ("saw", "hit") for c in "efgh"]
    path.write_text("\n".join(lines * 2))
    return path


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_corpus(tmp_path)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that nothing stopped."""
    folder = tmp_path_factory.mktemp("whole")
    train_language(write_corpus(folder), Output(folder / "model"), SETTINGS)
    return folder / "model"


def run(corpus: Path, folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", RUN, str(corpus), str(folder), json.dumps(SETTINGS.to_json())]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdout is not None
    for said in process.stdout:
        if said.strip() == line:
            return
    raise AssertionError(f"the run ended before {line}")


def end(process: subprocess.Popen[str], number: signal.Signals) -> tuple[int, str]:
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    return process.returncode, errors


def without_seconds(folder: Path) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [{name: line[name] for name in line if name != "seconds"} for line in lines]


def same_model(one: Path, other: Path) -> bool:
    weights = "model.safetensors"
    return (one / weights).read_bytes() == (other / weights).read_bytes()


def test_killed_in_mid_epoch_and_resumed(tmp_path: Path, corpus: Path, whole: Path):
    killed = tmp_path / "killed"
    process = run(corpus, killed)
    wait_for(process, "2 5")
    code, _ = end(process, signal.SIGKILL)
    assert code == -signal.SIGKILL
    assert len(without_seconds(killed)) == 1

    class First(Watcher):
        step: Step | None = None

        def on_step(self, step: Step) -> None:
            self.step = self.step or step

    first = First()
    train_language(corpus, Output(killed, resume=True), SETTINGS, watchers=[first])
    assert first.step is not None
    assert first.step.epoch == 2
    assert first.step.step > 3  # the state was of the middle of the epoch
    assert same_model(whole, killed)
    assert without_seconds(killed) == without_seconds(whole)
    assert not (killed / "state.safetensors").exists()


def test_ctrl_c_ends_cleanly_with_a_state_to_resume(tmp_path: Path, corpus: Path, whole: Path):
    folder = tmp_path / "model"
    process = run(corpus, folder)
    wait_for(process, "1 4")
    code, errors = end(process, signal.SIGINT)
    assert code == 130
    assert "Traceback" not in errors
    assert errors.startswith("stopped at epoch 1, after step ")
    train_language(corpus, Output(folder, resume=True), SETTINGS)
    assert same_model(whole, folder)


class Press(Watcher):
    """Press Ctrl-C at one step, once or twice."""

    def __init__(self, epoch: int, step: int, times: int = 1) -> None:
        self.at, self.times = (epoch, step), times

    def on_step(self, step: Step) -> None:
        if (step.epoch, step.step) == self.at:
            for _ in range(self.times):
                signal.raise_signal(signal.SIGINT)


def test_a_second_ctrl_c_aborts_at_once_and_the_handler_is_put_back(tmp_path: Path, corpus: Path):
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        train_language(corpus, Output(tmp_path / "model"), SETTINGS, watchers=[Press(1, 3, 2)])
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(("epoch", "step"), [(1, 1), (1, STEPS), (2, STEPS), (3, STEPS - 1)])
def test_any_step_will_do(tmp_path: Path, corpus: Path, whole: Path, epoch: int, step: int):
    with pytest.raises(Interrupted):
        train_language(corpus, Output(tmp_path / "a"), SETTINGS, watchers=[Press(epoch, step)])
    train_language(corpus, Output(tmp_path / "a", resume=True), SETTINGS)
    assert same_model(whole, tmp_path / "a")
    assert without_seconds(tmp_path / "a") == without_seconds(whole)


def test_ctrl_c_in_the_very_last_step_comes_too_late(tmp_path: Path, corpus: Path, whole: Path):
    train_language(corpus, Output(tmp_path / "a"), SETTINGS, watchers=[Press(3, STEPS)])
    assert same_model(whole, tmp_path / "a")


@pytest.mark.parametrize(
    ("network", "by_sentence", "optimizer"),
    [("lstm", False, "adamw"), ("feedforward", False, "adamw"), ("srn", True, "sgd")],
)
def test_every_network_and_optimizer_resumes(
    tmp_path: Path, corpus: Path, network: str, by_sentence: bool, optimizer: str
):
    settings = replace(SETTINGS, network=network, optimizer=optimizer, epochs=2)
    a, b = Output(tmp_path / "a"), Output(tmp_path / "b")
    with pytest.raises(Interrupted):
        train_language(corpus, a, settings, by_sentence=by_sentence, watchers=[Press(2, 4)])
    train_language(corpus, replace(a, resume=True), settings, by_sentence=by_sentence)
    train_language(corpus, b, settings, by_sentence=by_sentence)
    assert same_model(a.folder, b.folder)
    assert without_seconds(a.folder) == without_seconds(b.folder)


def test_a_classifier_resumes_too(tmp_path: Path):
    reviews = tmp_path / "reviews.csv"
    rows = [f"a {x} {y} book,{y}" for x in "bcdefghi" for y in ("good", "bad")] * 3
    reviews.write_text("\n".join(["text,label", *rows]))
    with pytest.raises(Interrupted):
        train_classifier(reviews, Output(tmp_path / "a"), SETTINGS, watchers=[Press(2, 4)])
    train_classifier(reviews, Output(tmp_path / "a", resume=True), SETTINGS)
    train_classifier(reviews, Output(tmp_path / "b"), SETTINGS)
    assert same_model(tmp_path / "a", tmp_path / "b")


def test_a_plateau_and_early_stopping_survive(tmp_path: Path, corpus: Path):
    wild = replace(SETTINGS, learning_rate=0.3, epochs=8, patience=2, plateau_patience=0)
    whole = train_language(corpus, Output(tmp_path / "whole"), wild)
    assert len(whole.history) > whole.best.epoch
    for epoch in range(2, len(whole.history) + 1):
        folder = tmp_path / str(epoch)
        with pytest.raises(Interrupted):
            train_language(corpus, Output(folder), wild, watchers=[Press(epoch, 2)])
        resumed = train_language(corpus, Output(folder, resume=True), wild)
        assert same_model(tmp_path / "whole", folder)
        assert [e.valid_loss for e in resumed.history] == [e.valid_loss for e in whole.history]


@pytest.fixture
def stopped(tmp_path: Path, corpus: Path) -> Path:
    with pytest.raises(Interrupted):
        train_language(corpus, Output(tmp_path / "model"), SETTINGS, watchers=[Press(2, 3)])
    return tmp_path / "model"


def test_a_state_is_not_overwritten_by_chance(stopped: Path, corpus: Path):
    with pytest.raises(BadInput, match="already holds an unfinished run"):
        train_language(corpus, Output(stopped), SETTINGS)


def test_other_settings_or_other_data_are_refused(stopped: Path, corpus: Path):
    output = Output(stopped, resume=True)
    with pytest.raises(BadInput, match="began with hidden_size 12, and cannot be resumed with 13"):
        train_language(corpus, output, replace(SETTINGS, hidden_size=13))
    with pytest.raises(BadInput, match="began with by_sentence False"):
        train_language(corpus, output, SETTINGS, by_sentence=True)
    corpus.write_text(corpus.read_text().replace("hit", "saw", 1))
    with pytest.raises(BadInput, match="the data has changed"):
        train_language(corpus, output, SETTINGS)


def test_nothing_to_resume_is_said(tmp_path: Path, corpus: Path):
    with pytest.raises(BadInput, match="there is no run to resume"):
        train_language(corpus, Output(tmp_path / "none", resume=True), SETTINGS)


def test_a_broken_state_is_refused_and_left_alone(stopped: Path, corpus: Path):
    state = stopped / "state.safetensors"
    good = state.read_bytes()
    for bad in (b"", good[:-1], b"\x00" * 100):
        state.write_bytes(bad)
        with pytest.raises(BadInput, match="not a state to resume from"):
            train_language(corpus, Output(stopped, resume=True), SETTINGS)
        assert state.read_bytes() == bad


def rewrite(state: Path, change: Callable[[dict[str, Any], dict[str, Tensor]], object]) -> None:
    """Change the position and the tensors of a state."""
    with safe_open(state, framework="pt") as file:
        metadata = file.metadata()
    position, tensors = json.loads(metadata["position"]), load_file(state)
    change(position, tensors)
    save_file(tensors, state, {**metadata, "position": json.dumps(position)})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p, _: p.update(more=1), "its position must have exactly the keys"),
        (lambda p, _: p.pop("epoch"), "its position must have exactly the keys"),
        (lambda p, _: p.update(step="3"), "step of its position cannot be '3'"),
        (lambda p, _: p.update(step=99), "its step 99 is beyond"),
        (lambda p, _: p.update(threads=257), "threads of its position cannot be 257"),
        (lambda p, _: p.update(epoch=3), "the epochs of its position are inconsistent"),
        (lambda p, _: p.update(history=[{}]), "not a list of epochs"),
        (lambda p, _: p.update(scheduler={}), "scheduler"),
        (lambda _, t: t.pop("weights.decoder.bias"), "weights.decoder.bias is missing"),
        (lambda _, t: t.update({"weights.decoder.bias": torch.zeros(2)}), "must have shape"),
        (lambda _, t: t.pop("optimizer.0.exp_avg"), "optimizer.0.exp_avg is missing"),
        (lambda _, t: t.update({"optimizer.0.exp_avg": torch.zeros(2)}), "must have shape"),
        (lambda _, t: t.update({"optimizer.x": torch.zeros(2)}), "optimizer.x is not expected"),
        (lambda _, t: t.pop("stream.only"), "stream.only is missing"),
        (lambda _, t: t.update({"stream.only": torch.zeros(2)}), "stream.only must have shape"),
    ],
)
def test_a_state_that_is_well_formed_and_wrong_is_refused(
    stopped: Path, corpus: Path, change: Any, message: str
):
    state = stopped / "state.safetensors"
    rewrite(state, change)
    wrong = state.read_bytes()
    with pytest.raises(BadInput, match=re.escape(message)) as caught:
        train_language(corpus, Output(stopped, resume=True), SETTINGS)
    assert str(caught.value).startswith(f"{state} is not a state to resume from: ")
    assert state.read_bytes() == wrong


def test_an_ignored_ctrl_c_stays_ignored(tmp_path: Path, corpus: Path, whole: Path):
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        train_language(corpus, Output(tmp_path / "a"), SETTINGS, watchers=[Press(1, 2, times=2)])
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
    assert same_model(whole, tmp_path / "a")


def test_states_are_written_at_most_every_so_often(tmp_path: Path, corpus: Path):
    state = tmp_path / "model" / "state.safetensors"
    written: set[int] = set()

    class Look(Watcher):
        def on_step(self, step: Step) -> None:
            if step.epoch == 1:
                time.sleep(0.01)
                written.add(state.stat().st_mtime_ns)

    train_language(corpus, Output(tmp_path / "model"), SETTINGS, watchers=[Look()])
    assert len(written) == 1
