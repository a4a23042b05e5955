"""The doors of packages: names that come when they are used, and the extra that they need."""

import importlib
import pkgutil
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

from glassgate.doors import EXTRAS

ROOT = Path(__file__).parents[2]
DOOR = """
from glassgate.doors import lazy

ready = 1
NAMES = {"answer": "light", "whole": "whole", "deep": "inner.deepest", "fit": "heavy"}
__getattr__, __dir__ = lazy(__name__, NAMES)
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    files = {
        "__init__": DOOR,
        "light": "answer = 42",
        "whole": "part = 'of it'",
        "inner/__init__": "",
        "inner/deepest": "deep = 'down'",
        "heavy": "import no_such_package.part\nfit = 1",
    }
    (tmp_path / "room" / "inner").mkdir(parents=True)
    for name, text in files.items():
        (tmp_path / "room" / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.split(".")[0] == "room"]:
        monkeypatch.delitem(sys.modules, name)
    return importlib.import_module("room")


def test_a_name_is_imported_when_it_is_used_and_not_before(package: ModuleType):
    assert "room.light" not in sys.modules
    assert package.answer == 42
    assert "room.light" in sys.modules
    assert package.deep == "down"


def test_a_name_equal_to_its_submodule_is_the_submodule_however_it_was_imported(
    package: ModuleType,
):
    assert package.whole.part == "of it"
    assert importlib.import_module("room.whole") is package.whole


def test_a_door_lists_what_it_has_and_what_it_can_import(package: ModuleType):
    assert {"answer", "deep", "fit", "ready", "whole"} <= set(dir(package))
    assert "room.light" not in sys.modules


def test_an_unknown_name_is_an_attribute_error(package: ModuleType):
    with pytest.raises(AttributeError, match=r"^module 'room' has no attribute 'unknown'$"):
        _ = package.unknown
    assert not hasattr(package, "other")


def test_a_missing_package_names_the_extra_that_brings_it(
    package: ModuleType, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(EXTRAS, "train", ("no_such_package",))
    message = (
        "room.fit needs no_such_package, which is not installed: run pip install 'glassgate[train]'"
    )
    with pytest.raises(ModuleNotFoundError) as attribute:
        _ = package.fit
    with pytest.raises(ModuleNotFoundError) as imported:
        from room import fit  # noqa: F401
    assert str(attribute.value) == str(imported.value) == message
    assert attribute.value.name == "no_such_package"


def test_a_missing_module_of_its_own_is_no_matter_of_extras(package: ModuleType, tmp_path: Path):
    (tmp_path / "room" / "heavy.py").write_text("import room.no_such_module")
    with pytest.raises(ModuleNotFoundError, match=r"^No module named 'room.no_such_module'$"):
        _ = package.fit


@pytest.mark.parametrize("room", ["glassgate.grammar", "glassgate.train"])
def test_every_public_name_opens_and_none_hides_a_submodule(room: str):
    door = importlib.import_module(room)
    submodules = {module.name for module in pkgutil.iter_modules(door.__path__)}
    assert not submodules & set(door.__all__)
    for name in door.__all__:
        assert getattr(door, name) is not None


def test_without_torch_the_training_door_names_its_extra():
    code = (
        "import sys; sys.modules['torch'] = None; import glassgate.train as train\n"
        "print(train.Settings().network)\n"
        "try: train.fit\n"
        "except ModuleNotFoundError as error: print(error)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines() == [
        "gru",
        "glassgate.train.fit needs torch, which is not installed: "
        "run pip install 'glassgate[train]'",
    ]


def test_the_extras_are_those_that_the_project_declares():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for extra, packages in EXTRAS.items():
        names = {re.split(r"[><=\[]", one)[0] for one in declared["optional-dependencies"][extra]}
        assert {name.replace("scikit-learn", "sklearn") for name in names} == set(packages)
