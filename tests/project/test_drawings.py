"""The drawings of the manual are those that their script draws, with every wire in its colour."""

import re
from pathlib import Path

import pytest

from glassgate.pages.colours import WIRES

ROOT = Path(__file__).parents[2]
DRAWINGS = {
    "network-feedforward.svg": {"hidden", "input"},
    "network-srn.svg": {"hidden", "input"},
    "network-gru.svg": {"hidden", "input", "reset", "candidate", "update"},
    "unit.svg": set(WIRES),
}


@pytest.fixture
def drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import draw_networks

    draw_networks.main(tmp_path)
    return tmp_path


def test_the_manual_has_what_the_script_draws(drawn: Path):
    assert {path.name for path in drawn.iterdir()} == set(DRAWINGS)
    for name in DRAWINGS:
        assert (ROOT / "docs" / name).read_bytes() == (drawn / name).read_bytes()


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_has_its_wires_and_no_others(name: str):
    text = (ROOT / "docs" / name).read_text()
    assert {wire for wire, colour in WIRES.items() if colour in text} == DRAWINGS[name]
    assert not re.search(r"<text|<image|<script|href=\"http", text)  # outlines alone: no fonts


def test_every_drawing_stands_on_a_page():
    for page in ("README.md", "docs/tutorial.md"):
        text = (ROOT / page).read_text()
        for name in DRAWINGS:
            assert f"{name})" in text
