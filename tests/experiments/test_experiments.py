"""What holds for every experiment."""

import pytest

from glassgate.experiments import EXPERIMENTS
from tests.conftest import Run


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_results_are_not_overwritten_unasked(glassgate_: Run, tmp_path, name):
    (tmp_path / name).mkdir()
    results = tmp_path / name / "results.json"
    results.write_text("mine")
    said = glassgate_("experiment", name)
    assert (said.code, said.out) == (2, "")
    assert "results.json already exists" in said.err
    assert results.read_text() == "mine"
