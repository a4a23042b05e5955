"""What the page's programs compute, compared with Python by Node's own test runner; no npm."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.explorer.golden import write_golden

ROOT = Path(__file__).parents[2]
OLDEST = 20  # major version of Node


def node() -> str:
    """Return the path of Node; skip the test where there is none, or one that is too old."""
    path = shutil.which("node")
    if path is None:
        pytest.skip(f"needs Node {OLDEST} or later, which is not installed")
    version = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.strip().removeprefix("v").partition(".")[0]) < OLDEST:
        pytest.skip(f"needs Node {OLDEST} or later, got {version.strip()}")
    return path


def test_the_page_computes_what_python_computes(tmp_path: Path):
    files = sorted((ROOT / "tests" / "explorer" / "web").glob("*.test.js"))
    program = node()
    write_golden(tmp_path)
    result = subprocess.run(
        [program, "--test", "--test-reporter=spec", *files],
        env=os.environ | {"GLASSGATE_GOLDEN": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    _, _, failures = result.stdout.partition("failing tests:")
    assert result.returncode == 0, failures or result.stdout + result.stderr


def test_the_tools_are_pinned_without_an_address_of_their_registry():
    text = (ROOT / "package-lock.json").read_text(encoding="utf-8")
    assert "integrity" in text
    assert "resolved" not in text
