"""The verdict experiment from end to end."""

import json
from dataclasses import replace

import pytest
import torch

from glassgate.analysis.intervals import TWO_SEEDS_WARNING
from glassgate.experiments.verdict import experiment
from glassgate.experiments.verdict.answers import answers
from glassgate.experiments.verdict.holds import HOLDS
from glassgate.experiments.verdict.page import page
from glassgate.pages.content import Chart
from tests.experiments.verdict.verdict_cases import TINY
from tests.pages.page_parts import downloads, parse


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(experiment, "MADE_UP", TINY)
    monkeypatch.setattr(experiment, "REAL", replace(TINY, test_reviews=54))


def test_the_command_writes_what_it_prints(glassgate_, tiny, tmp_path):
    threads = torch.get_num_threads()
    command = "experiment verdict --sentences 3 --seed 2 --seeds 2 --output out"
    said = glassgate_(*command.split())
    assert said.code == 0, said.err
    assert torch.get_num_threads() == threads
    assert len(said.err.splitlines()) == 4  # two networks, two seeds
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert (tmp_path / "out" / "verdict.png").read_bytes().startswith(b"\x89PNG")
    assert results["command"] == f"glassgate {command}"
    assert results["seeds"] == [2, 3]
    assert results["files"] == {}
    assert TWO_SEEDS_WARNING in " ".join(said.out.split())
    assert TWO_SEEDS_WARNING in parse((tmp_path / "out" / "report.html").read_text()).text
    assert {"glassgate", "python", "torch", "numpy"} <= set(results["versions"])
    assert results["plan"]["sentences"] == 3
    assert results["plan"]["training"]["hidden_size"] == 6
    assert [network["name"] for network in results["networks"]] == ["srn", "gru"]
    for network in results["networks"]:
        for group in ("by_place", "by_distance", "by_negation"):
            rows = network[group]
            assert sum(row["n"] for row in rows) == 216
            right = sum(row["n"] * row["accuracy"] for row in rows) / 216
            assert right == pytest.approx(network["accuracy"]["accuracy"])
        assert f"{network['by_place'][0]['accuracy']:.1%}" in said.out
    assert len(results["gates"]) == 7
    assert len(results["runs"][0]["gates"]["units"]) == 6
    assert len(results["statements"]) == 7
    assert [row["held"] for row in results["held"]] == list(HOLDS)
    early = results["networks"][1]["by_place"][0]
    assert results["held"][0]["accuracy"] == early["accuracy"]  # nothing held is as it was
    content = page(results)
    assert any(isinstance(section.body, Chart) for section in content.sections)
    assert "2 and 3" in (tmp_path / "out" / "report.html").read_text()
    _assert_page(parse((tmp_path / "out" / "report.html").read_text()), results)


def _assert_page(html, results):
    """Every sentence is on the page, and the document's review with the gates of each word."""
    for sentence in (*answers(results), "composed of the same sentences as the training reviews"):
        assert sentence in html.text
    for review in results["reviews"]:
        where = {"end": "at the end", "start": "at the start"}[review["place"]]
        (shown,) = [
            s
            for s in html.all("section")
            if s.one("h2").text == f"The document's review, its verdict {where}"
        ]
        assert f"{review['by_part'][0]['reset']:.3f}" in shown.text
        assert f"{review['probability']:.3f}" in shown.text
        (reset, kept) = downloads(shown).values()
        assert len(reset) == len(kept) == len(review["words"]) * 6
        for row in kept:
            step, unit = int(row["step"]), int(row["unit"])
            assert row["word"] == review["words"][step]
            assert float(row["kept"]) == review["kept"][step][unit]


def test_results_are_overwritten_when_asked(glassgate_, tiny, tmp_path):
    (tmp_path / "verdict").mkdir()
    results = tmp_path / "verdict" / "results.json"
    results.write_text("mine")
    said = glassgate_("experiment", "verdict", "--seeds", 3, "--overwrite")
    assert said.code == 0
    assert TWO_SEEDS_WARNING not in " ".join(said.out.split())  # three are more
    assert json.loads(results.read_text())["experiment"] == "verdict"


def test_a_file_for_a_folder_is_refused(glassgate_, tiny, tmp_path):
    (tmp_path / "taken").write_text("")
    said = glassgate_("experiment", "verdict", "--output", "taken")
    assert said.code == 2
    assert "taken is a file, expected a folder" in said.err


def test_a_run_depends_on_its_seeds_alone():
    def numbers(seed: int) -> str:
        results = experiment.run(TINY, (seed, seed + 1))
        for network in (one for run in results["runs"] for one in run["networks"]):
            del network["train_seconds"], network["tokens_per_second"]
        return json.dumps(results)

    assert numbers(5) == numbers(5)
    assert numbers(5) != numbers(6)
