"""Pieces of work side by side: the bits of one after the other, and every way to end early."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from threadpoolctl import threadpool_info

from glassgate import engine
from glassgate.errors import BadInput
from glassgate.nn.models import LanguageModel
from glassgate.train.backends import MAX_WORKERS, Workers, choose_workers
from glassgate.train.loop import fit
from glassgate.train.parallel import Piece, WorkerDied, run_pieces
from glassgate.train.settings import Settings
from glassgate.train.tasks import SentenceTask
from glassgate.train.watch import Step, Watcher

WAIT = 120  # seconds that a piece takes unless it is ended
TWO = Workers(2, "loky", 1)
ONE = Workers(1, "loky", 1)
SETTINGS = Settings(hidden_size=8, embedding_size=6, batch_size=2, epochs=2)
SAID = [[1, 3, 5, 2], [1, 4, 5, 2], [1, 4, 3, 2]]


def train(seed: int, watchers: Sequence[Watcher]) -> tuple[list[torch.Tensor], set[int], Path]:
    settings = Settings(**{**SETTINGS.to_json(), "seed": seed})
    torch.manual_seed(seed)
    task = SentenceTask(LanguageModel(8, "gru", 6, 8), SAID, SAID, settings)
    fit(task, settings, watchers=watchers)
    return list(task.model.state_dict().values()), count_threads(), Path.cwd()


def count_threads(_: Sequence[Watcher] = ()) -> set[int]:
    blas = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
    assert blas
    return {torch.get_num_threads(), engine.threads(), *blas}


class Look(Watcher):
    seen: list[tuple[str, str, object]]
    made: list[tuple[str, float]]

    def __init__(self, name: str) -> None:
        self.name = name

    def on_start(self, epochs: int, notes: Sequence[str]) -> None:  # noqa: ARG002 - its form
        Look.seen.append((self.name, "start", epochs))

    def on_step(self, step: Step) -> None:
        Look.seen.append((self.name, "step", (step.epoch, step.step, step.loss)))

    def on_end(self) -> None:
        Look.seen.append((self.name, "end", None))


def looking(name: str, work: float) -> Watcher:
    Look.made.append((name, work))
    return Look(name)


def test_two_workers_give_the_bits_of_one_in_the_order_asked_and_tell_as_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    found, heard = [], []
    for workers in (ONE, TWO):
        Look.seen, Look.made = [], []
        pieces = [Piece(f"seed {seed}", train, (seed,), work=seed) for seed in range(3)]
        found.append(run_pieces(pieces, workers, looking))
        assert sorted(Look.made) == [("seed 0", 0), ("seed 1", 1), ("seed 2", 2)]
        heard.append([[one for one in Look.seen if one[0] == f"seed {i}"] for i in range(3)])
    assert heard[0] == heard[1]
    assert len(heard[0][0]) == 2 + 2 * 2
    one, two = found
    assert not torch.equal(one[0][0][0], one[1][0][0])
    for (expected, *rest), (weights, *same) in zip(one, two, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(expected, weights, strict=True))
        assert rest == same == [{1}, tmp_path]


def draw(seed: int, _: Sequence[Watcher]) -> tuple[float, int]:
    torch.manual_seed(seed)
    torch.set_num_threads(3)
    return float(torch.rand(())), os.getpid()


def test_a_piece_leaves_random_state_and_threads_as_they_were():
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    found = run_pieces([Piece("a", draw, (3,)), Piece("b", draw, (3,))], ONE)
    assert found[0] == found[1]
    assert found[0][1] == os.getpid()  # one worker is this process
    assert torch.equal(state, torch.get_rng_state())
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("threads", [1, 2])
def test_a_piece_has_the_threads_that_were_asked_for(threads: int):
    assert run_pieces([Piece("a", count_threads)], Workers(1, "loky", threads)) == [{threads}]


def refuse(_: Sequence[Watcher]) -> None:
    raise BadInput("this cannot be")


def wait(_: Sequence[Watcher]) -> None:
    time.sleep(WAIT)


def die(_: Sequence[Watcher]) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize(
    ("function", "error", "sentence"),
    [
        (refuse, BadInput, "^this cannot be$"),
        (die, WorkerDied, "^a worker process died during (a and )?b( and a)?: if memory ran out, "),
    ],
)
def test_what_ends_one_ends_all_at_once(function: object, error: type[Exception], sentence: str):
    begun = time.monotonic()
    pieces = [Piece("a", wait), Piece("b", function), Piece("c", wait)]  # type: ignore[arg-type]
    with pytest.raises(error, match=sentence):
        run_pieces(pieces, TWO, lambda name, _: Look(name))
    assert time.monotonic() - begun < WAIT


def test_a_watcher_that_fails_is_heard_of():
    class Fails(Watcher):
        def on_step(self, step: Step) -> None:  # noqa: ARG002 - its form
            raise OSError(28, "no space left", "out.txt")

    with pytest.raises(OSError, match="no space left"):
        run_pieces([Piece(name, train, (0,)) for name in "ab"], TWO, lambda *_: Fails())


def test_ctrl_c_ends_all_workers_without_a_word_of_theirs(tmp_path: Path):
    script = """
import sys, time
from glassgate.train.backends import Workers
from glassgate.train.interrupt import Interrupted
from glassgate.train.parallel import Piece, run_pieces

def wait(name, watchers):
    import os
    print(name, os.getpid(), flush=True)
    time.sleep(60)

if __name__ == "__main__":
    try:
        run_pieces([Piece(name, wait, (name,)) for name in "abc"], Workers(2, "loky", 1))
    except Interrupted as stopped:
        sys.exit(str(stopped))
"""
    path = tmp_path / "script.py"
    path.write_text(script)
    process = subprocess.Popen(
        [sys.executable, str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    workers = [int(process.stdout.readline().split()[1]) for _ in range(2)]
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: workers are sent it, too
    _, errors = process.communicate(timeout=30)
    assert errors in ("stopped during a and b\n", "stopped during b and a\n")
    assert process.returncode == 1
    assert not any(map(alive, workers))


def alive(process: int) -> bool:
    """Whether a process runs: not whether its remains are kept."""
    status = Path(f"/proc/{process}/stat")
    return status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] != "Z"


# Who works ----------------------------------------------------------------------------------------


def test_by_default_each_core_has_a_worker_of_one_thread(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("glassgate.train.backends.allowed_cores", lambda: 3)
    assert choose_workers() == Workers(3, "loky", 1)
    assert choose_workers(threads=2) == Workers(3, "loky", 2)
    assert choose_workers(1) == Workers(1, "loky", None)
    monkeypatch.setattr("torch.accelerator.is_available", lambda: True)
    assert choose_workers().count == 1


def test_where_processes_share_a_training_there_is_one_worker(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert choose_workers().count == 1
    with pytest.raises(BadInput, match="workers must be 1 where processes share a training, got 2"):
        choose_workers(2)


@pytest.mark.parametrize("count", [0, MAX_WORKERS + 1])
def test_a_number_of_workers_out_of_range_is_refused(count: int):
    with pytest.raises(BadInput, match=f"a whole number from 1 to 1024, got {count}"):
        choose_workers(count)


def test_a_back_end_must_be_known_and_installed(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(BadInput, match="backend must be one of loky, dask, ray, got 'thread'"):
        choose_workers(2, "thread")
    monkeypatch.setattr("glassgate.train.backends.find_spec", lambda _: None)
    with pytest.raises(BadInput, match=r"dask needs .* run pip install 'dask\[distributed\]'"):
        choose_workers(2, "dask")
