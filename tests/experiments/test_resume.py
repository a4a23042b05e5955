"""A stopped run goes on with the same numbers, and a quick run says that it is one."""

import json

import pytest

from glassgate.experiments import EXPERIMENTS
from glassgate.experiments.capacity import experiment as capacity
from glassgate.experiments.finished import Finished
from glassgate.experiments.learning import experiment as learning
from glassgate.experiments.regulators import experiment as regulators
from glassgate.experiments.runner import Runner
from glassgate.experiments.spans import experiment as spans
from glassgate.experiments.vanishing import experiment as vanishing
from glassgate.experiments.verdict import experiment as verdict
from glassgate.train.backends import LOKY, Workers
from tests.conftest import Run
from tests.experiments.test_capacity import TINY as TINY_CAPACITY
from tests.experiments.test_learning import TINY as TINY_LEARNING
from tests.experiments.test_regulators import TINY as TINY_REGULATORS
from tests.experiments.test_spans import TINY as TINY_SPANS
from tests.experiments.test_vanishing import TINY as TINY_VANISHING
from tests.experiments.test_workers import without_times
from tests.experiments.verdict.verdict_cases import TINY as TINY_VERDICT

pytestmark = pytest.mark.usefixtures("few_items", "few_conditions")


@pytest.fixture(autouse=True)
def _toy(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(EXPERIMENTS, "toy", "tests.experiments.toy")


def results_of(folder):
    return json.loads((folder / "toy" / "results.json").read_text())


@pytest.fixture
def stopped(glassgate_: Run, tmp_path):
    """Run the toy until its third seed, and return its folder."""
    (tmp_path / "rolls-off").touch()
    said = glassgate_("experiment", "toy")
    assert (said.code, said.err.splitlines()[-1]) == (
        130,
        "glassgate: stopped: repeat the command with --resume to continue",
    )
    (tmp_path / "rolls-off").unlink()
    return tmp_path


def test_a_stopped_run_keeps_its_pieces_and_goes_on(glassgate_: Run, stopped):
    pieces = stopped / "toy" / "pieces"
    kept = sorted(path.name for path in pieces.iterdir())
    assert [name.split("-seed-")[0] for name in kept] == ["run.json", "throw", "throw"]
    first = next(path for path in pieces.iterdir() if path.name.startswith("throw-seed-0"))
    first.write_text(json.dumps({"seed": 0, "eyes": 6}))  # what is finished is not done again
    said = glassgate_("experiment", "toy", "--resume")
    assert said.code == 0, said.err
    assert results_of(stopped)["throws"] == [6, 2, 3]
    assert not pieces.exists()


def test_seeds_can_be_added_when_a_run_goes_on(glassgate_: Run, stopped):
    assert glassgate_("experiment", "toy", "--resume", "--seeds", 4).code == 0
    assert results_of(stopped)["throws"] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "toy holds an unfinished run: name a new folder, or pass --resume or --overwrite"),
        (("--resume", "--overwrite"), "pass one of them"),
        (("--resume", "--sides=8"), "toy was begun with plan.sides 6, not 8"),
        (("--resume", "--quick"), "toy was begun with plan.sides 6, not 4"),
        (("--resume", "--output=new"), "new holds no unfinished run: there is nothing to resume"),
    ],
)
def test_a_run_that_cannot_go_on_is_refused_and_nothing_is_lost(
    glassgate_: Run, stopped, options, message
):
    before = {path: path.read_bytes() for path in stopped.rglob("*") if path.is_file()}
    said = glassgate_("experiment", "toy", *options)
    assert said.code == 2
    assert message in said.err
    assert {path: path.read_bytes() for path in stopped.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("content", ["{", "[1]", ""])
def test_damaged_files_are_refused(glassgate_: Run, stopped, content):
    pieces = stopped / "toy" / "pieces"
    piece = next(pieces.glob("throw*"))
    whole = piece.read_text()
    piece.write_text(content)
    said = glassgate_("experiment", "toy", "--resume")
    assert said.code == 2
    assert "is damaged, expected a JSON object: delete it to run this piece again" in said.err
    piece.write_text(whole)
    (pieces / "run.json").write_text(content)
    said = glassgate_("experiment", "toy", "--resume")
    assert said.code == 2
    assert "run.json is damaged, expected a JSON object: pass --overwrite" in said.err


def test_overwriting_starts_again(glassgate_: Run, stopped):
    for path in (stopped / "toy" / "pieces").glob("throw*"):
        path.write_text(json.dumps({"seed": 0, "eyes": 99}))
    assert glassgate_("experiment", "toy", "--overwrite").code == 0
    assert results_of(stopped)["throws"] == [1, 2, 3]


def test_a_run_stopped_before_anything_is_kept_says_nothing_of_resuming(
    glassgate_: Run, monkeypatch
):
    def stop(*_arguments, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr("tests.experiments.toy.Toy.run", stop)
    said = glassgate_("experiment", "toy")
    assert (said.code, said.err.splitlines()[-1]) == (130, "glassgate: stopped")


def test_a_run_refused_before_anything_is_kept_leaves_nothing(glassgate_: Run, tmp_path):
    (tmp_path / "no-table").write_text("0")
    said = glassgate_("experiment", "toy")
    assert (said.code, said.err.splitlines()[-1]) == (2, "glassgate: a die needs a table")
    assert not (tmp_path / "toy").exists()
    (tmp_path / "no-table").write_text("1")  # what is finished stays
    assert glassgate_("experiment", "toy").code == 2
    kept = [path.name[:12] for path in (tmp_path / "toy" / "pieces").iterdir()]
    assert sorted(kept) == ["run.json", "throw-seed-0"]


def test_a_quick_run_says_that_it_is_one(glassgate_: Run, tmp_path):
    assert glassgate_("experiment", "toy", "--quick").code == 0
    assert (results_of(tmp_path)["quick"], results_of(tmp_path)["sides"]) == (True, 4)
    assert "This is a quick run" in (tmp_path / "toy" / "report.html").read_text()


@pytest.mark.parametrize(
    ("experiment", "plan"),
    [
        (capacity, TINY_CAPACITY),
        (learning, TINY_LEARNING),
        (regulators, TINY_REGULATORS),
        (spans, TINY_SPANS),
        (vanishing, TINY_VANISHING),
        (verdict, TINY_VERDICT),
    ],
    ids=["capacity", "learning", "regulators", "spans", "vanishing", "verdict"],
)
def test_kept_pieces_give_the_numbers_of_an_unbroken_run(experiment, plan, tmp_path):
    unbroken = experiment.run(plan, (3, 4))
    runner = Runner(Workers(1, LOKY, 1), finished=Finished(tmp_path, {}))
    whole = experiment.run(plan, (3, 4), runner)
    pieces = sorted((tmp_path / "pieces").glob("*seed*"))
    assert len(pieces) >= 2  # one is kept, another done again
    for path in pieces[::2]:
        path.unlink()
    resumed = experiment.run(plan, (3, 4), runner)
    for other in (whole, resumed):
        assert json.dumps(without_times(other)) == json.dumps(without_times(unbroken))
