"""What the pages show runs, and their figures are those that were measured."""

import doctest
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from glassgate.experiments.demo.summary import accuracy_at
from glassgate.experiments.demo.tables import overview, phrase_table
from glassgate.grammar.grammar import Grammar

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
DEMO = json.loads((ROOT / "docs" / "demo.json").read_text())
SPEED = (ROOT / "docs" / "speed.json").read_text()
NETWORKS = {network["name"]: network for network in DEMO["networks"]}
EXAMPLES = sorted(ROOT.glob("examples/*.py"))
DOORS = {
    "glassgate",
    *(
        f"glassgate.{door}"
        for door in ["nn", "engine", "inside", "exchange", "analysis", "train", "pages", "grammar"]
    ),
    *(f"glassgate.exchange.{door}" for door in ["arrays", "keras", "onnx", "pytorch"]),
}
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md")] + sorted(ROOT.glob("docs/*.md"))


RUN = [page for page in PAGES if re.search(r"^ *>>> |^```console", page.read_text(), re.M)]


@pytest.mark.parametrize("page", RUN, ids=lambda page: page.name)
def test_a_page_runs_from_top_to_bottom(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Its commands first, in order; then its Python, in the folder that they have filled."""
    monkeypatch.chdir(tmp_path)
    for command in _commands(page):
        done = _run(command, tmp_path)
        assert done.returncode == 0, f"{command}\n{done.stderr}"
    failures, _ = doctest.testfile(str(page), module_relative=False)
    assert failures == 0


def _commands(page: Path) -> list[str]:
    blocks = re.findall(r"```console\n(.*?)```", page.read_text(), re.S)
    return re.findall(r"^\$ ((?:.*\\\n)*.+)$", "\n".join(blocks), re.M)


def _run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
    )


def test_the_pages_that_teach_run_something():
    names = {page.name for page in RUN}
    assert names >= {"README.md", "tutorial.md", "modellers.md", "engineers.md", "trainers.md"}
    assert names >= {"engine.md", "exchange.md", "inside.md"}
    assert len(_commands(ROOT / "README.md")) >= 5


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_on_a_page_imports_from_doors_alone(page: Path):
    imports = re.findall(
        r"^ *(?:>>> |\.\.\. )?from (glassgate[\w.]*) import", page.read_text(), re.M
    )
    assert set(imports) <= DOORS


@pytest.mark.parametrize("script", EXAMPLES, ids=lambda script: script.stem)
def test_an_example_runs_and_is_short(script: Path, tmp_path: Path):
    lines = script.read_text().splitlines()
    assert 20 <= len(lines) <= 40
    done = _run(f"{sys.executable} -W error {script}", tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout
    imports = re.findall(r"^from (glassgate[\w.]*) import", script.read_text(), re.M)
    assert set(imports) <= DOORS


def test_the_table_of_speeds_is_that_of_the_numbers_beside_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    from update_speed import SHOWN, table

    kept = json.loads((ROOT / "docs" / "speed.json").read_text())
    assert table(kept) in (ROOT / "docs" / "engine.md").read_text()
    assert table(kept, SHOWN) in README


def test_the_numbers_that_sell_are_measured():
    works = {work["name"]: work["medians"] for work in json.loads(SPEED)["works"]}
    step, training = works["step H=64"], works["training T=100 B=32 H=128"]
    ours, theirs = step["glassgate"] * 1e6, step["torch.nn.GRU"] * 1e6
    assert f"takes {ours:.2f} µs (`torch.nn.GRU`: {theirs:.0f} µs)" in _flat(README)
    times = training["torch.nn.GRU"] / training["glassgate"]
    assert f"trains {times:.1f} times as fast" in _flat(README)
    srn, gru = (accuracy_at(NETWORKS[name]["agreement"], 10) for name in ("srn", "gru"))
    assert f"{srn:.1%} of such choices across ten words and more, the GRU {gru:.1%}" in _flat(
        README
    )
    rows = (ROOT / "docs" / "experiments.md").read_text().splitlines()
    free, held = (
        next(row.split("|") for row in rows if row.startswith(start))
        for start in ("| none | | |", "| longest | forget |")
    )
    far = [f"{float(row[-4]):.1%}" for row in (free, held)]  # ten words and more
    assert f"falls from {far[0]} to {far[1]}" in _flat(README)


def _flat(text: str) -> str:
    return " ".join(text.split())


def test_links_between_the_pages_lead_somewhere():
    for page in PAGES:
        prose = re.sub(r"```.*?```|`[^`]*`|^    .*?$", "", page.read_text(), flags=re.S | re.M)
        for target in re.findall(r"\]\(([^)#:]+)\)", prose):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.mark.parametrize("page", ["README.md", "docs/demo.md"])
def test_the_phrase_on_a_page_is_answered_as_in_the_numbers_of_the_demo(page: str):
    text, phrase = (ROOT / page).read_text(), DEMO["phrase"]
    table = text.split("<!-- phrase:begin -->")[1].split("<!-- phrase:end -->")[0]
    for row in phrase_table(phrase).rows:
        assert "| " + " | ".join(row) + " |" in table
    printed = text.split("<!-- predict:begin -->")[1].split("<!-- predict:end -->")[0]
    free, held = (
        next(
            p["probabilities"]
            for p in phrase["predictions"]
            if (p["network"], p["held"], p["subject"]) == ("gru", is_held, "boy")
        )
        for is_held in (False, True)
    )
    alone = re.findall(r"^([\d.]+)  (\w+)$", printed, re.M)
    beside = re.findall(r"^([\d.]+)  ([\d.]+)  (\w+)$", printed, re.M)
    assert alone[0][1] == beside[0][2] == "his"
    shown = [(free, word, p) for p, word in alone]
    shown += [(free, word, p) for p, _, word in beside] + [(held, word, p) for _, p, word in beside]
    for probabilities, word, probability in shown:
        if word in probabilities:
            assert float(probability) == pytest.approx(probabilities[word], abs=2e-6)


def test_the_manual_shows_the_demo_whose_numbers_stand_beside_it():
    page = (ROOT / "docs" / "demo.md").read_text()
    table = page.split("<!-- demo:begin -->")[1].split("<!-- demo:end -->")[0]
    for row in overview(DEMO).rows:
        assert "| " + " | ".join(row) + " |" in table
    assert (ROOT / "docs" / "gates.png").read_bytes().startswith(b"\x89PNG")


def test_the_demo_of_the_manual_shows_what_a_demo_must_show():
    assert sum(network["train_seconds"] for network in DEMO["networks"]) <= 120
    for name in ("gru", "lstm"):
        assert NETWORKS[name]["kl_bits"] <= 0.02
        far = [c for c in NETWORKS[name]["agreement"] if c["distance_min"] == 10]
        assert len(far) >= 8
        assert all(cell["accuracy"] >= 0.98 for cell in far)
    for cell in NETWORKS["feedforward"]["agreement"]:
        if cell["distance_min"] >= 1 and not cell["cue_repeated"]:
            assert 0.45 <= cell["accuracy"] <= 0.55
    srn, gru = (accuracy_at(NETWORKS[name]["agreement"], 10) for name in ("srn", "gru"))
    assert srn < gru


@pytest.mark.parametrize("number", [0, 1])
def test_the_grammars_of_the_documentation_are_grammars(number: int):
    page = (ROOT / "docs" / "grammar.md").read_text()
    blocks = [
        re.sub(r"^    ", "", block, flags=re.M)
        for block in re.findall(r"(?:^    .*\n|^\n)+", page, re.M)
        if "Sentence\n" in block
    ]
    assert len(Grammar(blocks[number]).words) in (5, 9)
