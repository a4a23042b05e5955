"""The verdict experiment from end to end."""

import json
from dataclasses import replace

import pytest

from glassgate.analysis.intervals import TWO_SEEDS_WARNING
from glassgate.experiments.verdict import experiment
from glassgate.experiments.verdict.conditions import FIRST, LAST, MADE_UP, SRN_FIRST
from glassgate.experiments.verdict.wording import SHORT
from tests.experiments.test_workers import without_times
from tests.experiments.verdict.verdict_cases import TINY
from tests.pages.page_parts import downloads, parse


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(experiment, "MADE_UP_PLAN", TINY)
    monkeypatch.setattr(experiment, "MADE_UP", (LAST, FIRST, SRN_FIRST))


def test_the_command_writes_what_it_prints(glassgate_, tiny, tmp_path):
    command = "experiment verdict --sentences 3 --seed 2 --seeds 2 --output out"
    said = glassgate_(*command.split())
    assert said.code == 0, said.err
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert (tmp_path / "out" / "verdict.png").read_bytes().startswith(b"\x89PNG")
    assert results["command"] == f"glassgate {command}"
    assert results["seeds"] == [2, 3]
    assert TWO_SEEDS_WARNING in " ".join(said.out.split())
    assert results["plan"]["sentences"] == 3
    assert [c["id"] for c in results["conditions"]] == [LAST.id, FIRST.id, SRN_FIRST.id]
    for condition in results["conditions"]:
        (row,) = condition["accuracy"]
        runs = [run["accuracy"][0] for run in condition["runs"]]
        assert row["accuracy"]["mean"] == pytest.approx(sum(r["accuracy"] for r in runs) / 2)
        assert {r["n"] for r in runs} == {24}
        assert f"{row['accuracy']['mean']:.1%}" in said.out
        assert [run["gates"] is None for run in condition["runs"]] == [
            condition["network"] == "srn"
        ] * 2
    assert [run["shown"] is None for run in results["conditions"][0]["runs"]] == [False, True]
    assert {claim["confirmed"] for claim in results["claims"]} <= {"yes", "no", "undecided"}
    html = parse((tmp_path / "out" / "report.html").read_text())
    assert "washing out the past" in html.text
    assert TWO_SEEDS_WARNING in html.text


def test_the_page_shows_a_review_word_by_word_and_judges_the_claims(glassgate_, tiny, tmp_path):
    """Where the networks learn: a verdict of one word last, next to the answer."""
    learns = replace(TINY.settings, hidden_size=8, epochs=20, learning_rate=0.02)
    experiment.MADE_UP_PLAN = replace(TINY, train_reviews=240, settings=learns)
    said = glassgate_("experiment", "verdict", "--seeds", 3)
    assert said.code == 0, said.err
    results = json.loads((tmp_path / "verdict" / "results.json").read_text())
    claims = {claim["id"]: claim for claim in results["claims"]}
    assert claims[f"{LAST.id}:learned-last"]["confirmed"] == "yes"
    assert f"{LAST.id}:washed-out" in claims
    html = parse((tmp_path / "verdict" / "report.html").read_text())
    (shown,) = [
        section
        for section in html.all("section")
        if section.one("h2").text == "One review, word by word: verdict last, one word"
    ]
    review = results["conditions"][0]["runs"][0]["shown"]
    kept, reset = downloads(shown).values()
    assert len(reset) == len(kept) == len(review["words"]) * 8
    for row in kept:
        step, unit = int(row["step"]), int(row["unit"])
        assert row["word"] == review["words"][step]
        assert float(row["kept"]) == review["kept"][step][unit]
    for claim in results["claims"]:
        assert SHORT[claim["id"].split(":")[1]] in html.text
        assert "{:.3f} to {:.3f}".format(*claim["interval"]) in html.text
    opening = html.all("section")[0].text
    assert "What is true of it, and where" in opening
    assert "The past is washed out" in opening


def test_more_sentences_than_there_are_is_refused_before_anything_begins(glassgate_, tmp_path):
    said = glassgate_("experiment", "verdict", "--quick", "--sentences", 100_000)
    assert said.code == 2
    assert "sentences must be from 2 to 720, got 100000" in said.err
    assert not (tmp_path / "verdict").exists()


def test_conditions_have_names_of_their_own():
    names = [condition.id for condition in MADE_UP]
    assert len(set(names)) == len(names) == 17
    assert LAST.id == "last-word-distractors-gru-torch-after"


def test_results_are_overwritten_when_asked(glassgate_, tiny, tmp_path):
    (tmp_path / "verdict").mkdir()
    results = tmp_path / "verdict" / "results.json"
    results.write_text("mine")
    said = glassgate_("experiment", "verdict", "--seeds", 3, "--overwrite")
    assert said.code == 0
    assert TWO_SEEDS_WARNING not in " ".join(said.out.split())  # three are more
    assert json.loads(results.read_text())["experiment"] == "verdict"


def test_a_run_depends_on_its_seeds_alone(tiny):
    def numbers(seed: int) -> str:
        return json.dumps(without_times(experiment.run(TINY, (seed, seed + 1))))

    assert numbers(5) == numbers(5)
    assert numbers(5) != numbers(6)
