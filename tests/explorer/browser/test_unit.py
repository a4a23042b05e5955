"""The drawing of a unit: its numbers are those of Python's trace, its stages follow in order."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from glassgate import clamp, load
from tests.explorer.browser.conftest import Open, Opened
from tests.explorer.conftest import NAMES

TEXT = "the boy fell down and hurt"
WORDS = len(TEXT.split())
SHOWN = """() => [...document.querySelectorAll("#unit [data-gate]")]
  .filter((element) => element.checkVisibility())
  .map(({ dataset }) => [dataset.gate, Number(dataset.unit), Number(dataset.word),
    Number(dataset.value)])"""
OVER = """() => [...document.querySelectorAll("#unit *")].filter((element) =>
  element.getBoundingClientRect().right > document.documentElement.clientWidth).length"""
GATES = {
    "gru": {"update", "reset", "kept", "candidate", "hidden"},
    "lstm": {"kept", "input", "output", "candidate", "cell", "hidden"},
    "srn": {"hidden"},
}
CLOSE = 1e-5  # relative, of float32 against float64


def gates(page: Opened) -> set[tuple[str, int, int, float]]:
    """Name, unit, word and value of each gate that the view of the unit shows."""
    return {(gate, unit, word, value) for gate, unit, word, value in page.page.evaluate(SHOWN)}


def assert_traced(
    page: Opened, model_folder: Path, unit: int, word: int, hold: float | None = None
):
    """Assert that what is shown of a word is what Python computes."""
    model = load(model_folder)
    if hold is None:
        (traced,) = model.trace(TEXT).layers
    else:
        with clamp(model.network, units=[unit], kept=hold):
            (traced,) = model.trace(TEXT).layers
    shown = gates(page)
    assert {gate for gate, own, _, _ in shown if own == unit} == GATES[model_folder.name]
    for gate, own, at, value in shown:
        assert at == word
        expected = float(getattr(traced, gate)[word, 0, own])
        assert math.isclose(value, expected, rel_tol=CLOSE, abs_tol=CLOSE), (gate, own, word)


@pytest.mark.parametrize("network", sorted(GATES))
def test_its_numbers_are_those_of_the_trace(
    network: str, four: Path, networks: Path, open_page: Open
):
    page = open_page(four)
    for word in range(WORDS + 1):
        unit = (5 * word + 3) % 16
        page.go(text=TEXT, word=word, network=network, unit=unit)
        assert_traced(page, networks / network, unit, word)


def test_a_held_gate_is_marked_and_has_its_value(four: Path, networks: Path, open_page: Open):
    page = open_page(four)
    page.go(text=TEXT, word=4, network="gru", unit=7, hold="0:7:kept=0.25")
    assert_traced(page, networks / "gru", unit=7, word=4, hold=0.25)
    figure = page.page.locator("#unit .unit-diagram")
    assert figure.locator(".curve.held").count() == 1
    assert figure.get_by_text("held at 0.25").count() == 1
    held = figure.locator(".equation.held")
    assert held.get_attribute("data-equation") == "update"
    assert held.locator(".numbers").inner_text() == "z = 0.25 (held)"


def test_the_other_convention_shows_another_z_and_the_same_state(four: Path, open_page: Open):
    page = open_page(four)
    page.go(text=TEXT, word=5, network="gru", unit=2)
    keeps = {gate: value for gate, unit, _, value in gates(page) if unit == 2}
    page.page.get_by_role("button", name="z writes").click()
    page.settle()
    writes = {gate: value for gate, unit, _, value in gates(page) if unit == 2}
    assert writes.pop("update") == pytest.approx(1 - keeps.pop("update"), rel=1e-12)
    assert writes == keeps
    assert "convention=writes" in page.state()


def test_the_equations_have_the_numbers_of_the_drawing(four: Path, open_page: Open):
    page = open_page(four)
    page.go(text=TEXT, word=6, network="gru", unit=11)
    numbers = page.page.locator("#unit [data-equation=update] .numbers").inner_text()
    terms = page.page.locator("#unit [data-equation=update] .ink").all_inner_texts()
    drawn = page.page.locator("#unit .board .number").all_text_contents()
    assert numbers.startswith("z = sigmoid(")
    assert terms[-1] in drawn
    assert terms[-3].lstrip("−") in {number.lstrip("−") for number in drawn}


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_it_computes_one_operation_after_another(motion: str, four: Path, open_page: Open):
    page = open_page(four, reduced_motion=motion)
    page.go(text=TEXT, word=6, network="gru", unit=1)
    step = page.page.get_by_role("button", name="Next operation").first
    dots = page.page.locator("#unit .board .pulse")
    step.click()
    seen = [page.page.locator("#unit .board .later").count()]
    assert (dots.count() > 0) == (motion == "no-preference")
    while page.page.locator("#unit .board .now").count():
        step.click()
        seen.append(page.page.locator("#unit .board .later").count())
    assert seen[:-1] == sorted(seen[:-1], reverse=True)
    assert seen[0] > 0
    assert seen[-1] == 0
    assert len(seen) == 8  # seven stages, and the whole unit


def test_a_unit_and_a_network_are_chosen_in_it(four: Path, open_page: Open):
    page = open_page(four)
    page.go(text=TEXT, word=3, network="gru", unit=0)
    number = page.page.get_by_label("Unit", exact=True).first
    number.fill("9")
    number.press("Tab")
    page.settle()
    assert {9} <= {unit for _, unit, _, _ in gates(page)}
    page.page.locator("#unit .vectors .unit-name[aria-pressed=false]").first.click()
    assert "unit=9" not in page.state()
    page.page.get_by_role("button", name="Simple recurrent (SRN)").click()
    assert "network=srn" in page.state()
    assert {gate for gate, _, _, _ in gates(page)} == {"hidden"}


@pytest.mark.parametrize("width", [420, 1280])
def test_it_is_no_wider_than_the_page(width: int, four: Path, open_page: Open):
    page = open_page(four, viewport={"width": width, "height": 900})
    for network in NAMES:
        page.go(text=TEXT, word=6, network=network, unit=3)
        assert page.page.evaluate(OVER) == 0, network
