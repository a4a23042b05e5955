"""How a training finds its number of threads, keeps it and says it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from glassgate import engine
from glassgate.errors import BadInput
from glassgate.experiments import EXPERIMENTS
from glassgate.experiments.runner import Runner
from glassgate.nn.models import LanguageModel
from glassgate.train.interrupt import Interrupted
from glassgate.train.loop import fit
from glassgate.train.run import Output, train_language
from glassgate.train.settings import Settings
from glassgate.train.tasks import SentenceTask
from glassgate.train.threads import Pace, Trial, on_threads, set_threads
from glassgate.train.watch import Epoch, Step, Watcher
from glassgate.train.worker import Worker
from tests.conftest import TINY, Run

SETTINGS = Settings(hidden_size=8, embedding_size=6, batch_size=2, bptt=5, epochs=2)
SECONDS = 0.001  # of a step on one thread


def take(
    trial: Trial, slowness: Callable[[int], float], tokens: Callable[[int], int] = lambda _: 100
) -> list[int]:
    """Take steps of `tokens` until the trial is done; return the threads of each.

    `slowness` of a step's place is how many times as long it takes on several threads as on one.
    """
    taken: list[int] = []
    while not trial.done:
        place = len(taken)
        times = slowness(place) if trial.threads > 1 else 1.0
        taken.append(trial.threads)
        trial.add(tokens(place), SECONDS * tokens(place) / 100 * times)
        assert len(taken) < 1000
    return taken


def test_blocks_on_one_thread_and_on_all_take_turns():
    taken = take(Trial(4), lambda _: 0.6)
    assert taken == [1, 1, 1, 4] + 5 * [1, 1, 1, 1, 1, 4, 4, 4, 4, 4]


@pytest.mark.parametrize(("slowness", "choice"), [(0.6, 4), (0.9, 4), (0.92, 1), (1.0, 1), (2, 1)])
def test_several_threads_are_chosen_if_faster_by_a_tenth(slowness: float, choice: int):
    trial = Trial(4)
    take(trial, lambda _: slowness)
    assert trial.threads == choice


def test_on_a_busy_machine_the_trial_is_cut_short():
    trial = Trial(2)
    taken = take(trial, lambda _: 40.0)
    assert trial.threads == 1
    assert taken.count(2) == 3


@pytest.mark.parametrize(("slowness", "rounds"), [(1.5, 2), (1.2, 3), (0.95, 5)])
def test_several_threads_that_fall_behind_are_given_up_early(slowness: float, rounds: int):
    taken = take(Trial(2), lambda _: slowness)
    assert taken.count(2) == 1 + 5 * rounds


def test_one_slow_step_is_an_accident():
    trial = Trial(2)
    taken = take(trial, lambda place: 3.5 if place == 10 else 0.6)
    assert trial.threads == 2
    assert taken[9:12] == [2, 2, 1]  # its block alone is cut short


def test_a_slow_warm_up_on_all_threads_does_not_count():
    trial = Trial(2)
    take(trial, lambda place: 1000.0 if place == 3 else 0.6)
    assert trial.threads == 2


@pytest.mark.parametrize(("slowness", "choice"), [(0.8, 2), (1.0, 1)])
def test_batches_of_unlike_length_are_compared_by_their_tokens(slowness: float, choice: int):
    trial = Trial(2)
    take(trial, lambda _: slowness, lambda place: 1000 if (place - 4) % 10 < 5 else 10)
    assert trial.threads == choice


def test_slow_steps_make_a_short_trial():
    taken = take(Trial(2), lambda _: 0.6, lambda _: 50_000)  # half a second each
    assert taken == [1, 2, 1, 2]


def test_there_is_nothing_to_try_with_one_thread():
    assert Trial(1).done
    assert Trial(1).threads == 1


def test_what_was_measured_is_said():
    trial = Trial(2)
    take(trial, lambda _: 1.25)
    assert str(trial) == "Threads: 1 of 2 (measured 100,000 tokens/s on 1, 80,000 on 2)"


def test_torch_and_engine_have_their_threads_back_afterwards():
    before = torch.get_num_threads(), engine.threads()
    with on_threads(3):
        assert (torch.get_num_threads(), engine.threads()) == (3, 3)
        set_threads(5)
        assert (torch.get_num_threads(), engine.threads()) == (5, 5)
    assert (torch.get_num_threads(), engine.threads()) == before


@pytest.mark.parametrize("threads", [0, 257])
def test_a_number_out_of_range_sets_nothing(threads: int):
    before = torch.get_num_threads(), engine.threads()
    with pytest.raises(BadInput, match=f"threads must lie in 1..256, got {threads}"):
        set_threads(threads)
    assert (torch.get_num_threads(), engine.threads()) == before


# In training ----------------------------------------------------------------------------------


class Decided(Trial):
    """A trial of four steps that always ends with all threads."""

    def __init__(self, offered: int) -> None:
        super().__init__(offered)
        self.taken = 0

    def add(self, tokens: int, seconds: float) -> None:
        super().add(tokens, seconds)
        self.taken += 1
        if self.taken == 4:
            self.threads, self.done = self.offered, True


class Look(Watcher):
    """Sees how many threads work after each step, and stops at one, as Ctrl-C does."""

    def __init__(self, stop: tuple[int, int] = (0, 0)) -> None:
        self.stop = stop
        self.seen: list[tuple[int, int]] = []
        self.notes: list[str] = []

    def on_note(self, note: str) -> None:
        self.notes.append(note)

    def on_step(self, step: Step) -> None:
        self.seen.append((torch.get_num_threads(), engine.threads()))
        if (step.epoch, step.step) == self.stop:
            raise Interrupted("stopped")


@pytest.fixture
def two_offered() -> Iterator[None]:
    with on_threads(2):
        yield


def threads_in_config(folder: Path) -> object:
    return json.loads((folder / "config.json").read_text()).get("threads")


@pytest.mark.usefixtures("two_offered")
def test_the_choice_is_kept_recorded_and_said(
    tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("glassgate.train.loop.Trial", Decided)
    look = Look()
    outcome = train_language(corpus, Output(tmp_path / "m"), SETTINGS, watchers=[look])
    assert look.seen[:3] == [(1, 1), (1, 1), (2, 2)]
    assert set(look.seen[3:]) == {(2, 2)}
    assert len(look.notes) == 1
    assert look.notes[0].startswith("Threads: 2 of 2 (measured ")
    assert (outcome.threads, threads_in_config(tmp_path / "m")) == (2, 2)
    assert (torch.get_num_threads(), engine.threads()) == (2, 2)


@pytest.mark.usefixtures("two_offered")
def test_a_resumed_run_goes_on_with_what_was_chosen(
    tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("glassgate.train.loop.Trial", Decided)
    with pytest.raises(Interrupted):
        train_language(corpus, Output(tmp_path / "m"), SETTINGS, watchers=[Look((2, 2))])
    for wish, expected in ((None, 2), (3, 3)):
        look, output = Look((2, 3)), Output(tmp_path / "m", resume=True)
        with pytest.raises(Interrupted), on_threads(1):
            train_language(corpus, output, SETTINGS, threads=wish, watchers=[look])
        assert set(look.seen) == {(expected, expected)}
        assert look.notes == []
        assert threads_in_config(tmp_path / "m") == expected


def test_a_choice_after_the_first_epoch_is_in_the_config(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("glassgate.train.loop.Trial", Decided)
    (tmp_path / "short.txt").write_text("the boy saw the dog .\n" * 4)
    seen: list[object] = []

    class Read(Watcher):
        def on_epoch_end(self, epoch: Epoch) -> None:  # noqa: ARG002 - of the watcher's form
            seen.append(threads_in_config(tmp_path / "m"))

    settings = replace(SETTINGS, batch_size=4, epochs=4, patience=9)
    with on_threads(2):
        train_language(tmp_path / "short.txt", Output(tmp_path / "m"), settings, watchers=[Read()])
    assert seen[0] is None
    assert seen[-1] == 2


@pytest.mark.usefixtures("two_offered")
def test_only_who_asks_for_a_trial_has_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("glassgate.train.loop.Trial", None)
    said = [[1, 3, 5, 2], [1, 4, 5, 2]]
    task = SentenceTask(LanguageModel(8, "gru", 6, 8), said, said, SETTINGS)
    assert fit(task, SETTINGS).threads == 2
    with on_threads(1):
        assert fit(task, SETTINGS, try_threads=True).threads == 1


# On the command line --------------------------------------------------------------------------


@pytest.fixture
def working(monkeypatch: pytest.MonkeyPatch) -> set[tuple[int, int]]:
    """The threads of torch and of the engine in every training step."""
    seen: set[tuple[int, int]] = set()
    learn = Worker.learn

    def look(self: Worker, progress: float) -> None:
        seen.add((torch.get_num_threads(), engine.threads()))
        learn(self, progress)

    monkeypatch.setattr(Worker, "learn", look)
    return seen


@pytest.mark.parametrize("command", ["train language", "compare"])
def test_training_takes_the_threads_that_it_is_told(
    glassgate_: Run, tmp_path: Path, corpus: Path, working: set[tuple[int, int]], command: str
):
    more = ["--networks", "srn,gru", "--seeds", 1, "--workers", 1] if command == "compare" else []
    said = glassgate_(*command.split(), corpus, "-o", "m", *TINY, *more, "--threads", 2)
    assert said.code == 0
    assert working == {(2, 2)}
    folders = ("m/srn-0", "m/gru-0") if more else ("m",)
    assert [threads_in_config(tmp_path / folder) for folder in folders] == [2] * len(folders)


@pytest.mark.usefixtures("two_offered")
def test_a_study_measures_once_for_each_network(
    glassgate_: Run, corpus: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("glassgate.train.loop.Trial", Decided)
    study = ("--networks", "srn,gru", "--seeds", 3, "--workers", 1)
    said = glassgate_("compare", corpus, "-o", "m", *TINY, *study)
    notes = [line.split(":")[0] for line in said.err.splitlines() if "Threads: 2 of 2" in line]
    assert notes == ["srn-0", "gru-0"]


@pytest.mark.parametrize("given", [[], ["--threads", "2"]])
def test_a_report_runs_on_one_thread_unless_told(
    glassgate_: Run, trained: Path, monkeypatch: pytest.MonkeyPatch, given: list[str]
):
    asked: list[int] = []
    monkeypatch.setattr("glassgate.train.threads.set_threads", asked.append)
    text = ["--text", trained / "corpus.txt"]
    assert glassgate_("report", trained / "lines", *text, *given).code == 0
    assert asked == [2 if given else 1]


def test_score_runs_on_the_threads_that_it_is_told(
    glassgate_: Run, trained: Path, monkeypatch: pytest.MonkeyPatch
):
    asked: list[int] = []
    monkeypatch.setattr("glassgate.train.threads.set_threads", asked.append)
    text = trained / "corpus.txt"
    assert glassgate_("score", trained / "lines", text, "--threads", 2).code == 0
    assert asked == [2]


@pytest.mark.usefixtures("two_offered")
@pytest.mark.parametrize("model", ["lines", "stream"])
def test_score_measures_and_says_what_it_chose(
    glassgate_: Run, trained: Path, monkeypatch: pytest.MonkeyPatch, model: str
):
    text = trained / "corpus.txt"
    monkeypatch.setattr("glassgate.analysis.surprisal.MAX_TOKENS", 16)
    plain = glassgate_("score", trained / model, text, "--threads", 1)
    monkeypatch.setattr("glassgate.train.threads.Trial", Decided)
    said = glassgate_("score", trained / model, text)
    assert said.out == plain.out
    assert "Threads: 2 of 2" in said.err


def test_pieces_are_done_on_the_threads_of_the_trial():
    pace, seen = Pace(2), []
    with on_threads(1):
        while not pace.trial.done:
            with pace.piece(100):
                seen.append(torch.get_num_threads())
            assert len(seen) < 1000
        with pace.piece(100):
            assert torch.get_num_threads() == pace.trial.threads
    assert pace.has_measured
    assert seen[:4] == [1, 1, 1, 2]


@pytest.mark.parametrize("given", [[], ["--threads", "2"]])
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_experiments_run_on_one_thread_unless_told(
    glassgate_: Run, monkeypatch: pytest.MonkeyPatch, name: str, given: list[str]
):
    def refuse(_plan: object, _seeds: object, runner: Runner) -> None:
        raise BadInput(f"{runner.workers.threads} threads")

    monkeypatch.setattr(f"glassgate.experiments.{name}.experiment.run", refuse)
    said = glassgate_("experiment", name, *given)
    assert said.err == f"glassgate: {2 if given else 1} threads\n"


@pytest.mark.parametrize(
    "command", ["train language", "train classifier", "compare", "demo", "score", "report"]
)
def test_threads_out_of_range_are_refused_before_anything_is_read(glassgate_: Run, command: str):
    needed = {"demo": [], "score": ["m", "t.txt"], "report": ["m", "--text", "t.txt"]}
    given = needed.get(command, ["none.txt", "-o", "m"])
    for threads in (0, 257):
        said = glassgate_(*command.split(), *given, "--threads", threads)
        message = f"glassgate: threads must lie in 1..256, got {threads}\n"
        assert (said.code, said.err) == (2, message)
