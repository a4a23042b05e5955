"""Seeds side by side: the results are those of one after the other, to the bit."""

import json

import pytest

from glassgate.experiments.capacity import experiment as capacity
from glassgate.experiments.runner import Runner
from glassgate.experiments.vanishing import experiment as vanishing
from glassgate.experiments.verdict import experiment as verdict
from glassgate.train.backends import LOKY, Workers
from tests.experiments.test_capacity import TINY as TINY_CAPACITY
from tests.experiments.test_vanishing import TINY as TINY_VANISHING
from tests.experiments.verdict.verdict_cases import TINY as TINY_VERDICT

MEASURED = ("train_seconds", "tokens_per_second")  # and never the same twice


def without_times(value: object) -> object:
    if isinstance(value, dict):
        return {key: without_times(own) for key, own in value.items() if key not in MEASURED}
    return [without_times(own) for own in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("experiment", "plan"),
    [(capacity, TINY_CAPACITY), (vanishing, TINY_VANISHING), (verdict, TINY_VERDICT)],
    ids=["capacity", "vanishing", "verdict"],
)
@pytest.mark.usefixtures("few_conditions")
def test_two_workers_find_what_one_does(experiment, plan):
    alone = experiment.run(plan, (3, 4))
    together = experiment.run(plan, (3, 4), Runner(Workers(2, LOKY, 1)))
    assert json.dumps(without_times(together)) == json.dumps(without_times(alone))


def test_the_command_takes_workers_and_says_what_each_training_reached(
    glassgate_, tmp_path, monkeypatch
):
    monkeypatch.setattr(vanishing, "Plan", lambda **_: TINY_VANISHING)
    said = glassgate_("experiment", "vanishing", "--seeds", 2, "--workers", 2)
    assert said.code == 0, said.err
    reached = [line for line in said.err.splitlines() if "held-out loss" in line]
    assert len(reached) == 2 * 6 * 2  # lines of progress come in between where it takes long
    assert (tmp_path / "vanishing" / "results.json").exists()


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--workers=0", "workers must be a whole number from 1 to 1024, got 0"),
        ("--backend=slurm", "backend must be one of loky, dask, ray, got 'slurm'"),
    ],
)
def test_workers_that_there_are_not_are_refused(glassgate_, tmp_path, option, message):
    said = glassgate_("experiment", "capacity", option)
    assert said.code == 2
    assert message in said.err
    assert not (tmp_path / "capacity").exists()
