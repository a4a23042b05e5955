"""Sliders and presets hold gates, and every view follows; what cannot be held says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.explorer.browser.conftest import Open, Opened

START = "text=the+boy+fell+down+and+hurt&word=6&network=gru&unit=3&units=1,2,8"
FOLLOW = ("next-words", "unit", "layer", "hold", "distance", "back")


def hold(page: Opened) -> str:
    """The holds of the address, or nothing."""
    parts = dict(part.split("=", 1) for part in page.state().split("&"))
    return parts.get("hold", "")


def slide(page: Opened, gate: str, value: float) -> None:
    """Move a slider as a hand does."""
    page.page.locator(f"#hold-{gate}").fill(str(value))
    page.settle()


@pytest.mark.parametrize(
    ("preset", "values"),
    [
        ("as is", "kept=1"),
        ("reset", "reset=0,kept=0"),
        ("in between", "reset=0.5,kept=0.5"),
        ("only up", "reset=1"),
        ("only down", "kept=0"),
    ],
)
def test_presets_hold_what_their_names_say(open_page: Open, four: Path, preset: str, values: str):
    page = open_page(four, START)
    button = page.page.locator(f"#hold button[data-preset='{preset}']")
    button.click()
    assert hold(page) == f"0:3:{values}"
    assert button.get_attribute("aria-pressed") == "true"
    page.page.locator("#hold button[data-preset=released]").click()
    assert hold(page) == ""


@pytest.mark.parametrize(("who", "units"), [("unit", "3"), ("brushed", "1-2,8"), ("all", "all")])
def test_sliders_hold_the_units_that_are_chosen_from_a_word_on(
    open_page: Open, four: Path, who: str, units: str
):
    page = open_page(four, START)
    page.page.locator(f"#hold input[value={who}]").check()
    slide(page, "kept", 0.25)
    assert hold(page) == f"0:{units}:kept=0.25"
    slide(page, "reset", 1)
    assert hold(page) == f"0:{units}:reset=1,kept=0.25"
    page.page.locator("#hold select").select_option("4")
    slide(page, "reset", 0)
    assert hold(page) == f"0:{units}:reset=1,kept=0.25;0:{units}:reset=0@4"
    page.page.get_by_role("button", name="Release all").click()
    assert hold(page) == ""


@pytest.mark.parametrize("network", ["gru", "lstm"])
def test_every_view_follows_a_slider_and_comes_back(open_page: Open, four: Path, network: str):
    page = open_page(four, START.replace("network=gru", f"network={network}"))
    page.page.locator("#hold input[value=all]").check()
    page.settle()
    free = page.look()
    slide(page, "kept", 0.9)
    held = page.look()
    assert [name for name in FOLLOW if held[name] == free[name]] == []
    assert 'class="next-ghost"' in held["next-words"]
    slide(page, "kept", 0.3)
    assert [name for name in FOLLOW if page.look()[name] == held[name]] == []
    page.page.locator("#hold button[data-preset=released]").click()
    page.settle()
    shown = page.next()
    page.go(text="the boy fell down and hurt", word=6, network=network)
    assert page.next() == shown


def test_a_free_slider_shows_the_mean_of_the_gate_and_a_held_one_its_value(
    open_page: Open, four: Path
):
    page = open_page(four, START)
    gate = "[data-gate=kept][data-unit='3'][data-word='6']"
    value = float(str(page.page.locator(f"#layer {gate}").get_attribute("data-value")))
    said = page.page.locator("#hold output[for=hold-kept]")
    assert said.text_content() == f"free, {value:.2f}"
    slide(page, "kept", 0.4)
    assert said.text_content() == "held at 0.40"
    assert page.page.locator(f"#layer {gate}").get_attribute("data-value") == "0.4"
    page.page.get_by_role("button", name="Let go").click()
    page.settle()
    assert said.text_content() == f"free, {value:.2f}"


def test_the_sliders_take_up_the_hold_of_an_address(open_page: Open, four: Path):
    page = open_page(four, f"{START}&hold=0:all:kept=0.7@2")
    assert page.page.locator("#hold input[value=all]").is_checked()
    assert page.page.locator("#hold select").input_value() == "2"
    assert page.page.locator("#hold output[for=hold-kept]").text_content() == "held at 0.70"
    slide(page, "kept", 0.2)
    assert hold(page) == "0:all:kept=0.2@2"


@pytest.mark.parametrize(
    ("network", "sliders", "says"),
    [
        ("gru", ["kept", "reset"], ""),
        ("lstm", ["kept"], "forget gate"),
        ("srn", [], "no gates"),
        ("feedforward", [], "no gates"),
    ],
)
def test_a_network_is_held_by_the_gates_that_it_has(
    open_page: Open, four: Path, network: str, sliders: list[str], says: str
):
    page = open_page(four, f"network={network}")
    page.page.locator("#hold").scroll_into_view_if_needed()  # what is out of sight is not drawn
    page.settle()
    shown = [gate for gate in ("kept", "reset") if page.page.locator(f"#hold-{gate}").is_visible()]
    assert shown == sliders
    assert says in str(page.page.locator("#hold .hold-limit").text_content())
