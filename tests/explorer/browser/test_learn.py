"""Networks that learn in the page: what a person starts, stops, changes and sees."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page

from tests.explorer.browser.conftest import Open, Opened

LONG = 300_000  # milliseconds: other programs may run beside the browser


def panel(opened: Opened) -> Locator:
    """The view in which networks learn, scrolled to, which makes them."""
    section = opened.page.locator("#learn")
    section.scroll_into_view_if_needed()
    section.locator(".learn-run").scroll_into_view_if_needed()
    opened.settle()
    return section


def updates(section: Locator) -> int:
    return int(section.locator("[data-updates]").get_attribute("data-updates") or "")


def standing(section: Locator) -> dict[str, dict[str, float]]:
    """Loss and share right of each network."""
    script = """spans => spans.map(({ dataset: { network, right, loss } }) =>
      [network, { right: Number(right), loss: Number(loss) }])"""
    networks: list[list[Any]] = section.locator(".learn-status [data-network]").evaluate_all(script)
    return dict(networks)


def press(section: Locator, name: str) -> None:
    section.get_by_role("button", name=name, exact=True).click()


def wait_for_updates(page: Page, count: int) -> None:
    script = """count => Number(document.querySelector("#learn [data-updates]")
      .dataset.updates) >= count"""
    page.wait_for_function(script, arg=count, timeout=LONG)


def test_a_gru_learns_the_first_symbol_and_an_srn_does_worse(open_page: Open, four: Path) -> None:
    section = panel(open_page(four, "learn=first:10:1;gru:16;srn:16"))
    assert updates(section) == 0
    assert all(network["right"] < 0.2 for network in standing(section).values())
    press(section, "Run")
    wait_for_updates(section.page, 500)
    press(section, "Pause")
    networks = standing(section)
    assert list(networks) == ["GRU", "SRN"]
    assert networks["GRU"]["right"] > 0.97
    assert networks["SRN"]["right"] < 0.95
    assert networks["SRN"]["loss"] > 3 * networks["GRU"]["loss"]
    curves = section.locator(".learn-curves path.line").evaluate_all(
        "lines => lines.map((line) => line.getAttribute('d').split('L').length)"
    )
    assert [points > 20 for points in curves] == [False, True, True] * 2  # the first is a level


def test_steps_are_repeated_from_the_same_seed(open_page: Open, four: Path) -> None:
    opened = open_page(four, "learn=verdict-first:8:3;gru-one-gate:4")
    section = panel(opened)
    seen = []
    for _ in range(2):
        for _ in range(20):
            press(section, "Step")
        assert updates(section) == 20
        seen.append(standing(section))
        press(section, "Reset")
        assert updates(section) == 0
    assert seen[0] == seen[1]
    assert seen[0] != standing(section)


def test_it_rests_while_nobody_sees_it(open_page: Open, four: Path) -> None:
    opened = open_page(four, "learn=first:5:1;srn:2")
    section = panel(opened)
    press(section, "Run")
    wait_for_updates(opened.page, 40)
    opened.page.evaluate("scrollTo(0, 0)")
    opened.page.wait_for_timeout(500)
    before = updates(section)
    opened.page.wait_for_timeout(1000)
    assert updates(section) == before
    panel(opened)
    wait_for_updates(opened.page, before + 20)


def test_what_is_chosen_stands_in_the_address(open_page: Open, four: Path) -> None:
    opened = open_page(four)
    section = panel(opened)
    assert "learn=" not in opened.state()
    section.get_by_label("Task").select_option(label="Add two marked numbers")
    section.get_by_label("Against").select_option(label="no other network")
    opened.settle()
    assert "learn=adding:10:1;gru:16" in opened.state()
    assert list(standing(section)) == ["GRU"]
    opened.go(learn="verdict-last:12:5;lstm:8;gru-held:4:kept=0.5")
    assert list(standing(section)) == ["LSTM", "GRU, kept 0.5"]
    assert section.get_by_label("Seed").input_value() == "5"


def test_an_address_that_cannot_be_read_is_refused_in_a_sentence(
    open_page: Open, four: Path
) -> None:
    opened = open_page(four, "learn=first:10:1;gru:400")
    notice = opened.page.locator("#notice").inner_text()
    assert 'units must be a whole number from 2 to 32, got "400"' in notice


def test_a_cell_chooses_the_unit_that_is_drawn(open_page: Open, four: Path) -> None:
    opened = open_page(four, "learn=first:6:1;gru:5")
    section = panel(opened)
    cell = section.locator('rect[data-gate="kept"][data-unit="3"][data-word="4"]')
    cell.click()
    opened.settle()
    kept = float(cell.get_attribute("data-value") or "")
    assert 0 < kept < 1
    assert f"unit 3 keeps {100 * kept:.0f}% of its state" in section.inner_text()
    for _ in range(3):
        press(section, "Step")
    assert float(cell.get_attribute("data-value") or "") != kept
    section.locator("label", has_text="Show").locator("select").select_option("reset")
    opened.settle()
    assert section.locator('[data-gate="reset"]').count() >= 6 * 5


def test_it_fits_a_narrow_window(open_page: Open, four: Path) -> None:
    opened = open_page(
        four,
        "learn=verdict-first:40:1;gru-held:32;lstm:32",
        viewport={"width": 420, "height": 900},
    )
    panel(opened)
    assert opened.page.evaluate("document.documentElement.scrollWidth") == 420
