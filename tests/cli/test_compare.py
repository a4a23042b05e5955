"""`glassgate compare`: one table, and a study that can be stopped at any moment."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from glassgate.analysis.intervals import TWO_SEEDS_WARNING
from glassgate.cli.lines import Lines
from tests.conftest import TINY, Run, names
from tests.train.folder_cases import MODEL_FILES
from tests.train.test_folder_failures import Poison

SMALL = [*TINY, "--networks", "srn,gru", "--seeds", "2", "--output", "study"]


def without_seconds(path: Path) -> str:
    """What a study found, but for the time it took and how it was called."""
    found = json.loads(path.read_text())
    del found["command"]
    for entry in [*found["networks"], *found["runs"]]:
        entry.pop("seconds", None)
        entry.pop("train_seconds", None)
        for epoch in entry.get("epochs", []):
            del epoch["seconds"]
    return json.dumps(found)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_study_stopped_and_resumed_is_that_of_one_go(
    glassgate_: Run, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
):
    said = glassgate_("compare", corpus, *SMALL, "--workers", 1, "--threads", 1)
    assert said.code == 0
    study = tmp_path / "study"
    runs = {"srn-0", "srn-1", "gru-0", "gru-1"}
    assert {path.name for path in study.iterdir()} == runs | {
        *("results.json", "table.md", "curves.png")
    }
    table = (study / "table.md").read_text()
    assert said.out.startswith(table)
    assert [line.split()[1] for line in table.splitlines()[2:]] == ["srn", "gru"]
    found = json.loads((study / "results.json").read_text())
    reached = [run["valid_perplexity"] for run in found["runs"] if run["network"] == "gru"]
    row = found["networks"][1]
    assert row["perplexity"] == pytest.approx(sum(reached) / 2)
    assert row["deviation"] == pytest.approx(abs(reached[0] - reached[1]) / 2**0.5)
    reach = 12.7062 * row["deviation"] / 2**0.5  # Student's t for two seeds
    assert "| held-out perplexity, ± 95% interval over seeds |" in table
    assert f"{row['perplexity']:.2f} ± {reach:.2f}" in table
    assert TWO_SEEDS_WARNING in said.out

    again = [*SMALL[:-1], "again"]
    with monkeypatch.context() as patch:
        stop_after(patch, "gru-0", epoch=1)
        said = glassgate_("compare", corpus, *again, "--workers", workers)
    assert said.code == 130
    stopped = said.err.splitlines()[-1]
    assert stopped.endswith(": repeat the command with --resume to continue")
    assert "Traceback" not in said.err
    if workers == 1:
        assert "its state is saved" in stopped
    else:  # where the others are by now is chance
        assert stopped.startswith("glassgate: stopped")
    assert not (tmp_path / "again/results.json").exists()
    assert glassgate_("compare", corpus, *again).code == 2  # not by mistake
    done = (tmp_path / "again/srn-0/model.safetensors").stat().st_mtime_ns
    said = glassgate_("compare", corpus, *again, "--resume", "--workers", workers)
    assert said.code == 0, said.err
    assert (tmp_path / "again/srn-0/model.safetensors").stat().st_mtime_ns == done
    assert without_seconds(study / "results.json") == without_seconds(
        tmp_path / "again/results.json"
    )

    said = glassgate_("compare", corpus, *again, "--resume", "--hidden-size", 9)
    assert said.code == 2
    assert said.err == "glassgate: again/srn-0 was made with hidden_size 8, not 9\n"


def stop_after(patch: pytest.MonkeyPatch, label: str, epoch: int) -> None:
    """Press Ctrl-C at the end of an epoch of one run."""

    def on_epoch_end(self: Lines, done: object) -> None:
        if self._label == label and done.epoch == epoch:  # type: ignore[attr-defined]
            signal.raise_signal(signal.SIGINT)

    patch.setattr(Lines, "on_epoch_end", on_epoch_end)


def test_a_study_killed_with_its_workers_goes_on_with_the_same_numbers(
    glassgate_: Run, corpus: Path, tmp_path: Path
):
    study = ["compare", corpus, *SMALL[:-1], "killed", "--epochs", "30", "--patience", "30"]
    two = [*map(str, study), "--workers", "2", "--threads", "1"]
    with subprocess.Popen(
        [sys.executable, "-m", "glassgate", *two],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        runs = [tmp_path / "killed" / name for name in ("srn-0", "srn-1", "gru-0", "gru-1")]
        deadline = time.monotonic() + 120
        while not any(map(finished, runs)):
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.01)
        workers = psutil.Process(process.pid).children(recursive=True)
        for one in (process, *workers):
            one.kill()
    psutil.wait_procs(workers, timeout=60)
    assert not all(map(finished, runs))
    before = [path / "model.safetensors" for path in runs if finished(path)]
    times = [path.stat().st_mtime_ns for path in before]

    said = glassgate_(*two, "--resume")
    assert said.code == 0, said.err
    assert [path.stat().st_mtime_ns for path in before] == times
    study[study.index("killed")] = "whole"
    assert glassgate_(*study, "--workers", 1, "--threads", 1).code == 0
    results = [tmp_path / name / "results.json" for name in ("killed", "whole")]
    assert without_seconds(results[0]) == without_seconds(results[1])
    assert not list(tmp_path.rglob(".lock"))


def finished(run: Path) -> bool:
    """Whether a run has come to its end."""
    return (run / "model.safetensors").exists() and not (run / "state.safetensors").exists()


def test_a_run_that_diverged_is_not_taken_for_finished(
    glassgate_: Run, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Lines, "on_step", lambda _, step: Poison(epoch=2).on_step(step))
    one = ["--networks", "srn", "--seeds", "1", "--output", "study", "--workers", "1"]
    for more in ([], ["--resume"]):
        said = glassgate_("compare", corpus, *TINY, *one, *more)
        assert said.code == 2
        assert "epoch 2, step 2: the model of epoch 1 is kept" in said.err
        assert names(tmp_path / "study/srn-0") == MODEL_FILES


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--networks", "srn,srn"], "networks must be one or more different names, got srn, srn"),
        (["--networks", ""], "networks must be one or more different names, got none"),
        (["--networks", "rnn"], "network must be one of feedforward, srn, gru, lstm, got 'rnn'"),
        (["--workers", "0"], "workers must be a whole number from 1 to 1024, got 0"),
        (["--backend", "slurm"], "backend must be one of loky, dask, ray, got 'slurm'"),
        (["--resume"], "study holds no run: there is nothing to resume"),
    ],
)
def test_what_cannot_be_compared(
    glassgate_: Run, corpus: Path, tmp_path: Path, arguments: list[str], sentence: str
):
    said = glassgate_("compare", corpus, "--output", "study", *arguments)
    assert (said.code, said.out) == (2, "")
    assert said.err == f"glassgate: {sentence}\n"
    assert not (tmp_path / "study").exists()


def test_workers_train_on_the_threads_that_are_given_and_say_what_they_do(
    glassgate_: Run, corpus: Path, tmp_path: Path
):
    said = glassgate_("compare", corpus, *SMALL, "--workers", 2, "--threads", 2)
    assert said.code == 0, said.err
    for run in ("srn-0", "srn-1", "gru-0", "gru-1"):
        epochs = [
            line for line in said.err.splitlines() if line.startswith(run) and "held-out" in line
        ]
        assert [line.split()[2] for line in epochs] == ["1/2,", "2/2,"]
        assert json.loads((tmp_path / "study" / run / "config.json").read_text())["threads"] == 2


def test_a_back_end_that_is_not_installed_is_named(
    glassgate_: Run, corpus: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("glassgate.train.backends.find_spec", lambda _: None)
    said = glassgate_("compare", corpus, *SMALL, "--backend", "ray")
    assert (said.code, said.out) == (2, "")
    assert said.err == (
        "glassgate: the backend ray needs the package ray, which is not installed: "
        "run pip install 'ray'\n"
    )
