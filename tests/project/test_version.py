"""The version stands in one place, and what is built or written elsewhere agrees with it."""

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import glassgate

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_the_package_is_built_with_its_own_version():
    assert "version" not in PROJECT["project"]
    assert PROJECT["project"]["dynamic"] == ["version"]
    (source,) = PROJECT["tool"]["dynamic-metadata"]
    assert source["field"] == "version"
    assert ROOT / source["input"] == Path(glassgate.__file__)


def test_the_installed_version_is_that_of_the_sources():
    assert version("glassgate") == glassgate.__version__


def test_the_newest_entry_of_the_changes_is_this_version():
    heading = re.search(r"^## (\S+?),? ", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert heading is not None
    assert heading[1] == glassgate.__version__
