"""The one anatomy of experiments: what each must have, and what the command line makes of it."""

import dataclasses
import importlib
import inspect
import json
import subprocess
import sys
from importlib.metadata import version
from typing import get_args

import pytest

from glassgate.errors import BadInput
from glassgate.experiments import EXPERIMENTS, load
from glassgate.experiments.common import Experiment, Option
from tests.conftest import Run

each_experiment = pytest.mark.parametrize("name", EXPERIMENTS)


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch):
    """Register the toy experiment, by one line."""
    monkeypatch.setitem(EXPERIMENTS, "toy", "tests.experiments.toy")


# Every registered experiment ----------------------------------------------------------------------


@each_experiment
def test_an_experiment_satisfies_the_protocol(name):
    experiment = load(name)
    assert isinstance(experiment, Experiment)
    assert experiment.name == name
    first, empty, *rest = inspect.cleandoc(experiment.question).splitlines()
    assert first.startswith("Ask ")
    assert first.endswith(".")
    assert empty == ""
    assert rest
    assert len(experiment.examples) >= 1
    assert all(line.startswith(f"glassgate experiment {name}") for line in experiment.examples)
    assert experiment.seeds >= 2
    assert experiment.preparing


@each_experiment
def test_a_plan_is_frozen_checked_and_made_of_options_that_have_defaults(name):
    experiment = load(name)
    plan = experiment.plan()
    assert dataclasses.is_dataclass(plan)
    with pytest.raises(dataclasses.FrozenInstanceError):
        plan.settings = None
    for field in dataclasses.fields(plan):
        if field.type == "int":
            with pytest.raises(BadInput, match=f"{field.name} must be a whole number "):
                dataclasses.replace(plan, **{field.name: 0})
    for parameter in inspect.signature(experiment.plan).parameters.values():
        _, option = get_args(parameter.annotation)
        assert isinstance(option, Option)
        assert parameter.default is not inspect.Parameter.empty
    json.dumps(plan.to_json())


@each_experiment
def test_a_folder_has_its_parts_and_its_door_opens_all_that_it_names(name):
    package = EXPERIMENTS[name]
    door = importlib.import_module(package)
    assert door.__doc__.split("\n")[0].endswith(("?", "."))
    for file in ("results", "experiment", "summary", "page"):
        assert f"`{file}.py`" in door.__doc__
        importlib.import_module(f"{package}.{file}")
    assert all(hasattr(door, public) for public in door.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        door.nothing  # noqa: B018 - the look-up is what is tested


def test_describing_the_experiments_loads_no_torch():
    code = (
        "import sys; from glassgate.experiments import EXPERIMENTS, load; "
        "[load(name).question for name in EXPERIMENTS]; print('torch' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


@each_experiment
def test_the_help_has_the_question_and_the_examples(glassgate_: Run, name, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    said = glassgate_("experiment", name, "--help")
    assert said.code == 0
    experiment = load(name)
    for line in inspect.cleandoc(experiment.question).splitlines():
        assert line in said.out
    for example in experiment.examples:
        assert example in said.out


# A new experiment ---------------------------------------------------------------------------------


def test_one_line_makes_a_command_with_page_picture_and_results(glassgate_: Run, toy, tmp_path):
    assert isinstance(load("toy"), Experiment)
    assert "Ask how a die falls." in glassgate_("experiment", "--help").out
    said = glassgate_("experiment", "toy", "--sides", 4, "--seed", 5, "--seeds", 2)
    assert said.code == 0, said.err
    results = json.loads((tmp_path / "toy" / "results.json").read_text())
    assert list(results) == [
        *("experiment", "command", "versions", "quick", "seeds", "sides", "throws")
    ]
    assert results["experiment"] == "toy"
    assert results["versions"]["scipy"] == version("scipy")  # which the toy says that it uses
    assert results["command"] == "glassgate experiment toy --sides 4 --seed 5 --seeds 2"
    assert (results["seeds"], results["throws"]) == ([5, 6], [2, 3])
    assert (tmp_path / "toy" / "toy.png").read_bytes().startswith(b"\x89PNG")
    page = (tmp_path / "toy" / "report.html").read_text()
    assert "How does a die fall?" in page
    assert results["command"] in page
    assert "5 and 6" in page
    assert "Intervals over two seeds say little" in page
    assert said.out.endswith("toy holds report.html, toy.png and results.json\n")
    assert "throw" in said.out


@pytest.mark.parametrize(
    ("option", "message"),
    [("--sides=13", "sides must not be 13"), ("--sides=1", "--sides"), ("--seeds=1", "--seeds")],
)
def test_a_plan_that_is_out_of_range_is_refused(glassgate_: Run, toy, tmp_path, option, message):
    said = glassgate_("experiment", "toy", option)
    assert said.code == 2
    assert message in said.err
    assert not (tmp_path / "toy").exists()


def test_an_experiment_that_is_not_registered_is_no_command(glassgate_: Run):
    said = glassgate_("experiment", "toy")
    assert said.code == 2
    assert "No such command 'toy'" in said.err
