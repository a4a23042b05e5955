"""The guided tour runs through, and what it states is what Python computes; so do the moments."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from glassgate import clamp, load
from tests.explorer.browser.conftest import Open, Opened

SENTENCE, TWIN = "the boy fell down and hurt", "the girl fell down and hurt"
PAGES = 8
CLOSE = 1e-4  # relative, of a probability in float32
ROOT = Path(__file__).parents[3]
TEACHERS = (ROOT / "docs/teachers.md").read_text(encoding="utf-8")
STANDARD = ("measure=kept", "sort=span", "convention=keeps")
MOMENTS = re.findall(r"^`#(\S+)`$", TEACHERS, re.M)


def facts(page: Opened) -> dict[str, float]:
    """The numbers of the shown page of the tour, by name."""
    script = """() => Object.fromEntries([...document.querySelectorAll(".tour-panel [data-fact]")]
      .map(({ dataset }) => [dataset.fact, Number(dataset.value)]))"""
    found: dict[str, float] = page.page.evaluate(script)
    return found


def chance(folder: Path, word: str, text: str) -> float:
    return float(dict(load(folder).predict(text).ranked)[word])


def start(page: Opened) -> None:
    page.page.get_by_role("button", name="Start the tour").click()
    page.settle()


def test_it_runs_through_by_keyboard_and_sets_address_and_focus(four: Path, open_page: Open):
    page = open_page(four)
    start(page)
    titles = []
    for number in range(1, PAGES + 1):
        assert f"tour={number}" in page.state()
        titles.append(page.page.locator("#tour-title").inner_text())
        assert page.page.evaluate("document.activeElement.id") == "tour-title"
        assert page.page.locator(".toured").is_visible()
        assert f"page {number} of {PAGES}" in page.page.locator(".tour-place").inner_text()
        page.page.keyboard.press("ArrowRight")
        page.settle()
    assert len(set(titles)) == PAGES
    page.page.keyboard.press("ArrowLeft")
    page.settle()
    assert page.page.locator("#tour-title").inner_text() == titles[-2]
    page.page.keyboard.press("Escape")
    assert "tour=" not in page.state()
    assert page.page.locator(".tour-panel").is_hidden()
    assert page.page.evaluate("document.activeElement.textContent") == "Start the tour"


def test_it_runs_through_by_buttons(four: Path, open_page: Open):
    page = open_page(four)
    start(page)
    panel = page.page.locator(".tour-panel")
    assert panel.get_by_role("button", name="Back").is_disabled()
    for _ in range(PAGES - 1):
        for choice in panel.locator(".tour-task button").all():
            choice.click()
            page.settle()
        panel.get_by_role("button", name="Next").click()
        page.settle()
    panel.get_by_role("button", name="Finish").click()
    page.settle()
    assert panel.is_hidden()


def test_what_it_says_of_the_networks_is_true(four: Path, networks: Path, open_page: Open):
    page = open_page(four)
    page.go(tour=2)
    said = facts(page)
    for name, folder, text in (
        ("feedforward-his", "feedforward", SENTENCE),
        ("feedforward-twin", "feedforward", TWIN),
        ("srn-his", "srn", SENTENCE),
        ("srn-twin", "srn", TWIN),
    ):
        assert said[name] == pytest.approx(chance(networks / folder, "his", text), rel=CLOSE)
    assert "network=srn" in page.state()


def test_what_it_says_of_the_unit_that_tells_boys_from_girls_is_true(
    four: Path, networks: Path, open_page: Open
):
    page = open_page(four)
    page.go(tour=5)
    said = facts(page)
    found = re.search(r"unit=(\d+)", page.state())
    assert found
    unit = int(found[1])
    model = load(networks / "gru")
    left = []
    for held in range(16):
        with clamp(model.network, units=[held], kept=0, reset=0):
            ranked = dict(model.predict(SENTENCE).ranked)
        left.append(ranked["his"] / (ranked["his"] + ranked["her"]))
        if held == unit:
            assert said["gru-his-held"] == pytest.approx(ranked["his"], rel=CLOSE)
            assert said["gru-her-held"] == pytest.approx(ranked["her"], rel=CLOSE)
    assert left[unit] == pytest.approx(min(left), rel=CLOSE)
    for name, text in (("boy", SENTENCE), ("girl", TWIN)):
        state = model.trace(text).layers[0].hidden[-1, 0, unit]
        assert said[name] == pytest.approx(float(state), abs=CLOSE)


def test_its_buttons_do_what_they_say(four: Path, open_page: Open):
    page = open_page(four)
    page.go(tour=5)
    before = page.next()["gru"]
    page.page.get_by_role("button", name="forget", exact=True).click()
    page.settle()
    held = page.next()["gru"]
    assert held != before
    assert held.get("his", 0) == pytest.approx(facts(page)["gru-his-held"], rel=1e-12)
    page.page.get_by_role("button", name="release", exact=True).click()
    page.settle()
    assert page.next()["gru"] == before


def test_a_page_of_the_tour_with_another_sentence_keeps_that_sentence(four: Path, open_page: Open):
    page = open_page(four, address="tour=3&text=the+dogs+hurt&word=2")
    assert page.state().startswith("text=the+dogs+hurt&word=2")
    assert page.page.locator("#tour-title").inner_text() == "The two gates"


def test_there_are_moments_for_teachers():
    assert len(MOMENTS) >= 8


def test_the_moments_for_teachers_can_be_opened(four: Path, open_page: Open):
    page = open_page(four)
    for moment in MOMENTS:
        small = re.sub(r"\b43\b", "13", moment)  # these networks have 16 units
        page.open(small)
        assert page.page.locator("#notice").is_hidden(), small
        written = page.state()
        for part in small.split("&"):
            assert part in STANDARD or f"{part.partition('=')[0]}=" in written, (part, written)
