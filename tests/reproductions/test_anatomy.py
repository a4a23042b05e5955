"""The one anatomy of reproductions: that of experiments, a source, and contracts for all."""

import dataclasses
import importlib
import inspect
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import get_args

import pytest

from glassgate.errors import BadInput
from glassgate.experiments import load
from glassgate.experiments.common import Option
from glassgate.reproductions import REPRODUCTIONS, Reproduction
from tests.conftest import Run

ROOT = Path(__file__).parents[2]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
each_reproduction = pytest.mark.parametrize("name", REPRODUCTIONS)


@each_reproduction
def test_a_reproduction_satisfies_the_protocol(name):
    reproduction = load(name, REPRODUCTIONS)
    assert isinstance(reproduction, Reproduction)
    assert reproduction.name == name
    first, empty, *rest = inspect.cleandoc(reproduction.question).splitlines()
    assert first.startswith("Ask ")
    assert first.endswith(".")
    assert empty == ""
    assert rest
    assert reproduction.examples
    assert all(line.startswith(f"glassgate reproduce {name}") for line in reproduction.examples)
    assert reproduction.seeds >= 2
    assert reproduction.preparing


@each_reproduction
def test_a_reproduction_names_its_paper_and_its_duration(name):
    reproduction = load(name, REPRODUCTIONS)
    assert re.search(r" (19|20)\d\d\b", reproduction.source)
    assert re.fullmatch(r"about (\d+ minutes|an hour)", reproduction.duration)


@each_reproduction
def test_a_plan_is_frozen_checked_and_made_of_options_that_have_defaults(name):
    reproduction = load(name, REPRODUCTIONS)
    plan = reproduction.plan()
    assert dataclasses.is_dataclass(plan)
    with pytest.raises(dataclasses.FrozenInstanceError):
        plan.settings = None
    for field in dataclasses.fields(plan):
        if field.type == "int":
            with pytest.raises(BadInput, match=f"{field.name} must be a whole number "):
                dataclasses.replace(plan, **{field.name: 0})
    for parameter in inspect.signature(reproduction.plan).parameters.values():
        _, option = get_args(parameter.annotation)
        assert isinstance(option, Option)
        assert parameter.default is not inspect.Parameter.empty
    json.dumps(plan.to_json())
    assert reproduction.quick(plan) != plan


@each_reproduction
def test_a_folder_has_its_parts_and_its_door_opens_all_that_it_names(name):
    package = REPRODUCTIONS[name]
    door = importlib.import_module(package)
    assert door.__doc__.split("\n")[0].endswith(("?", "."))
    for file in ("results", "experiment", "summary", "page"):
        assert f"`{file}.py`" in door.__doc__
        importlib.import_module(f"{package}.{file}")
    assert all(hasattr(door, public) for public in door.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        door.nothing  # noqa: B018 - the look-up is what is tested


def test_no_reproduction_is_left_out_of_the_contract_that_they_are_independent():
    (contract,) = (
        each for each in CONTRACTS["contracts"] if each["name"] == "No reproduction imports another"
    )
    assert sorted(contract["modules"]) == sorted(REPRODUCTIONS.values())


def test_describing_the_reproductions_loads_no_torch():
    code = (
        "import sys; from glassgate.experiments import load; "
        "from glassgate.reproductions import REPRODUCTIONS; "
        "[load(name, REPRODUCTIONS).question for name in REPRODUCTIONS]; "
        "print('torch' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


# On the command line ------------------------------------------------------------------------------


def test_without_a_name_the_command_lists_what_there_is(glassgate_: Run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "400")
    said = glassgate_("reproduce")
    assert said.code == 0, said.err
    for name in REPRODUCTIONS:
        reproduction = load(name, REPRODUCTIONS)
        (row,) = (line for line in said.out.splitlines() if line.split()[:1] == [name])
        assert reproduction.source.partition(",")[0] in row  # long cells have several lines
        assert reproduction.duration in row
    assert "glassgate reproduce NAME runs one; --quick takes one or two minutes." in said.out


@each_reproduction
def test_the_help_has_the_question_and_the_examples(glassgate_: Run, name, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    said = glassgate_("reproduce", name, "--help")
    assert said.code == 0
    reproduction = load(name, REPRODUCTIONS)
    for line in inspect.cleandoc(reproduction.question).splitlines():
        assert line in said.out
    for example in reproduction.examples:
        assert example in said.out


def test_a_reproduction_that_is_not_registered_is_no_command(glassgate_: Run):
    said = glassgate_("reproduce", "nothing")
    assert said.code == 2
    assert "No such command 'nothing'" in said.err
