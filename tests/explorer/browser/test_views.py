"""Every view changes when something of its own changes, and no other does."""

from __future__ import annotations

from pathlib import Path

import pytest

from glassgate import load
from tests.explorer.browser.conftest import Open

SENTENCE = "the boy who the girl saw fell down and hurt"
START = {"text": SENTENCE, "word": 10, "network": "gru", "unit": 3}
FOLLOW = {  # a change, and the views that must follow it
    "word": ({"word": 4}, {"reader", "next-words", "unit", "layer", "hold", "back"}),
    "text": (
        {"text": "the girl who the boy saw fell down and hurt"},
        {"reader", "next-words", "unit", "layer", "hold", "back"},
    ),
    "network": ({"network": "lstm"}, {"reader", "unit", "layer", "hold"}),
    "unit": ({"unit": 9}, {"unit", "layer", "hold"}),
    "hold": (
        {"hold": "0:all:kept=0,reset=0"},
        {"next-words", "unit", "layer", "hold", "back", "distance"},
    ),
    "measure": ({"measure": "reset"}, {"layer"}),
    "sort": ({"sort": "index"}, {"layer"}),
    "convention": ({"convention": "writes"}, {"unit"}),
    "distance": ({"distance": 6}, {"distance"}),
    "tour": ({"tour": 1}, {"tour"}),
}  # fmt: skip
STAY = {  # and some that must not
    "unit": {"sentence", "next-words", "distance", "learn", "bring"},
    "measure": {"sentence", "next-words", "distance", "learn", "bring", "unit"},
    "convention": {"sentence", "next-words", "layer", "distance", "learn", "bring"},
    "word": {"learn", "bring"},
    "hold": {"sentence", "learn", "bring"},
}
NAMELESS = """() => {
  const seen = (one) => one.checkVisibility();
  const label = (one) => one.ariaLabel || one.getAttribute("aria-labelledby");
  const named = (one) => label(one) || one.labels?.length || one.textContent.trim() || one.title;
  const drawn = (svg) => svg.getAttribute("role")
    && (label(svg) || svg.querySelector("title")?.textContent);
  const controls = document.querySelectorAll("button, input, select, textarea, a, [role=slider]");
  const pictures = document.querySelectorAll("svg:not([aria-hidden=true], [aria-hidden=true] *)");
  return [
    ...[...controls].filter((one) => seen(one) && !named(one)),
    ...[...pictures].filter((one) => seen(one) && !drawn(one)),
  ].map((one) => one.outerHTML.slice(0, 200));
}"""
"""What a person who does not see the page would not hear the name of."""


@pytest.mark.parametrize("change", FOLLOW)
def test_views_follow_what_concerns_them(open_page: Open, four: Path, change: str):
    page = open_page(four)
    page.go(**START)
    page.page.wait_for_timeout(600)  # until what is measured bit by bit stands
    before = page.look()
    parts, follow = FOLLOW[change]
    page.go(**{**START, **parts})
    page.page.wait_for_timeout(600)
    after = page.look()
    changed = {view for view in before if before[view] != after[view]}
    assert follow <= changed
    assert not STAY.get(change, set()) & changed


def test_the_gates_that_are_shown_are_those_of_the_trace(
    open_page: Open, four: Path, networks: Path
):
    page = open_page(four)
    page.go(**START)
    script = """() => [...document.querySelectorAll("[data-gate][data-value]")]
      .filter((shown) => !shown.closest("[hidden]"))
      .map(({ dataset }) => [dataset.gate, dataset.unit, dataset.word, dataset.value].join(" "))"""
    shown = {tuple(text.split()) for text in page.page.evaluate(script)}
    traced = load(networks / "gru").trace(SENTENCE).layers[0]
    assert shown
    assert {gate for gate, *_ in shown} >= {"reset", "kept"}
    for gate, unit, word, value in shown:
        expected = getattr(traced, gate)[int(word), 0, int(unit)]
        assert float(value) == pytest.approx(float(expected), rel=2e-5, abs=1e-6)


def test_the_address_says_the_whole_moment(open_page: Open, four: Path):
    page = open_page(
        four, "text=the+boy+fell+down+and+hurt&word=6&network=gru&unit=13&hold=0:3,7:kept=0"
    )
    before, address = page.look(), page.state()
    assert address == "text=the+boy+fell+down+and+hurt&word=6&network=gru&unit=13&hold=0:3,7:kept=0"
    again = open_page(four, address)
    page.page.wait_for_timeout(600)
    again.page.wait_for_timeout(600)
    before, after = page.look(), again.look()
    for view in ("sentence", "reader", "next-words", "unit", "layer", "hold"):
        assert after[view] == before[view], view


def test_an_address_that_cannot_be_read_gets_one_sentence(open_page: Open, four: Path):
    page = open_page(four)
    notice = page.page.locator("#notice")
    assert notice.is_hidden()
    for address, expected in (
        ({"text": "the", "word": "x"}, 'word must be a whole number, got "x".'),
        ({"text": "the", "network": "cnn"}, "network must be one of feedforward, srn, gru, lstm"),
        ({"text": "the", "hold": "0:3"}, "a hold must read LAYER:UNITS:NAME=VALUE"),
        ({"text": "the", "hold": "1:3:kept=0"}, "the layer must lie in 0..0, got 1."),
        ({"text": "the", "network": "srn", "hold": "0:3:kept=0"}, "has no kept to hold"),
        ({"text": "the", "hold": "0:3:kept=2"}, "kept must lie in 0..1, got 2."),
        ({"text": "the", "sort": "size"}, 'sort must be one of span, index, word, got "size".'),
    ):
        page.go(**address)
        assert notice.is_visible()
        assert expected in notice.inner_text()
        assert notice.inner_text().startswith("The address of this page cannot be read: ")
    page.go(text="the boy", word=1)
    assert notice.is_hidden()
    assert page.page.locator("#text").input_value() == "the boy"


def test_numbers_out_of_range_are_brought_into_it(open_page: Open, four: Path):
    page = open_page(four, "text=the+boy&word=99&unit=99&layer=7&network=gru")
    assert page.state() == "text=the+boy&word=2&network=gru&unit=15"


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [1280, 420])
def test_no_width_has_a_bar_for_the_whole_page(open_page: Open, four: Path, width: int, dark: bool):
    scheme = "dark" if dark else "light"
    size = {"width": width, "height": 900}
    page = open_page(four, viewport=size, color_scheme=scheme, reduced_motion="reduce")
    page.go(**START)
    assert page.page.evaluate("document.documentElement.scrollWidth") <= width
    colour = page.page.evaluate("getComputedStyle(document.body).backgroundColor")
    lightness = sum(map(int, colour.removeprefix("rgb(").removesuffix(")").split(", ")))
    assert (lightness < 3 * 60) == dark


def test_every_control_has_a_name_and_every_picture_too(open_page: Open, four: Path):
    page = open_page(four)
    page.go(**START)
    assert page.page.evaluate(NAMELESS) == []
