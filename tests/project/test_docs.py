"""The README's examples run, and what it shows is what a demo printed."""

import doctest
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from glassgate.experiments.demo.page import overview
from glassgate.experiments.demo.summary import accuracy_at
from glassgate.grammar.grammar import Grammar

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
DEMO = json.loads((ROOT / "docs" / "demo.json").read_text())
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md")] + sorted(ROOT.glob("docs/*.md"))


@pytest.mark.parametrize(
    "page", ["README.md", "docs/engine.md", "docs/exchange.md", "docs/inside.md"]
)
def test_the_python_examples_hold(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    failures, run = doctest.testfile(str(ROOT / page), module_relative=False)
    assert run > 5
    assert failures == 0


def test_the_table_of_speeds_is_that_of_the_numbers_beside_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    from update_speed import SHOWN, table

    kept = json.loads((ROOT / "docs" / "speed.json").read_text())
    assert table(kept) in (ROOT / "docs" / "engine.md").read_text()
    assert table(kept, SHOWN) in README


def test_the_commands_of_the_readme_run_one_after_the_other(tmp_path: Path):
    blocks = re.findall(r"```console\n(.*?)```", README, re.S)
    commands = re.findall(r"^\$ (.+)$", "\n".join(blocks), re.M)
    assert len(commands) >= 5
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for command in commands:
        done = subprocess.run(
            command,
            shell=True,
            cwd=tmp_path,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{command}\n{done.stderr}"
    names = ("surprisal.tsv", "gates.png", "model/model.safetensors")
    assert all((tmp_path / name).stat().st_size for name in names)


def test_links_between_the_pages_lead_somewhere():
    for page in PAGES:
        prose = re.sub(r"```.*?```|`[^`]*`|^    .*?$", "", page.read_text(), flags=re.S | re.M)
        for target in re.findall(r"\]\(([^)#:]+)\)", prose):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_readme_shows_the_demo_whose_numbers_stand_beside_it():
    table = README.split("<!-- demo:begin -->")[1].split("<!-- demo:end -->")[0]
    for row in overview(DEMO).rows:
        assert "| " + " | ".join(row) + " |" in table
    assert (ROOT / "docs" / "gates.png").read_bytes().startswith(b"\x89PNG")


def test_the_demo_of_the_readme_shows_what_a_demo_must_show():
    networks = {network["name"]: network for network in DEMO["networks"]}
    assert sum(network["train_seconds"] for network in DEMO["networks"]) <= 120
    for name in ("gru", "lstm"):
        assert networks[name]["kl_bits"] <= 0.02
        far = [c for c in networks[name]["agreement"] if c["distance_min"] == 10]
        assert len(far) >= 8
        assert all(cell["accuracy"] >= 0.98 for cell in far)
    for cell in networks["feedforward"]["agreement"]:
        if cell["distance_min"] >= 1 and not cell["cue_repeated"]:
            assert 0.45 <= cell["accuracy"] <= 0.55
    srn, gru = (accuracy_at(networks[name]["agreement"], 10) for name in ("srn", "gru"))
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
