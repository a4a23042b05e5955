"""The doors of pages, reports and benchmarks: light to import, and clear about a missing extra."""

import subprocess
import sys
from importlib import import_module

import pytest

DOORS = ["glassgate.pages", "glassgate.analysis.report", "glassgate.speed"]
IMPORTED = """
import sys, {door}
print(*sorted({{"torch", "plotly", "matplotlib", "jinja2"}} & set(sys.modules)))
"""
WITHOUT_PLOTLY = """
import sys
sys.modules["plotly"] = None
from glassgate.pages import Chart, content_page
"""


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


@pytest.mark.parametrize("door", DOORS)
def test_every_public_name_can_be_imported(door: str):
    module = import_module(door)
    assert module.__all__ == sorted(module.__all__)
    for name in module.__all__:
        assert getattr(module, name) is not None
    assert set(module.__all__) <= set(dir(module))


def test_pages_and_speed_import_nothing_heavy():
    for door in ("glassgate.pages", "glassgate.speed"):
        result = run_python(IMPORTED.format(door=door))
        assert (result.returncode, result.stdout) == (0, "\n")


def test_a_missing_package_is_named_with_the_extra_that_brings_it():
    result = run_python(WITHOUT_PLOTLY)
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1] == (
        "ModuleNotFoundError: glassgate.pages.content_page needs plotly, which is not installed: "
        "run pip install 'glassgate[plot]'"
    )
